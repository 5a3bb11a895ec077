package wait

import (
	"math"
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/sched"
)

// A Completion says that something is done (struct completion): it counts how
// often, so that a wait that comes late does not sleep. Init prepares it.
type Completion struct {
	done    uint32
	lock    lock.Spin
	waiters []*sched.Task // first come, first served
}

// completionLock is the class of every completion's lock.
var completionLock = lock.NewClass("&x->wait")

// Init models init_completion.
func (x *Completion) Init(c *cpu.CPU) {
	*x = Completion{}
	x.lock.Init(c, completionLock)
}

// Reinit models reinit_completion: what was done before does not count.
func (x *Completion) Reinit() { x.done = 0 }

// Wait models wait_for_completion: t sleeps until Complete has been called
// once for it. Context: process context.
func (x *Completion) Wait(t *sched.Task) {
	sched.MightSleep(t)
	x.lock.LockIRQ(t.CPU())
	if x.done == 0 {
		x.sleep(t)
	}
	if x.done != math.MaxUint32 {
		x.done--
	}
	x.lock.UnlockIRQ(t.CPU())
}

// sleep models do_wait_for_common: the lock is held before and after.
func (x *Completion) sleep(t *sched.Task) {
	for x.done == 0 {
		if !slices.Contains(x.waiters, t) {
			x.waiters = append(x.waiters, t)
		}
		sched.SetState(t, sched.Uninterruptible)
		x.lock.UnlockIRQ(t.CPU())
		sched.Schedule(t.CPU())
		x.lock.LockIRQ(t.CPU())
	}
	x.waiters = slices.DeleteFunc(x.waiters, func(w *sched.Task) bool { return w == t })
}

// Complete models complete: it lets one wait through, the first that came.
// Context: any.
func (x *Completion) Complete(c *cpu.CPU) {
	flags := x.lock.LockIRQSave(c)
	if x.done != math.MaxUint32 {
		x.done++
	}
	x.wake(c, 1)
	x.lock.UnlockIRQRestore(c, flags)
}

// CompleteAll models complete_all: all waits go through, those to come too.
func (x *Completion) CompleteAll(c *cpu.CPU) {
	flags := x.lock.LockIRQSave(c)
	x.done = math.MaxUint32
	x.wake(c, len(x.waiters))
	x.lock.UnlockIRQRestore(c, flags)
}

// wake models swake_up_locked: who is woken leaves the queue.
func (x *Completion) wake(c *cpu.CPU, n int) {
	for ; n > 0 && len(x.waiters) > 0; n-- {
		first := x.waiters[0]
		x.waiters = x.waiters[1:]
		sched.WakeUpProcess(c, first)
	}
}

// Done models completion_done: a wait would not sleep.
func (x *Completion) Done() bool { return x.done != 0 }
