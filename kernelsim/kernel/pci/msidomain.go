package pci

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/vector"
)

// msiOps models the operations of the domain PCI-MSI (kernel/irq/msi.c,
// drivers/pci/msi/irqdomain.c): the device's level of an interrupt.
type msiOps struct{ chip msiChip }

// msiArg is what the domain is told: the message, and what the level below
// wants to know (msi_alloc_info_t).
type msiArg struct {
	vector.AllocInfo
	desc *msiDesc
}

// hwirq models pci_msi_domain_calc_hwirq: the entry and the function.
func (m *msiDesc) hwirq() uint64 { return uint64(m.index) | uint64(m.dev.BDF)<<11 }

// Alloc models msi_domain_alloc.
func (o msiOps) Alloc(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int, arg any) error {
	a := arg.(*msiArg)
	if other, taken := irq.FindMapping(c, dom, a.desc.hwirq()); taken {
		return fmt.Errorf("pci: entry %d of %v is interrupt %d already: %w", a.desc.index, a.desc.dev.BDF, other, errno.EEXIST)
	}
	if err := irq.AllocParent(c, dom, virq, n, &a.AllocInfo); err != nil {
		return err
	}
	for i := range irq.Number(n) {
		irq.SetInfo(c, dom, virq+i, a.desc.hwirq()+uint64(i), o.chip, a.desc)
		irq.SetHandler(c, virq+i, irq.HandleEdge, "edge", false)
		irq.ToDesc(c, virq+i).MSIDesc = a.desc
	}
	return nil
}

// Free models msi_domain_free.
func (msiOps) Free(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int) {
	irq.FreeParent(c, dom, virq, n)
}

// Activate models msi_domain_activate: the device learns what it is to write.
func (msiOps) Activate(c *cpu.CPU, _ *irq.Domain, data *irq.Data, _ bool) error {
	irq.WriteMessage(c, data, irq.Compose(c, data))
	return nil
}

// Deactivate models msi_domain_deactivate: the device forgets it.
func (msiOps) Deactivate(c *cpu.CPU, _ *irq.Domain, data *irq.Data) {
	irq.WriteMessage(c, data, irq.Message{})
}

// msiChip models pci_msi_controller, and behind interrupt remapping
// pci_msi_ir_controller (arch/x86/kernel/apic/msi.c).
type msiChip struct{ remapped bool }

// Name is the chip's name.
func (ch msiChip) Name() string {
	if ch.remapped {
		return "IR-PCI-MSI"
	}
	return "PCI-MSI"
}

// Flags are the chip's flags. OneShotSafe is added when the domain is made.
func (msiChip) Flags() irq.ChipFlag {
	return irq.SkipSetWake | irq.AffinityPreStartup | irq.OneShotSafe
}

// which is the message of a level, and which one of MSI's several.
func which(data *irq.Data) (*msiDesc, int) {
	m := data.ChipData.(*msiDesc)
	return m, int(data.IRQ - m.irq)
}

// Mask models pci_msi_mask_irq.
func (msiChip) Mask(c *cpu.CPU, data *irq.Data) {
	m, n := which(data)
	m.mask(c, n)
}

// Unmask models pci_msi_unmask_irq.
func (msiChip) Unmask(c *cpu.CPU, data *irq.Data) {
	m, n := which(data)
	m.unmask(c, n)
}

// Ack models irq_chip_ack_parent.
func (msiChip) Ack(c *cpu.CPU, data *irq.Data) { irq.AckParent(c, data) }

// SetAffinity models msi_set_affinity, and msi_domain_set_affinity (kernel/irq/
// msi.c): behind remapping the entry has changed, and the message has not.
func (ch msiChip) SetAffinity(c *cpu.CPU, data *irq.Data, m cpumask.Mask, force bool) (done bool, err error) {
	if ch.remapped {
		return irq.SetAffinityParent(c, data, m, force) // it is done there
	}
	return vector.SetMSIAffinity(c, data, m, force)
}

// Retrigger models irq_chip_retrigger_hierarchy.
func (msiChip) Retrigger(c *cpu.CPU, data *irq.Data) { irq.RetriggerHierarchy(c, data) }

// WriteMessage models pci_msi_domain_write_msg. Of MSI's several messages the
// first one stands for all.
func (msiChip) WriteMessage(c *cpu.CPU, data *irq.Data, msg irq.Message) {
	m, n := which(data)
	if n == 0 {
		m.write(c, msg)
	}
}

// setupIRQs models pci_msi_setup_msi_irqs and __msi_domain_alloc_irqs: each
// message gets its interrupts, and the device a message, though one that no
// handler waits for. With an error it says how many messages it could do, if
// that is worth another try; 0: it is not.
func (d *Dev) setupIRQs(c *cpu.CPU) (worth int, err error) {
	dom := &shared.Of(c).msi
	for done, m := range d.msi {
		arg := &msiArg{AllocInfo: vector.AllocInfo{Contiguous: m.used > 1, Source: uint16(d.BDF)}, desc: m}
		n, err := irq.AllocIRQs(c, dom, m.used, d.Node, arg, m.masks)
		if err != nil {
			if m.used > 1 {
				return 1, err
			}
			return done, err
		}
		m.irq = n
		for i := range irq.Number(m.used) {
			if err := initVirq(c, irq.ToDesc(c, n+i), m); err != nil {
				return 0, err
			}
		}
	}
	return 0, nil
}

// initVirq models msi_init_virq. A message that can be masked needs no vector
// before somebody requests it (msi_check_reservation_mode).
func initVirq(c *cpu.CPU, d *irq.Desc, m *msiDesc) error {
	reserve := m.msix || m.canMask
	if !reserve {
		d.CommonData.Clear(irq.CanReserve)
	}
	if err := irq.Activate(c, &d.Data, reserve); err != nil {
		return err
	}
	if reserve {
		d.CommonData.Clear(irq.Activated)
	}
	return nil
}

// freeIRQs models free_msi_irqs.
func (d *Dev) freeIRQs(c *cpu.CPU) {
	for _, m := range d.msi {
		if m.irq == 0 {
			continue
		}
		for i := range irq.Number(m.used) {
			irq.Deactivate(c, &irq.ToDesc(c, m.irq+i).Data)
		}
		irq.FreeIRQs(c, m.irq, m.used)
	}
	d.msi = nil
}
