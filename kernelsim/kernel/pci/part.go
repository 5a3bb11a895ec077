package pci

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/irqabi"
)

// partOps are the operations of the domain PCI-MSI where a machine has a part
// for them. The part also walks to the levels below.
type partOps struct {
	msiOps
	part irqabi.Domain
}

var _ irq.Walker = partOps{}

// replaceDomain puts a part in.
func (s *state) replaceDomain(part irqabi.Domain) {
	if part != nil {
		s.msi.Ops = partOps{s.msi.Ops.(msiOps), part}
	}
}

// Alloc implements irq.DomainOps.
func (o partOps) Alloc(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int, arg any) error {
	a := arg.(*msiArg)
	m := irqabi.Message{BDF: uint16(a.desc.dev.BDF), Entry: a.desc.index}
	return o.part.Alloc(level{c, dom, o.chip, a}, int(virq), n, m)
}

// Free implements irq.DomainOps.
func (o partOps) Free(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int) {
	o.part.Free(level{c, dom, o.chip, nil}, int(virq), n)
}

// ActivateAll implements irq.Walker.
func (o partOps) ActivateAll(c *cpu.CPU, data *irq.Data, reserve bool) error {
	return o.part.Activate(level{c, data.Domain, o.chip, nil}, int(data.IRQ), reserve)
}

// DeactivateAll implements irq.Walker.
func (o partOps) DeactivateAll(c *cpu.CPU, data *irq.Data) {
	o.part.Deactivate(level{c, data.Domain, o.chip, nil}, int(data.IRQ))
}

// A level is the level PCI-MSI as a part sees it. There is an arg only while
// interrupts are set up.
type level struct {
	c    *cpu.CPU
	dom  *irq.Domain
	chip msiChip
	arg  *msiArg
}

var _ irqabi.Level = level{}

// data is the level's data of an interrupt, nil if it has none.
func (l level) data(virq int) *irq.Data { return irq.DataOf(l.c, l.dom, irq.Number(virq)) }

// Mapped models irq_find_mapping.
func (l level) Mapped(hwirq uint64) bool {
	_, ok := irq.FindMapping(l.c, l.dom, hwirq)
	return ok
}

// SetInfo models what msi_domain_ops_init does.
func (l level) SetInfo(virq int, hwirq uint64) error {
	if l.arg == nil || l.data(virq) == nil {
		return nil
	}
	n := irq.Number(virq)
	irq.SetInfo(l.c, l.dom, n, hwirq, l.chip, l.arg.desc)
	irq.SetHandler(l.c, n, irq.HandleEdge, "edge", false)
	irq.ToDesc(l.c, n).MSIDesc = l.arg.desc
	return nil
}

// ResetInfo models irq_domain_reset_irq_data.
func (l level) ResetInfo(virq int) {
	if l.data(virq) != nil {
		irq.SetInfo(l.c, l.dom, irq.Number(virq), 0, irq.NoChip{}, nil)
	}
}

// Compose models irq_chip_compose_msi_msg.
func (l level) Compose(virq int) (addr uint64, data uint32) {
	d := l.data(virq)
	if d == nil {
		return 0, 0
	}
	m := irq.Compose(l.c, d)
	return m.Address, m.Data
}

// Write models irq_chip_write_msi_msg.
func (l level) Write(virq int, addr uint64, data uint32) error {
	d := l.data(virq)
	if d == nil || d.ChipData == nil {
		return nil
	}
	irq.WriteMessage(l.c, d, irq.Message{Address: addr, Data: data})
	return nil
}

// AllocParent models irq_domain_alloc_irqs_parent.
func (l level) AllocParent(virq, n int) error {
	if l.arg == nil {
		return nil
	}
	return irq.AllocParent(l.c, l.dom, irq.Number(virq), n, &l.arg.AllocInfo)
}

// FreeParent models irq_domain_free_irqs_parent.
func (l level) FreeParent(virq, n int) { irq.FreeParent(l.c, l.dom, irq.Number(virq), n) }

// ActivateParent models __irq_domain_activate_irq of the level below.
func (l level) ActivateParent(virq int, reserve bool) error {
	if d := l.data(virq); d != nil {
		return irq.ActivateLevels(l.c, d.Parent, reserve)
	}
	return nil
}

// DeactivateParent models __irq_domain_deactivate_irq of the level below.
func (l level) DeactivateParent(virq int) {
	if d := l.data(virq); d != nil {
		irq.DeactivateLevels(l.c, d.Parent)
	}
}
