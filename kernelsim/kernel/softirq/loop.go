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
// (MAX_SOFTIRQ_RESTART). The time is only looked at between passes.
const (
	maxTime  = 2 * sim.Millisecond
	maxTurns = 10
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

// run models handle_softirqs: passes over what is pending, until nothing is,
// or until others must have the processor, which ksoftirqd is then to tell
// apart. Context: IF clear before and after.
func run(c *cpu.CPU, byThread bool) {
	end := sched.Jiffies(c) + limit(c)
	mask := pending.Peek(c)
	preempt.Add(c, preempt.SoftIRQOffset)
	for turn := 1; ; turn++ {
		pending.Write(c, 0)
		c.STI()
		for ; mask != 0; mask &= mask - 1 {
			act(c, Nr(bits.TrailingZeros16(mask)))
		}
		if byThread {
			quiescent(c)
		}
		c.CLI()
		if mask = pending.Peek(c); mask == 0 {
			break
		}
		if sched.Jiffies(c) >= end || sched.NeedResched(c) || turn == maxTurns {
			wakeThread(c)
			break
		}
	}
	preempt.Sub(c, preempt.SoftIRQOffset)
}

// limit is maxTime in jiffies, rounded up (msecs_to_jiffies).
func limit(c *cpu.CPU) uint64 {
	return uint64((maxTime*sim.Time(sched.HZ(c)) + sim.Second - 1) / sim.Second)
}

// act runs one softirq of the pass.
func act(c *cpu.CPU, nr Nr) {
	kstat.Raw(c)[nr]++
	c.Spend(cost.SoftIRQ)
	sched.Record(c, trace.SoftIRQEntry, uint32(nr), 0, 0, 0)
	a := shared.Of(c).actions[nr]
	if a == nil {
		c.PageFault(0, instructionFetch)
	}
	a(c)
	sched.Record(c, trace.SoftIRQExit, uint32(nr), 0, 0, 0)
}

// instructionFetch is the error code of a call of address 0.
const instructionFetch = 1 << 4

// quiescent models rcu_softirq_qs.
func quiescent(c *cpu.CPU) {
	if fn := shared.Of(c).cfg.Quiescent; fn != nil {
		fn(c)
	}
}
