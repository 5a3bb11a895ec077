package entry

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// asmCommonInterrupt models asm_common_interrupt and common_interrupt: every
// device's interrupt comes this way.
func asmCommonInterrupt(c *cpu.CPU, f *cpu.Frame) {
	in(c, f)
	onIRQStack(c, f, commonInterrupt)
	out(c)
	sched.PreemptIRQ(c)
}

// commonInterrupt models __common_interrupt (arch/x86/kernel/irq.c): from what
// the stub pushed to the vector, and from this CPU's table to who wants it. A
// vector that nobody wants is acknowledged and told of: without the
// acknowledgment it would block its class for ever.
func commonInterrupt(c *cpu.CPU, f *cpu.Frame) {
	s := state.Of(c)
	v := s.cfg.VectorFromFrame(f.OrigAX, idt.ReleaseOf(c).ABI)
	f.OrigAX = -1 // no system call to restart
	if s.users[v].handler != nil {
		sched.Record(c, trace.VectorEntry, uint32(v), 0, 0, 0)
		moduleVector(c, v)
		sched.Record(c, trace.VectorExit, uint32(v), 0, 0, 0)
		return
	}
	if s.cfg.Dispatch != nil {
		s.cfg.Dispatch(processor{c}, uint8(v))
		return
	}
	d, quiet := vector.Lookup(c, v)
	if d != nil {
		irq.Handle(c, d)
		return
	}
	ack(c)
	if !quiet {
		complain(c, v)
	}
}

// complain tells of a vector that nobody has.
func complain(c *cpu.CPU, v cpu.Vector) {
	printk.Printk(c, printk.Emerg, "%s: %d.%d No irq handler for vector", idt.ReleaseOf(c).NoHandler, c.ID, v)
}

// ack models ack_APIC_irq: the end of interrupt.
func ack(c *cpu.CPU) {
	if c.APIC == nil {
		return
	}
	apic.EOI(c)
}

// A Handler is a module's function for a vector of its own. Context: hard
// interrupt, IF clear.
type Handler func(c *cpu.CPU, v cpu.Vector)

// A user is a module that has a vector.
type user struct {
	name    string
	handler Handler
}

// moduleVector runs a module's handler and looks at what it leaves behind. The
// second finding is ours, in words like those of __do_softirq: Linux looks at
// preempt_count around softirqs and timers and trusts interrupt handlers.
func moduleVector(c *cpu.CPU, v cpu.Vector) {
	u := state.Of(c).users[v]
	irqStat.This(c).Vector[v]++
	ack(c)                                 // as for an edge: before the handler
	before, on := preempt.Count(c), c.IF() // on: a trap gate leads here
	u.handler(c, v)
	if c.IF() && !on {
		oops.Raise(oops.Report{Rule: "IF left on", CPU: c.ID,
			Title: fmt.Sprintf("irq %d handler %s enabled interrupts", v, u.name),
			Lines: []string{"handler: " + oops.Name(u.handler)},
			Why:   "a hard interrupt's handler runs with interrupts off and must return so; who turned them off restores what was, not 'on'"})
	}
	if after := preempt.Count(c); after != before {
		oops.Raise(oops.Report{Rule: "preempt_count leak", CPU: c.ID,
			Title: fmt.Sprintf("huh, entered irq %d %s with preempt_count %08x, exited with %08x?", v, u.name, before, after),
			Lines: []string{"handler: " + oops.Name(u.handler)},
			Why:   "what the handler disabled or locked it must enable or unlock before it returns"})
	}
}

// Request gives a vector to a module, on all CPUs: EINVAL below FirstExternal
// and for the system vectors, EBUSY if somebody has it.
func Request(c *cpu.CPU, v cpu.Vector, name string, h Handler) error {
	if v < FirstExternal || v >= idt.ReleaseOf(c).Timer || idt.System(c, v) || h == nil {
		return errno.EINVAL
	}
	u := &state.Of(c).users[v]
	if u.handler != nil {
		return errno.EBUSY
	}
	if err := vector.Claim(c, v); err != nil {
		return err
	}
	*u = user{name, h}
	return nil
}

// Free takes a vector back.
func Free(c *cpu.CPU, v cpu.Vector) {
	u := &state.Of(c).users[v]
	if u.handler != nil {
		vector.Release(c, v)
	}
	*u = user{}
}

// Owner is the name of the module that has a vector, empty if nobody has.
func Owner(c *cpu.CPU, v cpu.Vector) string { return state.Of(c).users[v].name }
