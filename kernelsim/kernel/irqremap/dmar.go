package irqremap

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/vector"
)

// registerLock guards the unit's registers.
var registerLock = lock.Define("&iommu->register_lock")

// EnableFaults models enable_drhd_fault_handling (drivers/iommu/intel/dmar.c):
// the unit gets an interrupt of its own, by which it tells of messages that it
// has blocked, and what came before is taken off its record. Context: the boot
// processor, before the I/O APIC's pins are set up.
func (u *Unit) EnableFaults(c *cpu.CPU) error {
	if u.Domain() == nil {
		return nil
	}
	u.faults = irq.Domain{Name: "DMAR-MSI", Parent: vector.Domain(c), Ops: faultOps{u}, Flags: irq.MSIDomain}
	irq.AddDomain(c, &u.faults)
	n, err := irq.AllocIRQs(c, &u.faults, 1, affinity.NoNode, &vector.AllocInfo{}, nil)
	if err != nil {
		return err
	}
	if err := irq.Request(c, n, u.fault, irq.NoThread, unitName, u); err != nil {
		return err
	}
	u.fault(c, n, u)
	u.writeL(c, iommureg.FSTS, u.readL(c, iommureg.FSTS))
	return nil
}

// unitName is iommu->name.
const unitName = "dmar0"

// fault models dmar_fault: each record is told of and cleared. Linux tells of
// ten in five seconds at most. Context: hard interrupt.
func (u *Unit) fault(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
	l := registerLock.Of(c)
	flags := l.LockIRQSave(c)
	defer l.UnlockIRQRestore(c, flags)
	status := u.readL(c, iommureg.FSTS)
	if status != 0 {
		printk.Printk(c, printk.Err, "DMAR: DRHD: handling fault status reg %x", status)
	}
	if status&iommureg.PPF == 0 {
		return irq.Handled
	}
	for u.readL(c, iommureg.FRCD+12)>>31 != 0 {
		u.tell(c)
		u.writeL(c, iommureg.FRCD+12, 1<<31)
	}
	u.writeL(c, iommureg.FSTS, iommureg.PFO|iommureg.PPF)
	return irq.Handled
}

// tell models dmar_fault_do_one for an interrupt message.
func (u *Unit) tell(c *cpu.CPU) {
	why := iommureg.Reason(u.readL(c, iommureg.FRCD+12))
	who := u.readL(c, iommureg.FRCD+8) & 0xffff
	index := u.readQ(c, iommureg.FRCD) >> 48
	printk.Printk(c, printk.Err, "DMAR: [INTR-REMAP] Request device [%02x:%02x.%d] fault index 0x%x [fault reason 0x%02x] %s",
		who>>8, who>>3&0x1f, who&7, index, uint8(why), why)
}

// faultOps models the operations of the domain DMAR-MSI (arch/x86/kernel/apic/
// msi.c). It stands on VECTOR: the unit does not remap its own message.
type faultOps struct{ u *Unit }

// Alloc models dmar_msi_init.
func (o faultOps) Alloc(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int, arg any) error {
	if err := irq.AllocParent(c, dom, virq, n, arg); err != nil {
		return err
	}
	irq.SetInfo(c, dom, virq, 0, faultChip(o), nil)
	irq.SetHandler(c, virq, irq.HandleEdge, "edge", false)
	return nil
}

// Free models msi_domain_free.
func (faultOps) Free(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int) {
	irq.FreeParent(c, dom, virq, n)
}

// Activate models msi_domain_activate.
func (faultOps) Activate(c *cpu.CPU, _ *irq.Domain, data *irq.Data, _ bool) error {
	irq.WriteMessage(c, data, irq.Compose(c, data))
	return nil
}

// Deactivate models msi_domain_deactivate.
func (faultOps) Deactivate(c *cpu.CPU, _ *irq.Domain, data *irq.Data) {
	irq.WriteMessage(c, data, irq.Message{})
}

// faultChip models dmar_msi_controller.
type faultChip struct{ u *Unit }

// Name is the chip's name.
func (faultChip) Name() string { return "DMAR-MSI" }

// Flags are the chip's flags.
func (faultChip) Flags() irq.ChipFlag { return irq.SkipSetWake | irq.AffinityPreStartup }

// Mask models dmar_msi_mask: written, and read back so that it has arrived.
func (ch faultChip) Mask(c *cpu.CPU, _ *irq.Data) { ch.control(c, iommureg.EventMask) }

// Unmask models dmar_msi_unmask.
func (ch faultChip) Unmask(c *cpu.CPU, _ *irq.Data) { ch.control(c, 0) }

func (ch faultChip) control(c *cpu.CPU, v uint32) {
	l := registerLock.Of(c)
	flags := l.LockIRQSave(c)
	ch.u.writeL(c, iommureg.FECTL, v)
	ch.u.readL(c, iommureg.FECTL)
	l.UnlockIRQRestore(c, flags)
}

// Ack models irq_chip_ack_parent.
func (faultChip) Ack(c *cpu.CPU, data *irq.Data) { irq.AckParent(c, data) }

// SetAffinity models msi_domain_set_affinity.
func (faultChip) SetAffinity(c *cpu.CPU, data *irq.Data, m cpumask.Mask, force bool) (done bool, err error) {
	if done, err = irq.SetAffinityParent(c, data, m, force); err == nil && !done {
		irq.WriteMessage(c, data, irq.Compose(c, data))
	}
	return done, err
}

// Retrigger models irq_chip_retrigger_hierarchy.
func (faultChip) Retrigger(c *cpu.CPU, data *irq.Data) { irq.RetriggerHierarchy(c, data) }

// Compose models dmar_msi_compose_msg: the address's upper half takes what the
// lower one has no room for.
func (faultChip) Compose(c *cpu.CPU, data *irq.Data) irq.Message {
	v, n := vector.Config(data)
	m := irq.Message{Address: uint64(apic.Dest(c, n)>>8)<<40 | 0xfee0_0000 | uint64(apic.Dest(c, n)&0xff)<<12, Data: uint32(v)}
	if apic.Logical(c) {
		m.Address |= 1 << 2
	}
	return m
}

// WriteMessage models dmar_msi_write.
func (ch faultChip) WriteMessage(c *cpu.CPU, _ *irq.Data, m irq.Message) {
	l := registerLock.Of(c)
	flags := l.LockIRQSave(c)
	ch.u.writeL(c, iommureg.FEDATA, m.Data)
	ch.u.writeL(c, iommureg.FEADDR, uint32(m.Address))
	ch.u.writeL(c, iommureg.FEUADR, uint32(m.Address>>32))
	l.UnlockIRQRestore(c, flags)
}

func (u *Unit) readL(c *cpu.CPU, off bus.Addr) uint32 { return bus.ReadL(c, u.cfg.Base+off) }
