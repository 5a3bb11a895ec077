// Package cpu models one x86-64 processor as far as interrupts see it: a
// clock, the interrupt flag, the gate table, HLT, and the GS base.
package cpu

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
	"fmt"
)

// A Vector is an interrupt vector, an index into the IDT.
type Vector uint8

// An IntController is what a core sees of its interrupt controller.
type IntController interface {
	// Pending is the vector that the controller offers now.
	Pending() (Vector, bool)
	// Acknowledge is the INTA cycle: it takes the offered vector.
	Acknowledge() Vector
}

// A Gate is what an IDT entry leads to: the entry stub and what it calls. It
// runs with IF clear, as behind an interrupt gate.
type Gate func(c *CPU, v Vector)

// A GSArea is what the GS base leads to: this processor's per-CPU unit. The
// hardware knows the base alone; the rest is how the simulator finds the
// bytes and the Go values that live there.
type GSArea struct {
	Base    uint64
	Mem     []byte   // the unit's bytes
	Offsets []uint32 // where in Mem each declared word lies
	Slots   []any    // Go values that live at other declared offsets
	Count   *[4]byte // one of the words, preempt_count: every lock goes there twice
	Held    any      // and one of the values: the locks that the running task holds
}

// Hooks are the calls from the floors below into the kernel's scheduler,
// each of which Linux has as a function pointer or an assembly stub too.
type Hooks struct {
	// Preempt models preempt_schedule: preempt_count fell to zero while a
	// reschedule is due.
	Preempt func(c *CPU)
	// CheckPreemption models check_preemption_disabled: what was used in
	// code that might be preempted.
	CheckPreemption func(c *CPU, what string)
	// Reschedule models smp_send_reschedule: make CPU n look at its
	// need_resched.
	Reschedule func(c *CPU, n int)
	// Context describes where c is, outermost last, for reports.
	Context func(c *CPU) []string
}

// A CPU is one processor. Kernel code gets the CPU that it runs on as its
// first argument; keeping one over a sleep or a preemption is a mistake that
// the next charge reports.
type CPU struct {
	*sim.Proc
	ID    int
	GS    GSArea
	IDT   [256]Gate
	Hooks *Hooks
	Ring  *trace.Ring
	Peers []*CPU // all processors of the machine, by number
	Task  uint16 // pid of the running task, for trace records

	APIC     LocalAPIC
	Platform Platform

	intr    IntController
	iflag   bool
	pending bool // the controller may have something: look at the next boundary
	nmi     bool // an NMI waits
	inNMI   bool // one is being handled: the next one waits for its IRET
	price   *cost.Table
	stretch stretcher
	profile Profile
}

// A Profile counts charges and their time by row.
type Profile struct {
	Count [cost.NumRows]uint64
	Time  [cost.NumRows]sim.Time
}

// A Setup is what a processor is built from.
type Setup struct {
	Proc  *sim.Proc
	Intr  IntController
	Price *cost.Table
	Seed  uint64 // 0 and 1: no stretching
	Hooks *Hooks
	Ring  *trace.Ring
}

// New returns a halted processor with IF clear.
func New(s Setup) *CPU {
	return &CPU{Proc: s.Proc, ID: s.Proc.ID(), Hooks: s.Hooks, Ring: s.Ring,
		intr: s.Intr, price: s.Price, stretch: newStretcher(s.Seed, s.Proc.ID())}
}

// Spend charges a row of the price list. It is the only place where time
// passes for a processor, and so the only place where another processor, a
// device or an interrupt gets in.
func (c *CPU) Spend(r cost.Row) {
	if !c.Running() {
		c.stale()
	}
	d := sim.Time(c.price[r])
	if c.stretch.on {
		d += c.stretch.extra(d)
	}
	c.profile.Count[r]++
	c.profile.Time[r] += d
	if c.Advance(d) || c.pending && c.iflag || c.nmi {
		c.boundary(r, d)
	}
}

// boundary is the slow half of Spend: others run, then interrupts are taken.
func (c *CPU) boundary(r cost.Row, d sim.Time) {
	c.Yield(uint8(r), d)
	if c.nmi && !c.inNMI {
		c.takeNMI()
	}
	if c.pending && c.iflag {
		c.deliver()
	}
}

// deliver takes interrupts until none is left or IF is clear. A gate may end
// in the scheduler, so the code that was interrupted may find itself on
// another processor afterwards: the loop asks each time.
func (c *CPU) deliver() {
	proc := c.Proc.Engine()
	for {
		here := c.Peers[proc.Running().ID()]
		if !here.iflag || !here.pending {
			return
		}
		here.interrupt()
	}
}

// interrupt is one trip through the gate: INTA, IF cleared, the handler, IRET.
func (c *CPU) interrupt() {
	if _, ok := c.intr.Pending(); !ok {
		c.pending = false
		return
	}
	v := c.intr.Acknowledge()
	c.iflag = false
	if c.IDT[v] == nil {
		oops.Raise(oops.Report{Rule: "no gate", CPU: c.ID,
			Title: fmt.Sprintf("traps: general protection fault on CPU %d: vector 0x%02x has no gate", c.ID, uint8(v)),
			Why:   "the IDT entry of this vector is not present"})
	}
	c.IDT[v](c, v)
	// IRET loads RFLAGS of the interrupted code, on whatever processor that
	// code is now.
	c.Peers[c.Proc.Engine().Running().ID()].iflag = true
}

// Interrupt tells the processor that its controller has something to offer:
// the INTR line rises. It ends a halt.
func (c *CPU) Interrupt() {
	c.pending = true
	if c.iflag {
		c.Wake()
	}
}

// CLI clears IF: interrupts wait.
func (c *CPU) CLI() { c.iflag = false }

// STI sets IF; what waited is taken now.
func (c *CPU) STI() {
	c.iflag = true
	switch {
	case !c.pending:
	case c.Running():
		c.deliver()
	default: // an outsider sets IF of a processor that may be halted
		c.Wake()
	}
}

// IF says whether interrupts are taken.
func (c *CPU) IF() bool { return c.iflag }

// Flags is what local_irq_save remembers: whether IF was set.
type Flags bool

// SaveFlags models local_irq_save: it returns IF and clears it.
func (c *CPU) SaveFlags() Flags {
	f := Flags(c.iflag)
	c.iflag = false
	return f
}

// RestoreFlags models local_irq_restore.
func (c *CPU) RestoreFlags(f Flags) {
	if f {
		c.STI()
	} else {
		c.iflag = false
	}
}

// HaltSTI is STI followed by HLT: nothing gets in between, so an interrupt
// that came before the pair wakes the processor at once. It returns after the
// interrupt has been handled.
func (c *CPU) HaltSTI() {
	c.iflag = true
	if !c.pending && !c.nmi {
		c.Proc.Halt()
	}
	if c.nmi && !c.inNMI {
		c.takeNMI()
	}
	c.deliver()
}

// Profile is what the processor has been charged since power-on.
func (c *CPU) Profile() *Profile { return &c.profile }

// stale reports a CPU that the code which uses it no longer runs on.
func (c *CPU) stale() {
	on := "no processor"
	if p := c.Proc.Engine().Running(); p != nil {
		on = fmt.Sprintf("CPU %d", p.ID())
	}
	oops.Raise(oops.Report{Rule: "stale CPU", CPU: c.ID,
		Title: fmt.Sprintf("BUG: code that runs on %s uses the per-CPU base of CPU %d", on, c.ID),
		Why:   "the task slept or was preempted since it asked where it runs; ask again (t.CPU()) after anything that may sleep, or disable preemption around the use"})
}
