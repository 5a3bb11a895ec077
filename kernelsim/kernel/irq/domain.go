package irq

import (
	"errors"
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/affinity"
)

// A Domain is a space of hardware interrupt numbers, and a level in the
// hierarchy (struct irq_domain, include/linux/irqdomain.h). The outermost level
// is the one that the device knows.
type Domain struct {
	Name   string
	Parent *Domain
	Ops    DomainOps
	// Reserves: an interrupt need not have a vector before it is requested.
	Reserves bool
	// Size is revmap_size: how many numbers are looked up in a table; 0: in a
	// tree. Flags are those that not every domain has.
	Size  int
	Flags DomainFlag
}

// DomainOps is what a level does for its interrupts (struct irq_domain_ops).
// Alloc and Free of a level that has a parent call AllocParent and FreeParent.
type DomainOps interface {
	Alloc(c *cpu.CPU, d *Domain, virq Number, n int, arg any) error
	Free(c *cpu.CPU, d *Domain, virq Number, n int)
	Activate(c *cpu.CPU, d *Domain, data *Data, reserve bool) error
	Deactivate(c *cpu.CPU, d *Domain, data *Data)
}

// DataOf models irq_domain_get_irq_data: the level of an interrupt that
// belongs to a domain, nil if it has none.
func DataOf(c *cpu.CPU, d *Domain, virq Number) *Data {
	desc := ToDesc(c, virq)
	if desc == nil {
		return nil
	}
	for data := &desc.Data; data != nil; data = data.Parent {
		if data.Domain == d {
			return data
		}
	}
	return nil
}

// FindMapping models irq_find_mapping: the interrupt that a hardware number
// of a domain has become.
func FindMapping(c *cpu.CPU, d *Domain, hwirq uint64) (Number, bool) {
	for _, desc := range shared.Of(c).descs {
		if desc != nil && desc.Domain == d && desc.HWIRQ == hwirq && desc.chip.Chip != (NoChip{}) {
			return desc.IRQ, true
		}
	}
	return 0, false
}

// AllocIRQs models __irq_domain_alloc_irqs: n interrupts in a row, each with a
// level for the domain and for all below it. masks are as for AllocDescs.
func AllocIRQs(c *cpu.CPU, d *Domain, n, node int, arg any, masks []affinity.Desc) (Number, error) {
	virq, err := AllocDescs(c, -1, n, node, masks)
	if err != nil {
		return 0, err
	}
	if err := allocLevels(c, d, virq, n, arg); err != nil {
		FreeDescs(c, virq, n)
		return 0, err
	}
	return virq, nil
}

// TakeOver models __irq_domain_alloc_irqs for an interrupt that has its
// descriptor already (realloc).
func TakeOver(c *cpu.CPU, d *Domain, virq Number, arg any) error {
	if ToDesc(c, virq) == nil {
		return fmt.Errorf("irq: no interrupt %d: %w", virq, errno.EINVAL)
	}
	return allocLevels(c, d, virq, 1, arg)
}

// allocLevels models irq_domain_alloc_irq_data, then asks the domain.
func allocLevels(c *cpu.CPU, d *Domain, virq Number, n int, arg any) error {
	for i := range Number(n) {
		desc := ToDesc(c, virq+i)
		data := &desc.Data
		data.Domain = d
		for p := d.Parent; p != nil; p = p.Parent {
			data.Parent = &Data{IRQ: virq + i, Common: &desc.CommonData, Domain: p}
			data.Parent.SetChip(NoChip{})
			data = data.Parent
		}
	}
	err := d.Ops.Alloc(c, d, virq, n, arg)
	if err != nil {
		resetLevels(c, virq, n)
	}
	return err
}

// resetLevels models irq_domain_free_irq_data.
func resetLevels(c *cpu.CPU, virq Number, n int) {
	for i := range Number(n) {
		data := &ToDesc(c, virq+i).Data
		*data = Data{IRQ: data.IRQ, Common: data.Common}
		data.SetChip(NoChip{})
	}
}

