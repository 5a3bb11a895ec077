package workqueue

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/wait"
)

// A barrier is a work that says when the one before it has run (struct
// wq_barrier).
type barrier struct {
	Work
	done wait.Completion
}

// FlushWork models flush_work: it returns when the last queued instance of w
// has run. It reports whether there was one to wait for. Context: process
// context; it sleeps.
func FlushWork(t *sched.Task, w *Work) bool { return flushWork(t, w, false) }

func flushWork(t *sched.Task, w *Work, fromCancel bool) bool {
	if !shared.Of(t.CPU()).online {
		warn(t.CPU(), warnFlushEarly)
		return false
	}
	w.check(t.CPU())
	checkSelf(t, w)
	b := &barrier{}
	if !startFlush(t, w, b, fromCancel) {
		return false
	}
	b.done.Wait(t)
	return true
}

// startFlush models start_flush_work: b stands behind w, or behind the worker
// that runs it. False means that w does neither wait nor run.
func startFlush(t *sched.Task, w *Work, b *barrier, fromCancel bool) bool {
	sched.MightSleep(t)
	p := w.lastPool(t.CPU())
	if p == nil {
		return false
	}
	p.lock.LockIRQ(t.CPU())
	var k *worker
	pwq := w.pwq
	if pwq == nil {
		if k = p.executing(w); k != nil {
			pwq = k.pwq
		}
	}
	found := pwq != nil && pwq.pool == p
	if found {
		checkDependency(t, pwq.wq, w, fromCancel)
		pwq.insertBarrier(t.CPU(), b, w, k)
	}
	p.lock.UnlockIRQ(t.CPU())
	return found
}

// insertBarrier models insert_wq_barrier: b is the next that k does if k runs
// w, else it is linked to w, and goes with it wherever w goes. It takes the
// color of w, but not a place among those that are active.
func (pwq *poolWorkqueue) insertBarrier(c *cpu.CPU, b *barrier, w *Work, k *worker) {
	Init(&b.Work, "wq_barrier_func", func(t *sched.Task, _ *Work) { b.done.Complete(t.CPU()) })
	b.done.Init(c)
	b.trace(c)
	b.pending, b.inactive = true, true
	at := w.entry.next
	if k != nil {
		b.color, at = k.color, k.scheduled.next
	} else {
		b.color, b.linked = w.color, w.linked
		w.linked = true
	}
	pwq.insert(c, &b.Work, at)
}

// A grab is what try_to_grab_pending has found.
type grab int

const (
	grabbedIdle    grab = iota // w did not wait; it is marked as pending now
	grabbedPending             // w waited, and does not any more
	grabAgain                  // w is on its way: -EAGAIN
	grabCanceling              // somebody else cancels it: -ENOENT
)

// tryGrab models try_to_grab_pending: the caller gets hold of w's pending mark
// and takes w out of wherever it waits. If it has not, interrupts are as
// before; if it has, they are off, and flags is for RestoreFlags. Context:
// any.
func tryGrab(c *cpu.CPU, w *Work, d *Delayed) (grab, cpu.Flags) {
	flags := c.SaveFlags()
	if d != nil && d.stopTimer(c) {
		return grabbedPending, flags
	}
	fresh := !w.pending
	w.pending = true
	c.Spend(cost.AtomicRMW)
	if fresh {
		return grabbedIdle, flags
	}
	if p := w.lastPool(c); p != nil {
		p.lock.Lock(c)
		found := w.pwq != nil && w.pwq.pool == p
		if found {
			w.steal(c)
		}
		p.lock.Unlock(c)
		if found {
			return grabbedPending, flags
		}
	}
	t := sched.Current(c)
	c.RestoreFlags(flags)
	if w.isCanceling() {
		return grabCanceling, flags
	}
	t.CPU().Spend(cost.CPURelax)
	return grabAgain, flags
}

// steal is the part of try_to_grab_pending that takes a queued work out of its
// list. One that is inactive is made active first, so that barriers behind it
// do not stay where nobody counts them. Context: the pool's lock held.
func (w *Work) steal(c *cpu.CPU) {
	pwq := w.pwq
	if w.inactive {
		pwq.activate(c, w)
	}
	w.entry.remove()
	pwq.done(c, w.color, w.inactive)
	w.setPool(pwq.pool, true)
}

// Cancel models cancel_work: w does not wait any more, but it may still run.
// It reports whether w waited. Context: any.
func Cancel(c *cpu.CPU, w *Work) bool { return cancel(c, w, nil) }

func cancel(c *cpu.CPU, w *Work, d *Delayed) bool {
	w.check(c)
	t := sched.Current(c)
	got, flags := grabSoon(c, w, d)
	if got == grabCanceling {
		return false
	}
	w.pending, w.canceling = false, false
	t.CPU().RestoreFlags(flags)
	return got == grabbedPending
}

// grabSoon is tryGrab again and again, until w is grabbed or somebody else
// cancels it. Interrupts are on between two attempts, if they were.
func grabSoon(c *cpu.CPU, w *Work, d *Delayed) (grab, cpu.Flags) {
	t := sched.Current(c)
	for {
		if got, flags := tryGrab(t.CPU(), w, d); got != grabAgain {
			return got, flags
		}
	}
}

// CancelSync models cancel_work_sync: w neither waits nor runs when it
// returns, even if it queues itself. It reports whether w waited. Context:
// process context; it sleeps.
func CancelSync(t *sched.Task, w *Work) bool { return cancelSync(t, w, nil) }

// cancelSync models __cancel_work_timer. While the mark canceling is set,
// nobody can queue w, and others who want to cancel it wait.
func cancelSync(t *sched.Task, w *Work, d *Delayed) bool {
	w.check(t.CPU())
	waiters := &shared.Of(t.CPU()).cancels
	got, flags := grabSoon(t.CPU(), w, d)
	for got == grabCanceling {
		waiters.Event(t, func() bool { return !w.isCanceling() })
		got, flags = grabSoon(t.CPU(), w, d)
	}
	w.canceling = true
	t.CPU().RestoreFlags(flags)
	if shared.Of(t.CPU()).online {
		flushWork(t, w, true)
	}
	w.last, w.pending, w.canceling = 0, false, false
	if waiters.Active() {
		waiters.WakeUpAll(t.CPU())
	}
	return got == grabbedPending
}

func (w *Work) isCanceling() bool { return w.pwq == nil && w.canceling }
