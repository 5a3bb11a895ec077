package hrtimer

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// attempts is how often one interrupt looks for timers that are due.
const attempts = 3

// Interrupt models hrtimer_interrupt, the handler of the clock event device:
// timers that may run do, the softirq is raised for the soft ones, and the
// clock is set to the next. Context: hard interrupt.
func Interrupt(c *cpu.CPU) {
	b := bases.Raw(c)
	if b.dev == nil { // the last one of a processor that has gone (clockevents_handle_noop)
		return
	}
	b.stats.Events++
	entry := c.Now()
	for range attempts {
		next := b.pass(c)
		if !b.program(c, next, false) {
			b.hang = false
			return
		}
		b.stats.Retries++
	}
	b.giveUp(c, c.Now()-entry)
}

// pass is one look at the queues. It returns when the next timer must run.
func (b *cpuBase) pass(c *cpu.CPU) sim.Time {
	flags := b.lock.LockIRQSave(c)
	now := c.Now()
	b.inIRQ = true
	b.expires = sim.Forever // nobody may believe that he is the first
	if now >= b.softNext {
		b.softNext, b.activated = sim.Forever, true
		softirq.RaiseIRQOff(c, softirq.HRTimer)
	}
	b.hard.run(c, now, flags)
	next := b.updateNext()
	b.expires, b.inIRQ = next, false
	b.lock.UnlockIRQRestore(c, flags)
	return next
}

// giveUp is the end of an interrupt that could not catch up with its timers: the
// processor gets as much time for other things as it spent here, at most a
// tenth of a second.
func (b *cpuBase) giveUp(c *cpu.CPU, spent sim.Time) {
	b.stats.Hangs++
	b.hang = true
	b.program(c, c.Now()+min(spent, 100*sim.Millisecond), true)
	if s := shared.Of(c); !s.warned {
		s.warned = true
		printk.Printk(c, printk.Warning, "hrtimer: interrupt took %d ns", spent)
	}
}

// run models __hrtimer_run_queues for one queue: what may run does. A timer that
// may, but stands behind one that must not yet, waits for that one's interrupt.
// Context: locked.
func (b *clockBase) run(c *cpu.CPU, now sim.Time, flags cpu.Flags) {
	for t := b.first(); t != nil && t.soft <= now; t = b.first() {
		b.call(c, t, now, flags)
	}
}

// call models __run_hrtimer. The lock is free while the function runs, so that
// it, or somebody else, can start the timer again. Context: locked, as flags
// says.
func (b *clockBase) call(c *cpu.CPU, t *Timer, now sim.Time, flags cpu.Flags) {
	b.running = t
	t.remove(c, b, false)
	fn := t.fn
	b.cpu.lock.UnlockIRQRestore(c, flags)
	sched.Record(c, trace.HRTimerExpireEntry, t.id, t.symbol, uint32(now), uint32(now>>32))
	restart := fn(c, t)
	sched.Record(c, trace.HRTimerExpireExit, t.id, 0, 0, 0)
	b.cpu.lock.LockIRQ(c)
	if restart == Again && !t.Queued() {
		b.enqueue(c, t, Abs, false)
	}
	b.running = nil
}

// runSoftIRQ models hrtimer_run_softirq. Context: softirq.
func runSoftIRQ(c *cpu.CPU) {
	b := bases.Raw(c)
	flags := b.lock.LockIRQSave(c)
	b.sft.run(c, c.Now(), flags)
	b.activated = false
	if at := b.nextInSoft(); at != sim.Forever { // hrtimer_update_softirq_timer
		b.nextSoft.reprogram(c, true)
	}
	b.lock.UnlockIRQRestore(c, flags)
}
