package workqueue

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/wait"
)

// A flusher is a task that waits for all works of a color (struct
// wq_flusher).
type flusher struct {
	color int
	done  wait.Completion
}

func nextColor(n int) int { return (n + 1) % colors }

// Flush models flush_workqueue: it returns when all works have run that were
// queued before. Works that are queued meanwhile are not waited for, because
// they have another color: each flush takes one. Context: process context; it
// sleeps.
func Flush(t *sched.Task, wq *Workqueue) {
	if !shared.Of(t.CPU()).online {
		warn(t.CPU(), warnFlushAllEarly)
		return
	}
	checkOwn(t, wq)
	f := &flusher{color: noColor}
	f.done.Init(t.CPU())
	wq.mutex.Lock(t)
	wait := wq.begin(t, f)
	if wait {
		checkDependency(t, wq, nil, false)
	}
	wq.mutex.Unlock(t)
	if !wait {
		return
	}
	f.done.Wait(t)
	if wq.first != f { // somebody else has finished, and let us go too
		return
	}
	wq.mutex.Lock(t)
	if wq.first == f {
		wq.cascade(t)
	}
	wq.mutex.Unlock(t)
}

// begin is the start-to-wait phase of flush_workqueue: f gets the color of the
// works up to now, if there is one left for those to come. It reports whether
// there is anything to wait for. Context: wq.mutex held.
func (wq *Workqueue) begin(t *sched.Task, f *flusher) bool {
	next := nextColor(wq.workColor)
	if next == wq.flushColor { // all colors are taken
		wq.overflow = append(wq.overflow, f)
		return true
	}
	f.color, wq.workColor = wq.workColor, next
	if wq.first != nil {
		wq.flushers = append(wq.flushers, f)
		wq.prepare(t, false, true)
		return true
	}
	wq.first = f
	if wq.prepare(t, true, true) {
		return true
	}
	wq.flushColor, wq.first = next, nil
	return false
}

// prepare models flush_workqueue_prep_pwqs. arm: every share that has works of
// the color that is flushed is to tell when they have run; it reports whether
// there are any. advance: what is queued from now on has the new color. Both
// happen to a share at once. Context: wq.mutex held.
func (wq *Workqueue) prepare(t *sched.Task, arm, advance bool) (wait bool) {
	if arm {
		wq.toFlush = 1 // our own, so that it is not over before all are asked
	}
	for _, pwq := range wq.pwqs {
		pwq.pool.lock.LockIRQ(t.CPU())
		if arm && pwq.inFlight[wq.flushColor] > 0 {
			pwq.flushColor = wq.flushColor
			wq.toFlush++
			wait = true
		}
		if advance {
			pwq.workColor = wq.workColor
		}
		pwq.pool.lock.UnlockIRQ(t.CPU())
	}
	if arm {
		wq.flushed(t.CPU())
	}
	return wait
}

// flushed says that one share has no works left of the color that is flushed.
// The last one wakes the first flusher. Context: any.
func (wq *Workqueue) flushed(c *cpu.CPU) {
	if wq.toFlush--; wq.toFlush == 0 {
		wq.first.done.Complete(c)
	}
}

// cascade is the wake-up-and-cascade phase of flush_workqueue: all who waited
// for this color go on, and if others wait for the next one, the first of them
// takes over. Context: wq.mutex held.
func (wq *Workqueue) cascade(t *sched.Task) {
	wq.first = nil
	for {
		wq.release(t)
		wq.flushColor = nextColor(wq.flushColor)
		wq.admit(t)
		if len(wq.flushers) == 0 {
			return
		}
		wq.first = wq.flushers[0]
		wq.flushers = slices.Delete(wq.flushers, 0, 1)
		if wq.prepare(t, true, false) {
			return
		}
		wq.first = nil // its works have run already
	}
}

// release lets everybody go who waited for the color that is flushed. A
// flusher whose works had run when it became the first is not in the list, but
// prepare has told it.
func (wq *Workqueue) release(t *sched.Task) {
	for len(wq.flushers) > 0 && wq.flushers[0].color == wq.flushColor {
		f := wq.flushers[0]
		wq.flushers = slices.Delete(wq.flushers, 0, 1)
		f.done.Complete(t.CPU())
	}
}

// admit gives those who found no color the one that has become free, all the
// same one.
func (wq *Workqueue) admit(t *sched.Task) {
	if len(wq.overflow) == 0 {
		return
	}
	for _, f := range wq.overflow {
		f.color = wq.workColor
	}
	wq.workColor = nextColor(wq.workColor)
	wq.flushers = append(wq.flushers, wq.overflow...)
	wq.overflow = nil
	wq.prepare(t, false, true)
}

// Drain models drain_workqueue: it returns when wq is empty. Meanwhile only
// works of wq may queue others on it, so it is flushed until none does.
// Context: process context; it sleeps.
func Drain(t *sched.Task, wq *Workqueue) {
	wq.mutex.Lock(t)
	wq.drainers++
	wq.flags |= draining
	wq.mutex.Unlock(t)
	for tries := 1; ; tries++ {
		Flush(t, wq)
		wq.mutex.Lock(t)
		if wq.drained(t) {
			break
		}
		if tries == 10 || tries%100 == 0 && tries <= 1000 {
			printk.Printk(t.CPU(), printk.Warning, "workqueue %s: drain_workqueue() isn't complete after %d tries", wq.name, tries)
		}
		wq.mutex.Unlock(t)
	}
	if wq.drainers--; wq.drainers == 0 {
		wq.flags &^= draining
	}
	wq.mutex.Unlock(t)
}

// drained says whether no work of wq waits or runs.
func (wq *Workqueue) drained(t *sched.Task) bool {
	for _, pwq := range wq.pwqs {
		pwq.pool.lock.LockIRQ(t.CPU())
		busy := pwq.active > 0 || !pwq.inactive.empty()
		pwq.pool.lock.UnlockIRQ(t.CPU())
		if busy {
			return false
		}
	}
	return true
}