// AllocParent models irq_domain_alloc_irqs_parent.
func AllocParent(c *cpu.CPU, d *Domain, virq Number, n int, arg any) error {
	return d.Parent.Ops.Alloc(c, d.Parent, virq, n, arg)
}

// FreeParent models irq_domain_free_irqs_parent.
func FreeParent(c *cpu.CPU, d *Domain, virq Number, n int) {
	d.Parent.Ops.Free(c, d.Parent, virq, n)
}

// FreeIRQs models irq_domain_free_irqs: levels, then descriptors. None may
// have a handler.
func FreeIRQs(c *cpu.CPU, virq Number, n int) {
	d := ToDesc(c, virq).Domain
	d.Ops.Free(c, d, virq, n)
	FreeDescs(c, virq, n)
}

// SetInfo models irq_domain_set_info: a level's number, chip and what it keeps
// and, for the outermost level, the flow.
func SetInfo(c *cpu.CPU, d *Domain, virq Number, hwirq uint64, ch Chip, chipData any) {
	data := DataOf(c, d, virq)
	data.HWIRQ, data.ChipData = hwirq, chipData
	data.SetChip(ch)
}

// SetHandler models __irq_set_handler. level says that the line holds its
// state (IRQ_LEVEL).
func SetHandler(c *cpu.CPU, virq Number, h FlowHandler, name string, level bool) {
	d := ToDesc(c, virq)
	d.handle, d.Name, d.level = h, name, level
	if level {
		d.Set(Level)
	} else {
		d.Clear(Level)
	}
}

// code is the number that a function of the kernel would return.
func code(err error) int {
	var e *errno.Errno
	if errors.As(err, &e) {
		return -int(e.N)
	}
	return 0
}

// Activate models irq_domain_activate_irq: the hardware of all levels is set
// up, the lowest one first. reserve says that nothing that is scarce need be
// taken yet.
func Activate(c *cpu.CPU, d *Data, reserve bool) error {
	if d.Common.has(Activated) {
		return nil
	}
	err := ActivateLevels(c, d, reserve)
	if err == nil {
		d.Common.Set(Activated)
	}
	return err
}

// A Walker is a domain's operations that go to the levels below by themselves:
// a part that takes the place of the walks here.
type Walker interface {
	ActivateAll(c *cpu.CPU, data *Data, reserve bool) error
	DeactivateAll(c *cpu.CPU, data *Data)
}

// ActivateLevels models __irq_domain_activate_irq: from a level down, the
// lowest first; one that fails takes back what those below have done.
func ActivateLevels(c *cpu.CPU, d *Data, reserve bool) error {
	if d == nil || d.Domain == nil {
		return nil
	}
	if w, ok := d.Domain.Ops.(Walker); ok {
		return w.ActivateAll(c, d, reserve)
	}
	if err := ActivateLevels(c, d.Parent, reserve); err != nil {
		return err
	}
	err := d.Domain.Ops.Activate(c, d.Domain, d, reserve)
	if err != nil {
		DeactivateLevels(c, d.Parent)
	}
	return err
}

// Deactivate models irq_domain_deactivate_irq: the outermost level first.
func Deactivate(c *cpu.CPU, d *Data) {
	if d.Common.has(Activated) {
		DeactivateLevels(c, d)
		d.Common.Clear(Activated)
	}
}

// DeactivateLevels models __irq_domain_deactivate_irq: from a level down, that
// one first.
func DeactivateLevels(c *cpu.CPU, d *Data) {
	for ; d != nil && d.Domain != nil; d = d.Parent {
		if w, ok := d.Domain.Ops.(Walker); ok {
			w.DeactivateAll(c, d)
			return
		}
		d.Domain.Ops.Deactivate(c, d.Domain, d)
	}
}

// WriteMessage models irq_chip_write_msi_msg.
func WriteMessage(c *cpu.CPU, d *Data, m Message) { d.chip.writer.WriteMessage(c, d, m) }
