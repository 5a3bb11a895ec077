package vector

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/trace"
)

// An AllocInfo is what the levels are told of an interrupt that is to be set
// up (struct irq_alloc_info, arch/x86/include/asm/hw_irq.h).
type AllocInfo struct {
	Mask       *cpumask.Mask // it must have a vector on one of these at once
	Legacy     bool          // X86_IRQ_ALLOC_LEGACY: one of the 8259A pair's changes hands
	Contiguous bool          // X86_IRQ_ALLOC_CONTIGUOUS_VECTORS
	// HWIRQ is the number inside the outermost domain: a pin, or a function
	// and an entry of its table.
	HWIRQ          uint64
	Pin            bool   // X86_IRQ_ALLOC_TYPE_IOAPIC
	Source         uint16 // requester ID of whoever sends the message
	Level, LowTrue bool   // of a pin
}

// Domain is x86_vector_domain, the parent of all others.
func Domain(c *cpu.CPU) *irq.Domain { return &shared.Of(c).domain }

// vectorOps models x86_vector_domain_ops.
type vectorOps struct{}

// Alloc models x86_vector_alloc_irqs.
func (vectorOps) Alloc(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int, arg any) error {
	info := arg.(*AllocInfo)
	if info.Contiguous && n > 1 {
		return fmt.Errorf("vector: no %d vectors in a row can be promised: %w", n, errno.ENOSYS)
	}
	for i := range irq.Number(n) {
		data := irq.DataOf(c, dom, virq+i)
		d := &chipData{data: data}
		irq.SetInfo(c, dom, virq+i, uint64(virq+i), lapicChip{}, d)
		data.Common.Set(irq.SingleTarget | irq.EnforceIRQContext | irq.AffinityOnActivate)
		if err := d.place(c, info); err != nil {
			data.ChipData = nil
			vectorOps{}.Free(c, dom, virq, int(i))
			return err
		}
	}
	return nil
}

// place is the rest for one interrupt: it is taken over from the 8259A pair,
// or gets what assign_irq_vector_policy gives it.
func (d *chipData) place(c *cpu.CPU, info *AllocInfo) error {
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	defer l.UnlockIRQRestore(c, flags)
	if info.Legacy && !d.takeLegacy(c) {
		return nil
	}
	err := d.byPolicy(c, info)
	d.trace(c, trace.VectorSetup, 0, 0, code(err))
	return err
}

// byPolicy models assign_irq_vector_policy.
func (d *chipData) byPolicy(c *cpu.CPU, info *AllocInfo) error {
	switch {
	case d.data.Common.Managed():
		d.managed = true
		err := books(c).ReserveManaged(d.data.Common.Affinity)
		d.trace(c, trace.VectorReserveManaged, 0, 0, code(err))
		return err
	case info.Mask != nil:
		return d.assign(c, info.Mask.And(affinity.Online(c)))
	}
	d.reserve(c)
	return nil
}

// takeLegacy models vector_configure_legacy: a legacy interrupt that is in
// use keeps its vector; any other gives it up and is like all others then.
func (d *chipData) takeLegacy(c *cpu.CPU) (again bool) {
	d.vector, d.cpu = idt.ISA+cpu.Vector(d.data.IRQ), 0
	if d.data.Common.State&irq.Activated != 0 {
		d.trace(c, trace.VectorSetup, 1, 0, 0)
		d.configure(c, d.vector, d.cpu)
		return false
	}
	d.reservable = true
	d.data.Common.Set(irq.CanReserve)
	d.clear(c)
	return true
}

// Free models x86_vector_free_irqs.
func (vectorOps) Free(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int) {
	l := vectorLock.Of(c)
	for i := range irq.Number(n) {
		data := irq.DataOf(c, dom, virq+i)
		d, ok := data.ChipData.(*chipData)
		if !ok {
			continue
		}
		flags := l.LockIRQSave(c)
		d.clear(c)
		d.trace(c, trace.VectorTeardown, bit(d.managed), bit(d.booked), 0)
		if d.booked {
			books(c).RemoveReserved()
		}
		if d.managed {
			books(c).RemoveManaged(data.Common.Affinity)
		}
		irq.SetInfo(c, dom, virq+i, 0, irq.NoChip{}, nil)
		l.UnlockIRQRestore(c, flags)
	}
}

