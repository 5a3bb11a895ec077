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
	s := states.Raw(c)
	if s.cfg.Loop == nil && preempt.InInterrupt(c) {
		return
	}
	flags := c.SaveFlags()
	if mask := pending.Peek(c); mask != 0 && !s.threadHasIt(c, mask) {
		if s.cfg.OwnStack != nil {
			s.cfg.OwnStack(c, runInline)
		} else {
			runInline(c)
		}
	}
	c.RestoreFlags(flags)
}

// runInline models __do_softirq.
func runInline(c *cpu.CPU) { states.Raw(c).run(c, false) }

// run leads to the part that replaces the loop, or to the loop.
func (s *state) run(c *cpu.CPU, byThread bool) {
	if s.cfg.Loop != nil {
		loopPart(c, s.cfg.Loop, byThread)
		return
	}
	s.handle(c, pending.Peek(c), byThread)
}

// handle models handle_softirqs: passes over what is pending, until nothing is,
// or until others must have the processor. What is left then is ksoftirqd's,
// for which others need not wait. The clock is read at the beginning, and
// counted in jiffies only if that matters. Context: IF clear before and after.
func (s *state) handle(c *cpu.CPU, mask uint16, byThread bool) {
	start := c.Now()
	preempt.Add(c, preempt.SoftIRQOffset)
	for passes := 1; ; passes++ {
		s.pass(c, mask)
		if byThread {
			s.quiescent(c)
		}
		c.CLI()
		if mask = pending.Peek(c); mask == 0 {
			break
		}
		if s.timeIsUp(c, start) || sched.NeedResched(c) || passes == maxPasses {
			s.wakeThread(c)
			break
		}
	}
	preempt.Sub(c, preempt.SoftIRQOffset)
}

// timeIsUp models the comparison of jiffies with what they were at the
// beginning, and MAX_SOFTIRQ_TIME.
func (s *state) timeIsUp(c *cpu.CPU, start sim.Time) bool {
	return uint64(c.Now()/s.jiffy) >= uint64(start/s.jiffy)+s.limit
}

// pass runs what mask names, the lowest number first. The pending word is
// empty before interrupts come: what they raise from now on waits for the next
// pass.
func (s *state) pass(c *cpu.CPU, mask uint16) {
	pending.Write(c, 0)
	c.STI()
	for ; mask != 0; mask &= mask - 1 {
		s.act(c, Nr(bits.TrailingZeros16(mask)))
	}
}

// act runs one softirq of the pass, and looks at what its action leaves behind.
func (s *state) act(c *cpu.CPU, nr Nr) {
	s.count[nr]++
	c.Spend(cost.SoftIRQ)
	sched.Record(c, trace.SoftIRQEntry, uint32(nr), 0, 0, 0)
	s.serving, s.busy = nr, true
	a := s.actions[nr]
	if a == nil {
		c.PageFault(0, instructionFetch)
	}
	before, on := preempt.Count(c), c.IF()
	a(c)
	sched.Record(c, trace.SoftIRQExit, uint32(nr), 0, 0, 0)
	if preempt.Count(c) != before || c.IF() != on {
		Leaked(c, nr, a, before, on)
	}
	s.busy = false
}

// instructionFetch is the error code of a call of address 0.
const instructionFetch = 1 << 4

// quiescent models rcu_softirq_qs.
func (s *state) quiescent(c *cpu.CPU) {
	if s.cfg.Quiescent != nil {
		s.cfg.Quiescent(c)
	}
}
