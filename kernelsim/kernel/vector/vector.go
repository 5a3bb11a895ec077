// Package vector models the interrupt domains of x86 (arch/x86/kernel/apic/
// vector.c, io_apic.c, msi.c): which vector of which processor an interrupt
// gets, the table in which each processor finds the interrupt of a vector, and
// how the I/O APIC and devices with messages stand above that.
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
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/vector/matrix"
	"bothhalves/kernelsim/trace"
)

// Shutdown is MANAGED_IRQ_SHUTDOWN_VECTOR: what an interrupt without a vector
// has in the device. Its gate leads to the spurious handler.
const Shutdown cpu.Vector = 0xef

// A slot is what a processor's vector leads to.
type slot struct {
	desc *irq.Desc // nil: nobody has it
	// once: nobody has it any more, but one interrupt may be under way
	// (VECTOR_SHUTDOWN, VECTOR_RETRIGGERED).
	once bool
}

// vectorIRQ models vector_irq.
var vectorIRQ = percpu.New[[idt.Entries]slot]("vector_irq")

// system is the package's state of one machine.
type system struct {
	matrix *matrix.Matrix
	asks   *cpu.CPU // who changes the matrix now
	traced bool
	domain irq.Domain // x86_vector_domain
	ioapic irq.Domain
	mis    uint64 // irq_mis_count
}

var shared = percpu.Shared[system]("vector")

var vectorLock = lock.Define("vector_lock")

// chipData is what the VECTOR level knows of an interrupt (struct
// apic_chip_data).
type chipData struct {
	vector, prev       cpu.Vector
	cpu, prevCPU       int
	cfgVector          cpu.Vector // hw_irq_cfg
	cfgCPU             int
	moving, queued     bool // move_in_progress; on a cleanup_list
	managed            bool
	reservable, booked bool // can_reserve, has_reserved
	data               *irq.Data
}

// Init models arch_early_irq_init and lapic_assign_system_vectors: the matrix
// without what the kernel keeps, and the boot processor's legacy vectors,
// which lead to the 8259A pair's interrupts. Context: native_init_IRQ.
func Init(c *cpu.CPU) {
	s := shared.Of(c)
	*s = system{matrix: matrix.New(len(c.Peers), int(idt.FirstExternal), int(idt.ReleaseOf(c).Timer)), traced: s.traced, asks: c}
	if s.traced {
		Trace(c)
	}
	s.domain = irq.Domain{Name: "VECTOR", Ops: vectorOps{}}
	irq.AddDomain(c, &s.domain)
	for v := range idt.Entries {
		if idt.System(c, cpu.Vector(v)) {
			s.matrix.AssignSystem(v, false)
		}
	}
	s.matrix.AssignSystem(int(idt.ISA)+2, false) // the cascade
	s.matrix.Online(c.ID)
	for n := range 16 {
		if n != 2 {
			s.matrix.Assign(0, int(idt.ISA)+n)
			vectorIRQ.On(c, 0)[int(idt.ISA)+n].desc = irq.ToDesc(c, irq.Number(n))
		}
	}
}

// Debug models irq_matrix_debug_show.
func Debug(c *cpu.CPU) string { return shared.Of(c).matrix.Show() }

// Online models lapic_online for the processor that calls.
func Online(c *cpu.CPU) {
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	books(c).Online(c.ID)
	*vectorIRQ.Raw(c) = [idt.Entries]slot{} // a processor that was here before left some behind
	for n := range irq.Number(16) {
		if d := irq.ToDesc(c, n); !apic.HasIOAPIC(c) && n != 2 { // __setup_vector_irq
			vectorIRQ.Raw(c)[int(idt.ISA)+int(n)].desc = d
		}
	}
	l.UnlockIRQRestore(c, flags)
}

// Lookup is the first half of common_interrupt: the interrupt of a vector on
// this processor; nil if nobody has it. quiet says that one was expected to
// come still, and the next one is not. Context: hard interrupt.
func Lookup(c *cpu.CPU, v cpu.Vector) (d *irq.Desc, quiet bool) {
	at := &vectorIRQ.Raw(c)[v]
	if at.desc != nil {
		return at.desc, false
	}
	quiet, at.once = at.once, false
	return nil, quiet
}

// Of is the vector and the processor of an interrupt; ok is false of one that
// has none.
func Of(c *cpu.CPU, n irq.Number) (v cpu.Vector, on int, ok bool) {
	data := irq.DataOf(c, &shared.Of(c).domain, n)
	if data == nil || data.ChipData == nil {
		return 0, 0, false
	}
	d := data.ChipData.(*chipData)
	return d.vector, d.cpu, d.vector != 0
}

// Claim takes a vector for one user on all processors that are online: EBUSY
// if one of them has given it away. Release gives it back.
func Claim(c *cpu.CPU, v cpu.Vector) error {
	s := shared.Of(c)
	for n := range affinity.Online(c).All() {
		if s.matrix.Taken(n, int(v)) {
			return fmt.Errorf("vector: %#x is taken on CPU %d: %w", uint8(v), n, errno.EBUSY)
		}
	}
	for n := range affinity.Online(c).All() {
		books(c).Assign(n, int(v))
	}
	return nil
}

