// Package cpu models one x86-64 processor as far as interrupts see it: a
// clock, the interrupt flag, the gate table, HLT, and the GS base.
package cpu

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
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
	Hooks *Hooks
	Ring  *trace.Ring
	Peers []*CPU // all processors of the machine, by number
	Task  uint16 // pid of the running task, for trace records
	Seed  uint64 // the machine's, for a module whose devices differ by it

	APIC     LocalAPIC
	Platform Platform
	TSS      TSS
	Stack    *Stack // that RSP points into
	CPL      uint8  // 0 in the kernel, 3 in a program

	intr       IntController
	events     Events
	idtr       IDTR
	idt        []byte // what the processor finds at idtr.Base
	text       *Text
	decodeGate func([gatereg.Size]byte) (gatereg.Gate, error)
	ist        [8]*Frame  // the frame that lies on each IST stack
	injected   func(*CPU) // see Inject
	frames     *Frame     // free ones, kept by the first processor for all
	tscHz      uint64
	running    bool // clear: waits for a start-up IPI
	onStartUp  func(c *CPU, addr uint64)
	price      *cost.Table
	stretch    stretcher
	profile    Profile
}

// A Profile counts charges and their time by row.
type Profile struct {
	Count [cost.NumRows]uint64
	Time  [cost.NumRows]sim.Time
}

// A Setup is what a processor is built from.
type Setup struct {
	Proc  *sim.Proc
	Intr  IntController // nil: the local APIC, which Attach brings
	Price *cost.Table
	Seed  uint64 // 0 and 1: no stretching
	Hooks *Hooks
	Ring  *trace.Ring
	Text  *Text  // shared by all processors; nil: an own empty one
	TSCHz uint64 // 0: 1 GHz
	// Decode takes IDT entries apart; nil: DecodeGate.
	Decode func([gatereg.Size]byte) (gatereg.Gate, error)
}

// New returns a halted processor with IF clear.
func New(s Setup) *CPU {
	c := &CPU{Proc: s.Proc, ID: s.Proc.ID(), Hooks: s.Hooks, Ring: s.Ring, Seed: s.Seed,
		intr: s.Intr, price: s.Price, stretch: newStretcher(s.Seed, s.Proc.ID()),
		text: s.Text, decodeGate: s.Decode, tscHz: s.TSCHz, running: true}
	if c.text == nil {
		c.text = NewText()
	}
	if c.decodeGate == nil {
		c.decodeGate = DecodeGate
	}
	if c.tscHz == 0 {
		c.tscHz = 1_000_000_000
	}
	c.Stack = resetStack()
	return c
}

// resetStack stands for whatever a core uses before the kernel gives it one.
func resetStack() *Stack {
	s := NewStack("reset", 0, 1<<16)
	return &s
}

// Attach connects the core with its local APIC and the board.
func (c *CPU) Attach(a LocalAPIC, p Platform) { c.APIC, c.intr, c.Platform = a, a, p }

// An IDTR is the register that says where the interrupt descriptor table
// begins and which of its bytes is the last.
type IDTR struct {
	Base  uint64
	Limit uint16
}

// LIDT loads IDTR; table is the memory at its base.
func (c *CPU) LIDT(r IDTR, table []byte) { c.idtr, c.idt = r, table }

// SIDT is the register as it was loaded.
func (c *CPU) SIDT() IDTR { return c.idtr }

// IDT is the table's memory.
func (c *CPU) IDT() []byte { return c.idt }

// Text is the code that gates lead to.
func (c *CPU) Text() *Text { return c.text }

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
	if c.Advance(d) || c.events.Waiting() {
		c.boundary(r, d)
	}
}

// boundary is the slow half of Spend: others run, then interrupts are taken.
func (c *CPU) boundary(r cost.Row, d sim.Time) {
	c.Yield(uint8(r), d)
	c.serve()
}

// Interrupt tells the processor that its local APIC has something to offer:
// the INTR line rises. It ends a halt.
func (c *CPU) Interrupt() {
	c.events.Interrupt()
	if c.events.IF {
		c.Wake()
	}
}

// NMI is a pulse on the NMI pin, or a message of delivery mode NMI: the
// processor takes vector 2 at its next boundary, whatever IF says. It ends a
// halt.
func (c *CPU) NMI() {
	c.events.NMI()
	c.Wake()
}

// CLI clears IF: interrupts wait.
func (c *CPU) CLI() { c.events.CLI() }

// STI sets IF and ends with the instruction behind it: what waited is taken
// now.
func (c *CPU) STI() {
	c.events.IF = true
	switch {
	case !c.events.Waiting():
	case c.Running():
		c.serve()
	default: // an outsider sets IF of a processor that may be halted
		c.Wake()
	}
}

// IF says whether interrupts are taken.
func (c *CPU) IF() bool { return c.events.IF }

// NMIBlocked says whether the next NMI has to wait for an IRET.
func (c *CPU) NMIBlocked() bool { return c.events.NMIBlocked }

// Flags is what local_irq_save remembers: whether IF was set.
type Flags bool

// SaveFlags models local_irq_save: it returns IF and clears it.
func (c *CPU) SaveFlags() Flags {
	f := Flags(c.events.IF)
	c.events.IF = false
	return f
}

// RestoreFlags models local_irq_restore.
func (c *CPU) RestoreFlags(f Flags) {
	if f {
		c.STI()
	} else {
		c.events.IF = false
	}
}

// HaltSTI is STI followed by HLT: nothing gets in between, so an interrupt
// that came before the pair wakes the processor at once. It returns after the
// interrupt has been handled.
func (c *CPU) HaltSTI() {
	c.events.IF = true
	if !c.mayTake() {
		c.Proc.Halt()
	}
	c.serve()
}

// mayTake says whether something ends a HLT at once.
func (c *CPU) mayTake() bool {
	return c.injected != nil || c.events.Waiting() && c.events.Next(c.intr) != NoEvent
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