// Activate models x86_vector_activate: now the interrupt gets its vector,
// unless it is to be set up only.
func (vectorOps) Activate(c *cpu.CPU, _ *irq.Domain, data *irq.Data, reserve bool) (err error) {
	d := data.ChipData.(*chipData)
	d.trace(c, trace.VectorActivate, bit(d.managed), bit(d.reservable), bit(reserve))
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	switch {
	case !d.reservable && !d.managed:
		_ = d.assignAny(c) // it has one
	case reserve || d.managed && data.Common.State&irq.ManagedShutdown != 0:
		d.shutdown(c)
	case d.managed:
		err = d.activateManaged(c)
	case d.booked:
		err = d.activateReserved(c)
	}
	l.UnlockIRQRestore(c, flags)
	if err != nil {
		return fmt.Errorf("vector: no vector for interrupt %d: %w", data.IRQ, err)
	}
	return nil
}

// activateManaged models activate_managed. It cannot fail where the vectors
// that were kept are still there; the log tells if they are not.
func (d *chipData) activateManaged(c *cpu.CPU) error {
	dest := d.data.Common.Affinity.And(affinity.Online(c))
	if dest.Empty() {
		printk.Printk(c, printk.Err, "Managed startup for irq %d, but no CPU", d.data.IRQ)
		return errno.EINVAL
	}
	err := d.assignManaged(c, dest)
	if err != nil {
		printk.Printk(c, printk.Err, "Managed startup irq %d, no vector available", d.data.IRQ)
	}
	return err
}

// activateReserved models activate_reserved.
func (d *chipData) activateReserved(c *cpu.CPU) error {
	err := d.assignAny(c)
	common := d.data.Common
	if err == nil {
		d.booked = false
		if common.State&irq.CanReserve == 0 {
			d.reservable = false
		}
	}
	if !common.Effective.Subset(common.Affinity) {
		printk.Printk(c, printk.Warning, "irq %d: Affinity broken due to vector space exhaustion.", d.data.IRQ)
	}
	return err
}

// Deactivate models x86_vector_deactivate: the vector goes back, and a promise
// takes its place.
func (vectorOps) Deactivate(c *cpu.CPU, _ *irq.Domain, data *irq.Data) {
	d := data.ChipData.(*chipData)
	d.trace(c, trace.VectorDeactivate, bit(d.managed), bit(d.reservable), 0)
	if !d.managed && !d.reservable || d.booked {
		return
	}
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	d.clear(c)
	if d.reservable {
		d.reserve(c)
	} else {
		d.shutdown(c)
	}
	l.UnlockIRQRestore(c, flags)
}

// lapicChip models lapic_controller: the level at which every interrupt ends.
type lapicChip struct{}

// Name is the chip's name.
func (lapicChip) Name() string { return "APIC" }

// Mask does nothing: a local APIC cannot mask one interrupt.
func (lapicChip) Mask(*cpu.CPU, *irq.Data) {}

// Unmask does nothing.
func (lapicChip) Unmask(*cpu.CPU, *irq.Data) {}

// Ack models apic_ack_edge: a move that has arrived is completed, one that
// waits is begun, and the local APIC hears the end of interrupt.
func (lapicChip) Ack(c *cpu.CPU, data *irq.Data) {
	data.ChipData.(*chipData).completeMove(c)
	irq.MovePending(c, data)
	apic.EOI(c)
}

// SetAffinity models apic_set_affinity.
func (lapicChip) SetAffinity(c *cpu.CPU, data *irq.Data, m cpumask.Mask, _ bool) (done bool, err error) {
	if data.Common.State&irq.Activated == 0 {
		return false, errno.EIO
	}
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	defer l.UnlockIRQRestore(c, flags)
	d := data.ChipData.(*chipData)
	if data.Common.Managed() {
		return false, d.assignManaged(c, m.And(affinity.Online(c)))
	}
	return false, d.assign(c, m.And(affinity.Online(c)))
}

// Compose models x86_vector_msi_compose_msg.
func (lapicChip) Compose(c *cpu.CPU, data *irq.Data) irq.Message {
	d := data.ChipData.(*chipData)
	return compose(c, d.cfgVector, d.cfgCPU)
}

// Retrigger models apic_retrigger_irq: the processor that has the interrupt
// gets its vector.
func (lapicChip) Retrigger(c *cpu.CPU, data *irq.Data) {
	d := data.ChipData.(*chipData)
	apic.Send(c, d.cpu, d.vector)
}

func compose(c *cpu.CPU, v cpu.Vector, n int) irq.Message {
	addr, data := apic.Message(c, v, n)
	return irq.Message{Address: addr, Data: data}
}