// Release undoes Claim.
func Release(c *cpu.CPU, v cpu.Vector) {
	for n := range affinity.Online(c).All() {
		books(c).Free(n, int(v), false)
	}
}

// dataOf is the VECTOR level's data of an interrupt's levels.
func dataOf(d *irq.Data) *chipData {
	for ; d != nil; d = d.Parent {
		if cd, ok := d.ChipData.(*chipData); ok {
			return cd
		}
	}
	return nil
}

// Config models irqd_cfg: the vector and the processor that messages of an
// interrupt name, or would if they named them.
func Config(d *irq.Data) (cpu.Vector, int) {
	cd := dataOf(d)
	return cd.cfgVector, cd.cfgCPU
}

// configure models apic_update_irq_cfg: what messages say from now on.
func (d *chipData) configure(c *cpu.CPU, v cpu.Vector, n int) {
	d.cfgVector, d.cfgCPU = v, n
	d.data.Common.Effective = cpumask.Of(n)
	d.trace(c, trace.VectorConfig, uint32(v), uint32(n), apic.Dest(c, n))
}

// update models apic_update_vector: the interrupt has a new vector. The old
// one stays until it is certain that nothing more comes that way.
func (d *chipData) update(c *cpu.CPU, v cpu.Vector, n int) {
	d.traceMove(c, trace.VectorUpdate, v, n, d.vector, d.cpu)
	d.prev = 0
	if d.vector != 0 && d.vector != Shutdown {
		if affinity.Online(c).Has(d.cpu) {
			d.moving, d.prev, d.prevCPU = true, d.vector, d.cpu
		} else {
			books(c).Free(d.cpu, int(d.vector), d.data.Common.Managed())
		}
	}
	d.vector, d.cpu = v, n
	vectorIRQ.On(c, n)[v] = slot{desc: d.data.Desc()}
}

// shutdown models vector_assign_managed_shutdown.
func (d *chipData) shutdown(c *cpu.CPU) { d.configure(c, Shutdown, affinity.Online(c).First()) }

// reserve models reserve_irq_vector_locked: a promise, no vector.
func (d *chipData) reserve(c *cpu.CPU) {
	if !books(c).Reserve() {
		printk.Printk(c, printk.Warning, "Interrupt reservation exceeds available resources")
	}
	d.reservable, d.booked = true, true
	d.data.Common.Set(irq.CanReserve)
	d.trace(c, trace.VectorReserve, 0, 0, 0)
	d.shutdown(c)
}

// assign models assign_vector_locked: the interrupt goes to the processor of a
// mask that has the most vectors left, unless it is on one of them already.
func (d *chipData) assign(c *cpu.CPU, dest cpumask.Mask) error {
	if d.vector != 0 && affinity.Online(c).Has(d.cpu) && dest.Has(d.cpu) {
		return nil
	}
	if d.moving || d.queued {
		return errno.EBUSY
	}
	n, v, err := books(c).Alloc(dest, d.booked)
	d.traceAlloc(c, trace.VectorAlloc, v, d.booked, err)
	if err != nil {
		return err
	}
	d.update(c, cpu.Vector(v), n)
	d.configure(c, cpu.Vector(v), n)
	return nil
}

// assignAny models assign_irq_vector_any_locked: near first, then where it
// may, then anywhere.
func (d *chipData) assignAny(c *cpu.CPU) (err error) {
	common := d.data.Common
	all, near := affinity.Online(c), affinity.NodeMask(c, common.Node)
	if common.Node != affinity.NoNode && d.assign(c, near.And(common.Affinity)) == nil {
		return nil
	}
	if d.assign(c, common.Affinity.And(all)) == nil {
		return nil
	}
	if common.Node != affinity.NoNode && d.assign(c, near) == nil {
		return nil
	}
	return d.assign(c, all)
}

// assignManaged models assign_managed_vector: one of the vectors that were
// kept for the interrupt.
func (d *chipData) assignManaged(c *cpu.CPU, dest cpumask.Mask) error {
	dest = dest.And(d.data.Common.Affinity)
	if d.vector != 0 && dest.Has(d.cpu) {
		return nil
	}
	n, v, err := books(c).AllocManaged(dest)
	d.traceAlloc(c, trace.VectorAllocManaged, v, false, err)
	if err != nil {
		return err
	}
	d.update(c, cpu.Vector(v), n)
	d.configure(c, cpu.Vector(v), n)
	return nil
}

// clear models clear_irq_vector: the vector is given back, and where it was an
// interrupt that is under way is let pass.
func (d *chipData) clear(c *cpu.CPU) {
	if d.vector == 0 {
		return
	}
	d.traceMove(c, trace.VectorClear, d.vector, d.cpu, d.prev, d.prevCPU)
	m, managed := books(c), d.data.Common.Managed()
	vectorIRQ.On(c, d.cpu)[d.vector] = slot{once: true}
	m.Free(d.cpu, int(d.vector), managed)
	d.vector = 0
	if d.prev == 0 {
		return
	}
	vectorIRQ.On(c, d.prevCPU)[d.prev] = slot{once: true}
	m.Free(d.prevCPU, int(d.prev), managed)
	d.prev, d.moving = 0, false
	d.unqueue(c)
}
