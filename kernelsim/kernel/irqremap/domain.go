package irqremap

import (
	"fmt"
	"math/bits"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/vector"
)

// Domain is iommu->ir_domain, the level between VECTOR and those of devices
// and pins; nil while remapping is off.
func (u *Unit) Domain() *irq.Domain {
	if u == nil || !u.ready {
		return nil
	}
	return &u.domain
}

// entryData is what this level knows of an interrupt (struct intel_ir_data).
type entryData struct {
	index  int
	sub    int   // sub_handle: which one of its block
	order  uint8 // irte_mask: the block has 2^order entries
	source uint16
	msg    irq.Message // msi_entry: what the device writes, for good
}

// at is the index of the interrupt's own entry.
func (d *entryData) at() int { return d.index + d.sub }

// domainOps models intel_ir_domain_ops (drivers/iommu/intel/irq_remapping.c).
type domainOps struct{ u *Unit }

// Alloc models intel_irq_remapping_alloc. Several messages of a function need
// no vectors in a row here: it is their entries that are.
func (o domainOps) Alloc(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int, arg any) error {
	info := arg.(*vector.AllocInfo)
	info.Contiguous = false
	if err := irq.AllocParent(c, dom, virq, n, arg); err != nil {
		return err
	}
	order := uint8(bits.Len(uint(n - 1)))
	index := o.u.alloc(c, order)
	if index == none {
		printk.Printk(c, printk.Warning, "DMAR-IR: Failed to allocate IRTE")
		irq.FreeParent(c, dom, virq, n)
		return fmt.Errorf("irqremap: no %d entries in a row: %w", n, errno.ENOMEM)
	}
	for i := range n {
		d := &entryData{index: index, sub: i, order: order, source: info.Source}
		d.compose(info)
		irq.SetInfo(c, dom, virq+irq.Number(i), uint64(index<<16+i), chip(o), d)
		irq.ToDesc(c, virq+irq.Number(i)).Set(irq.MovePCNTXT)
	}
	return nil
}

// compose models fill_msi_msg. A pin's subhandle is its number: it becomes the
// vector of the redirection entry, which nothing but an EOI is compared with.
func (d *entryData) compose(info *vector.AllocInfo) {
	sub := uint16(d.sub)
	if info.Pin {
		sub = uint16(info.HWIRQ)
	}
	d.msg.Address, d.msg.Data = iommureg.ComposeMSI(uint16(d.index), sub)
}

// Free models intel_irq_remapping_free: the first one of a block clears all.
func (o domainOps) Free(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int) {
	for i := range irq.Number(n) {
		d, ok := irq.DataOf(c, dom, virq+i).ChipData.(*entryData)
		if !ok {
			continue
		}
		if d.sub == 0 {
			o.u.clear(c, d.index, d.order)
		}
		irq.SetInfo(c, dom, virq+i, 0, irq.NoChip{}, nil)
	}
	irq.FreeParent(c, dom, virq, n)
}

// Activate models intel_irq_remapping_activate: the entry is written.
func (o domainOps) Activate(c *cpu.CPU, _ *irq.Domain, data *irq.Data, _ bool) error {
	o.u.reconfigure(c, data)
	return nil
}

// Deactivate models intel_irq_remapping_deactivate: the entry is not present
// any more, and a message that still comes is a fault.
func (o domainOps) Deactivate(c *cpu.CPU, _ *irq.Domain, data *irq.Data) {
	o.u.modify(c, data.ChipData.(*entryData).at(), iommureg.IRTE{})
}

// reconfigure models intel_ir_reconfigure_irte.
func (u *Unit) reconfigure(c *cpu.CPU, data *irq.Data) {
	d := data.ChipData.(*entryData)
	u.modify(c, d.at(), u.entryOf(c, data, d.source))
}

// chip models intel_ir_chip.
type chip struct{ u *Unit }

// Name is the chip's name.
func (chip) Name() string { return "INTEL-IR" }

// Mask does nothing: the levels around this one mask.
func (chip) Mask(*cpu.CPU, *irq.Data) {}

// Unmask does nothing.
func (chip) Unmask(*cpu.CPU, *irq.Data) {}

// Ack models apic_ack_irq. Nothing has to be completed here: a move is
// complete when it is made.
func (chip) Ack(c *cpu.CPU, data *irq.Data) {
	irq.MovePending(c, data)
	apic.EOI(c)
}

// SetAffinity models intel_ir_set_affinity: one entry changes, and whatever
// comes afterwards comes to the new place. So the old vector can go at once,
// and the device need not be told.
func (ch chip) SetAffinity(c *cpu.CPU, data *irq.Data, m cpumask.Mask, force bool) (done bool, err error) {
	if done, err = irq.SetAffinityParent(c, data, m, force); err != nil || done {
		return done, err
	}
	ch.u.reconfigure(c, data)
	vector.SendCleanup(c, data)
	return true, nil
}

// Compose models intel_ir_compose_msi_msg.
func (chip) Compose(_ *cpu.CPU, data *irq.Data) irq.Message {
	return data.ChipData.(*entryData).msg
}
