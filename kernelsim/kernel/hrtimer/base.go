package hrtimer

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A cpuBase is one processor's timers (struct hrtimer_cpu_base).
type cpuBase struct {
	lock      lock.Spin
	id        int
	dev       ClockEventDevice
	hard, sft clockBase

	online    bool
	inIRQ     bool     // in_hrtirq: Interrupt works, and sets the clock at its end
	hang      bool     // hang_detected
	activated bool     // softirq_activated: the softirq is raised and looks for itself
	expires   sim.Time // expires_next: what the clock is set to
	softNext  sim.Time // softirq_expires_next
	next      *Timer   // next_timer
	nextSoft  *Timer   // softirq_next_timer
	stats     Stats
}

// Stats counts what the interrupts of a processor's clock found (the fields of
// struct hrtimer_cpu_base that /proc/timer_list prints).
type Stats struct {
	Events  uint64 // nr_events: interrupts
	Retries uint64 // nr_retries: the next timer was due when they ended
	Hangs   uint64 // nr_hangs: three times in a row
}

// A clockBase is one queue (struct hrtimer_clock_base): a heap of its timers,
// the first to run at its root.
type clockBase struct {
	cpu     *cpuBase
	heap    []*Timer
	running *Timer
	orders  uint64
}

// bases is the per-CPU variable of that name.
var bases = percpu.New[cpuBase]("hrtimer_bases")

// StatsOf is p's counts.
func StatsOf(p *cpu.CPU) Stats { return bases.Raw(p).stats }

// queue is the queue of hard or of soft timers.
func (b *cpuBase) queue(soft bool) *clockBase {
	if soft {
		return &b.sft
	}
	return &b.hard
}

// lockBase models lock_hrtimer_base: it locks the base that t is on when the
// lock is got; meanwhile t may move, and the task that asks too, so that it
// returns the processor.
func lockBase(c *cpu.CPU, t *Timer) (*cpu.CPU, *clockBase, cpu.Flags) {
	self := sched.Current(c)
	for {
		b := t.base
		if b != nil {
			flags := b.cpu.lock.LockIRQSave(c)
			if b == t.base {
				return c, b, flags
			}
			b.cpu.lock.UnlockIRQRestore(c, flags)
			c = self.CPU()
		}
		c.Spend(cost.CPURelax)
		c = self.CPU()
	}
}

// targetBase models get_target_base: where a timer goes that is started here.
func targetBase(c *cpu.CPU, here *cpuBase, pinned bool) *cpuBase {
	switch {
	case !here.online:
		return bases.Raw(sched.AnyOnline(c))
	case pinned:
		return here
	}
	return bases.Raw(sched.NoHZTimerTarget(c))
}

// switchBase models switch_hrtimer_base: t goes to the processor that it shall
// run on, unless its function runs. Context: b locked; so is the result.
func (t *Timer) switchBase(c *cpu.CPU, b *clockBase, pinned bool) *clockBase {
	here := bases.Raw(c)
	target := targetBase(c, here, pinned)
	for {
		to := target.queue(t.inSoft)
		if b == to {
			if t.suits(to, here) {
				return to
			}
			target = here
			continue
		}
		if t.running() {
			return b
		}
		t.base = nil
		b.cpu.lock.Unlock(c)
		to.cpu.lock.Lock(c)
		if t.suits(to, here) {
			t.base = to
			return to
		}
		to.cpu.lock.Unlock(c)
		b.cpu.lock.Lock(c)
		t.base, target = b, here
	}
}

// suits models hrtimer_suitable_target: nobody but a processor itself can set
// its clock, so a timer that would be the first elsewhere stays here.
func (t *Timer) suits(to *clockBase, here *cpuBase) bool {
	return to.cpu == here || !here.online || t.expires >= to.cpu.expires
}

// enqueue models enqueue_hrtimer: true if t is the queue's first now. Context:
// locked.
func (b *clockBase) enqueue(c *cpu.CPU, t *Timer, mode Mode, armed bool) bool {
	recordStart(c, t, mode, armed)
	b.orders++
	t.order = b.orders
	b.push(t)
	c.Spend(cost.HRTimerQueue)
	return t.index == 1
}

// recordStart records hrtimer_start.
func recordStart(c *cpu.CPU, t *Timer, mode Mode, armed bool) {
	how := uint32(mode)
	if armed {
		how |= wasArmed
	}
	slack := min((t.expires-t.soft)/sim.Microsecond, 1<<24-1)
	sched.Record(c, trace.HRTimerStart, t.id&0xffff|t.symbol<<16, how|uint32(slack)<<8,
		uint32(t.expires), uint32(t.expires>>32))
}

// wasArmed is the bit of a trace record that says that a timer waited when it
// was started.
const wasArmed = 1 << 7

// remove models remove_hrtimer: t does not wait any more; it returns whether it
// did. Where set is true, and t was what this processor's clock was set to, the
// clock is set anew. Another processor's interrupt comes for nothing. Context:
// locked.
func (t *Timer) remove(c *cpu.CPU, b *clockBase, set bool) bool {
	if !t.Queued() {
		return false
	}
	c.Spend(cost.HRTimerQueue)
	b.pop(t)
	if set && b.cpu == bases.Raw(c) && b.cpu.next == t {
		b.cpu.forceReprogram(c, true)
	}
	return true
}
