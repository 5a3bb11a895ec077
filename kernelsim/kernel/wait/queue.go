// Package wait models wait queues and completions (kernel/sched/wait.c,
// completion.c): tasks that sleep until something has happened.
package wait

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/sched"
)

// A Queue is the tasks that wait for a condition (wait_queue_head_t). Init
// prepares it.
type Queue struct {
	lock    lock.Spin
	waiters []*waiter
}

// A waiter is one of them (wait_queue_entry_t).
type waiter struct {
	task      *sched.Task
	exclusive bool
	queued    bool
}

// Init models init_waitqueue_head, which makes a lock class of its own for
// every place that calls it, so that queues of different kinds may nest. Here
// the caller declares it, by the name that the macro would give it:
// lock.NewClass("&ring->wait").
func (q *Queue) Init(c *cpu.CPU, class lock.Class) {
	*q = Queue{}
	q.lock.Init(c, class)
}

// Event models wait_event: t sleeps until cond is true. Every wake-up makes
// it look again. Context: process context.
func (q *Queue) Event(t *sched.Task, cond func() bool) { q.event(t, cond, false) }

// EventExclusive models wait_event_exclusive_cmd without its commands: of
// those who wait so, a wake-up wakes one, the one that has waited longest.
func (q *Queue) EventExclusive(t *sched.Task, cond func() bool) { q.event(t, cond, true) }

// event models ___wait_event. The state is set before the condition is looked
// at: a wake-up between the two turns it back, and the sleep does not happen.
func (q *Queue) event(t *sched.Task, cond func() bool, exclusive bool) {
	sched.MightSleep(t)
	if cond() {
		return
	}
	w := &waiter{task: t, exclusive: exclusive}
	for {
		q.prepare(t.CPU(), w)
		if cond() {
			break
		}
		sched.Schedule(t.CPU())
	}
	q.finish(t.CPU(), w)
}

// prepare models prepare_to_wait_event: those who are all woken stand in
// front, those who are woken one by one behind, in the order of their coming.
func (q *Queue) prepare(c *cpu.CPU, w *waiter) {
	flags := q.lock.LockIRQSave(c)
	if !w.queued {
		w.queued = true
		q.waiters = append(q.waiters, w)
		if !w.exclusive {
			copy(q.waiters[1:], q.waiters)
			q.waiters[0] = w
		}
	}
	sched.SetState(w.task, sched.Uninterruptible)
	q.lock.UnlockIRQRestore(c, flags)
}

// finish models finish_wait.
func (q *Queue) finish(c *cpu.CPU, w *waiter) {
	sched.SetState(w.task, sched.Running)
	if !w.queued {
		return
	}
	flags := q.lock.LockIRQSave(c)
	q.remove(w)
	q.lock.UnlockIRQRestore(c, flags)
}

func (q *Queue) remove(w *waiter) {
	q.waiters = slices.DeleteFunc(q.waiters, func(other *waiter) bool { return other == w })
	w.queued = false
}

// WakeUp models wake_up: everybody in front, and the first of those who wait
// exclusively. Context: any.
func (q *Queue) WakeUp(c *cpu.CPU) { q.wake(c, 1) }

// WakeUpAll models wake_up_all.
func (q *Queue) WakeUpAll(c *cpu.CPU) { q.wake(c, 0) }

// wake models __wake_up_common with autoremove_wake_function: who is woken
// leaves the queue. exclusive is how many of those who wait exclusively; 0 is
// all of them.
func (q *Queue) wake(c *cpu.CPU, exclusive int) {
	flags := q.lock.LockIRQSave(c)
	for i := 0; i < len(q.waiters); {
		w := q.waiters[i]
		if !sched.WakeUpProcess(c, w.task) {
			i++
			continue
		}
		q.remove(w)
		if w.exclusive {
			if exclusive--; exclusive == 0 {
				break
			}
		}
	}
	q.lock.UnlockIRQRestore(c, flags)
}

// Active models waitqueue_active: somebody waits.
func (q *Queue) Active() bool { return len(q.waiters) > 0 }
