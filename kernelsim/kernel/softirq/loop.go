package softirq

import (
	"math/bits"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// The limits of one call: the time (MAX_SOFTIRQ_TIME) and the passes
// (MAX_SOFTIRQ_RESTART). The time is looked at only between passes.
const (
	maxTime   = 2 * sim.Millisecond
	maxPasses = 10
)

// Do models do_softirq: what is pending runs now, on the processor's interrupt
// stack, unless it is somebody else's turn to see to it. Context: any.
func Do(c *cpu.CPU) {
	cfg := &shared.Of(c).cfg
	if cfg.Loop == nil && preempt.InInterrupt(c) {
		return
	}
	flags := c.SaveFlags()
	if mask := pending.Peek(c); mask != 0 && !threadHasIt(c, mask) {
		if cfg.OwnStack != nil {
			cfg.OwnStack(c, runInline)
		} else {
			runInline(c)
		}
	}
	c.RestoreFlags(flags)
}

// runInline models __do_softirq.
func runInline(c *cpu.CPU) { run(c, false) }

// run leads to the part that replaces the loop, or to the loop.
func run(c *cpu.CPU, byThread bool) {
	if loop := shared.Of(c).cfg.Loop; loop != nil {
		loopPart(c, loop, byThread)
		return
	}
	handle(c, byThread)
}

// handle models handle_softirqs: passes over what is pending, until nothing is,
// or until others must have the processor. What is left then is ksoftirqd's,
// for which others need not wait. Context: IF clear before and after.
func handle(c *cpu.CPU, byThread bool) {
	end := sched.Jiffies(c) + limit(c)
	mask := pending.Peek(c)
	preempt.Add(c, preempt.SoftIRQOffset)
	for passes := 1; ; passes++ {
		pass(c, mask)
		if byThread {
			quiescent(c)
		}
		c.CLI()
		if mask = pending.Peek(c); mask == 0 {
			break
		}
		if sched.Jiffies(c) >= end || sched.NeedResched(c) || passes == maxPasses {
			wakeThread(c)
			break
		}
	}
	preempt.Sub(c, preempt.SoftIRQOffset)
}

// pass runs what mask names, the lowest number first. The pending word is
// empty before interrupts come: what they raise from now on waits for the next
// pass.
func pass(c *cpu.CPU, mask uint16) {
	pending.Write(c, 0)
	c.STI()
	for ; mask != 0; mask &= mask - 1 {
		act(c, Nr(bits.TrailingZeros16(mask)))
	}
}

// limit is maxTime in jiffies, rounded up (msecs_to_jiffies).
func limit(c *cpu.CPU) uint64 {
	return uint64((maxTime*sim.Time(sched.HZ(c)) + sim.Second - 1) / sim.Second)
}

// act runs one softirq of the pass, and looks at what its action leaves behind.
func act(c *cpu.CPU, nr Nr) {
	s := stats.Raw(c)
	s.count[nr]++
	c.Spend(cost.SoftIRQ)
	sched.Record(c, trace.SoftIRQEntry, uint32(nr), 0, 0, 0)
	a := shared.Of(c).actions[nr]
	if a == nil {
		c.PageFault(0, instructionFetch)
	}
	before, on := preempt.Count(c), c.IF()
	s.serving, s.busy = nr, true
	a(c)
	s.busy = false
	sched.Record(c, trace.SoftIRQExit, uint32(nr), 0, 0, 0)
	if preempt.Count(c) != before || c.IF() != on {
		Leaked(c, nr, a, before, on)
	}
}

// instructionFetch is the error code of a call of address 0.
const instructionFetch = 1 << 4

// quiescent models rcu_softirq_qs.
func quiescent(c *cpu.CPU) {
	if fn := shared.Of(c).cfg.Quiescent; fn != nil {
		fn(c)
	}
}
