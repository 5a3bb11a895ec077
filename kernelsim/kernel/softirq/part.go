package softirq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/oops"
)

// A processor is one as a part sees it.
type processor struct {
	c        *cpu.CPU
	byThread bool
}

var (
	_ softirqabi.Processor = (*processor)(nil)
	_ softirqabi.Return    = (*processor)(nil)
)

// processors keeps one for each, so that a part's call allocates nothing.
var processors = percpu.New[processor]("softirq_part")

// loopPart lets a part run what is pending, and looks at what it leaves behind.
func loopPart(c *cpu.CPU, loop softirqabi.Loop, byThread bool) {
	p := processors.Raw(c)
	was := p.byThread
	p.c, p.byThread = c, byThread
	before := preempt.Count(c)
	loop(p)
	p.byThread = was
	checkPart(c, "the softirq loop", before)
}

// exitPart lets a part lead the way out of an interrupt.
func exitPart(c *cpu.CPU, exit softirqabi.Exit) {
	p := processors.Raw(c)
	p.c = c
	before := preempt.Count(c)
	exit(p)
	checkPart(c, "irq_exit", before-preempt.HardIRQOffset)
}

// checkPart ends the run if a part has not left the processor as it should.
func checkPart(c *cpu.CPU, what string, want uint32) {
	if got := preempt.Count(c); got != want {
		oops.Raise(oops.Report{Rule: "preempt_count leak", CPU: c.ID,
			Title: fmt.Sprintf("huh, %s should have ended with preempt_count %08x, exited with %08x?", what, want, got),
			Why:   "what a function adds to preempt_count it takes away again, on every way out, and nothing else"})
	}
	if c.IF() {
		oops.Raise(oops.Report{Rule: "IF left on", CPU: c.ID,
			Title: fmt.Sprintf("WARNING: %s enabled interrupts", what),
			Why:   "it was called with interrupts off and must return so: between its last look at what is pending and its end nothing may be raised"})
	}
}

// InInterrupt models in_interrupt.
func (p *processor) InInterrupt() bool { return preempt.InInterrupt(p.c) }

// Pending models local_softirq_pending.
func (p *processor) Pending() uint16 { return pending.Peek(p.c) }

// SetPending models set_softirq_pending.
func (p *processor) SetPending(mask uint16) { pending.Write(p.c, mask) }

// Begin models softirq_handle_begin.
func (p *processor) Begin() { preempt.Add(p.c, preempt.SoftIRQOffset) }

// End models softirq_handle_end.
func (p *processor) End() { preempt.Sub(p.c, preempt.SoftIRQOffset) }

// EnableIRQ models local_irq_enable.
func (p *processor) EnableIRQ() { p.c.STI() }

// DisableIRQ models local_irq_disable.
func (p *processor) DisableIRQ() { p.c.CLI() }

// Run runs one softirq.
func (p *processor) Run(nr int) {
	if nr < 0 || nr >= int(NumSoftIRQs) {
		oops.Raise(oops.Report{Rule: "no such softirq", CPU: p.c.ID,
			Title: fmt.Sprintf("UBSAN: array-index-out-of-bounds: softirq_vec[%d]", nr),
			Why:   "there are ten softirqs, 0 to 9: their numbers are the bits that are set in what is pending"})
	}
	states.Raw(p.c).act(p.c, Nr(nr))
}

// Jiffies models jiffies.
func (p *processor) Jiffies() uint64 { return sched.Jiffies(p.c) }

// Limit is MAX_SOFTIRQ_TIME.
func (p *processor) Limit() uint64 { return states.Raw(p.c).limit }

// NeedResched models need_resched.
func (p *processor) NeedResched() bool { return sched.NeedResched(p.c) }

// ByThread says whether ksoftirqd runs the loop.
func (p *processor) ByThread() bool { return p.byThread }

// Quiescent models rcu_softirq_qs.
func (p *processor) Quiescent() { states.Raw(p.c).quiescent(p.c) }

// WakeThread models wakeup_softirqd.
func (p *processor) WakeThread() { states.Raw(p.c).wakeThread(p.c) }

// LeaveHardIRQ models preempt_count_sub(HARDIRQ_OFFSET).
func (p *processor) LeaveHardIRQ() { preempt.Sub(p.c, preempt.HardIRQOffset) }

// ThreadHasIt models ksoftirqd_running.
func (p *processor) ThreadHasIt(mask uint16) bool { return states.Raw(p.c).threadHasIt(p.c, mask) }

// Forced models force_irqthreads.
func (p *processor) Forced() bool { return states.Raw(p.c).forced(p.c) }

// Do models __do_softirq.
func (p *processor) Do() { runInline(p.c) }

// TickExit models tick_irq_exit.
func (p *processor) TickExit() { states.Raw(p.c).tickExit(p.c) }
