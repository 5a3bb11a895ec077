package workqueue

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
)

// A Delayed is a work that is queued when its timer runs out (struct
// delayed_work). InitDelayed prepares it; it may not be copied afterwards.
type Delayed struct {
	Work
	timer timer.Timer
	wq    *Workqueue
	cpu   int
}

// InitDelayed models INIT_DELAYED_WORK. The timer's function runs with
// interrupts off, so that nobody who interrupts it finds a work that neither
// its timer nor a workqueue has.
func InitDelayed(d *Delayed, name string, fn func(t *sched.Task, w *Work)) {
	Init(&d.Work, name, fn)
	timer.Setup(&d.timer, "delayed_work_timer_fn", func(c *cpu.CPU, _ *timer.Timer) { queue(c, d.cpu, d.wq, &d.Work) })
	d.timer.Flags = timer.IRQSafe
}

// QueueDelayed models queue_delayed_work: d is to run once, in so many jiffies
// or soon after; 0 is at once. False if it waits already. Context: any.
func QueueDelayed(c *cpu.CPU, wq *Workqueue, d *Delayed, jiffies uint64) bool {
	return QueueDelayedOn(c, AnyCPU, wq, d, jiffies)
}

// ScheduleDelayed models schedule_delayed_work: QueueDelayed on "events".
func ScheduleDelayed(c *cpu.CPU, d *Delayed, jiffies uint64) bool {
	return QueueDelayed(c, System(c), d, jiffies)
}

// QueueDelayedOn models queue_delayed_work_on: QueueDelayed for CPU n, whose
// timer it is, too.
func QueueDelayedOn(c *cpu.CPU, n int, wq *Workqueue, d *Delayed, jiffies uint64) bool {
	d.check(c)
	checkCPU(c, n)
	flags := c.SaveFlags()
	fresh := !d.pending
	d.pending = true
	c.Spend(cost.AtomicRMW)
	if fresh {
		d.start(c, n, wq, jiffies)
	}
	c.RestoreFlags(flags)
	return fresh
}

// ModDelayed models mod_delayed_work: d runs in so many jiffies from now,
// whatever it waited for. True if it waited. Context: any.
func ModDelayed(c *cpu.CPU, wq *Workqueue, d *Delayed, jiffies uint64) bool {
	return ModDelayedOn(c, AnyCPU, wq, d, jiffies)
}

// ModDelayedOn models mod_delayed_work_on: ModDelayed for CPU n. A work that
// somebody cancels is left alone, and counts as one that waited.
func ModDelayedOn(c *cpu.CPU, n int, wq *Workqueue, d *Delayed, jiffies uint64) bool {
	d.check(c)
	checkCPU(c, n)
	got, flags := grabSoon(c, &d.Work, d)
	if got == grabCanceling {
		return true
	}
	c = sched.Current(c).CPU()
	d.start(c, n, wq, jiffies)
	c.RestoreFlags(flags)
	return got == grabbedPending
}

// start models __queue_delayed_work. Context: interrupts off, d is marked as
// pending.
func (d *Delayed) start(c *cpu.CPU, n int, wq *Workqueue, jiffies uint64) {
	if jiffies == 0 { // the next tick would be late
		queue(c, n, wq, &d.Work)
		return
	}
	d.wq, d.cpu = wq, n
	if n == AnyCPU {
		timer.Mod(c, &d.timer, timer.Jiffies(c)+jiffies)
		return
	}
	d.timer.Expires = timer.Jiffies(c) + jiffies
	timer.AddOn(c, &d.timer, n)
}

// stopTimer models del_timer of d's timer.
func (d *Delayed) stopTimer(c *cpu.CPU) bool { return timer.Del(c, &d.timer) }

// FlushDelayed models flush_delayed_work: d, if it waits for its timer, is
// queued at once, and the last queued instance has run when it returns. It
// reports whether there was one. Context: process context; it sleeps.
func FlushDelayed(t *sched.Task, d *Delayed) bool {
	c := t.CPU()
	c.CLI()
	if timer.DelSync(c, &d.timer) {
		queue(c, d.cpu, d.wq, &d.Work)
	}
	c.STI()
	return FlushWork(t, &d.Work)
}

// CancelDelayed models cancel_delayed_work: d does not wait any more, but it
// may still run. It reports whether it waited. Context: any.
func CancelDelayed(c *cpu.CPU, d *Delayed) bool { return cancel(c, &d.Work, d) }

// CancelDelayedSync models cancel_delayed_work_sync: d neither waits nor runs
// when it returns, even if it queues itself. It reports whether it waited.
// Context: process context; it sleeps.
func CancelDelayedSync(t *sched.Task, d *Delayed) bool { return cancelSync(t, &d.Work, d) }
