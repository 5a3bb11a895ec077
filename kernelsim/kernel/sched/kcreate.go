package sched

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
)

// KThreadCreate models kthread_create (include/linux/kthread.h): a new kernel
// thread that waits to be woken for the first time. Context: process context
// or boot.
func KThreadCreate(c *cpu.CPU, name string, fn func(t *Task)) *Task {
	t := newTask(c, name, Attr{Policy: Normal}, fn)
	t.State, t.cpu = Uninterruptible, c
	return t
}

// KThreadStopWait models kthread_stop: KThreadStop, then self waits until t's
// function has returned. A thread that has not run yet never calls it.
// Context: process context or boot.
func KThreadStopWait(self, t *Task) {
	t.reaper = self
	KThreadStop(self.cpu, t)
	for !t.gone {
		if self.Policy == Idle {
			WaitEarly(self, func() bool { return t.gone })
			return
		}
		SetState(self, Uninterruptible)
		if t.gone {
			break
		}
		Schedule(self.cpu)
	}
	SetState(self, Running)
}

// SetReaper tells what is to be done with a task that has ended
// (put_task_struct_rcu_user): f is called on its processor with interrupts off,
// when nobody finds it any more. Context: boot.
func SetReaper(c *cpu.CPU, f func(c *cpu.CPU, t *Task)) { shared.Of(c).reaper = f }

// tellReaper wakes who waits for the end of a thread (the completion that
// mm_release has for kthread_stop).
func tellReaper(t *Task) {
	t.gone = true
	if t.reaper != nil && t.reaper.Policy != Idle {
		WakeUpProcess(t.cpu, t.reaper)
	}
}

// WaitEarly is how the code that boots the kernel waits: it is the idle task,
// which cannot sleep, so it lets all others run until cond is true.
func WaitEarly(t *Task, cond func() bool) {
	for !cond() {
		t.cpu.Spend(cost.CPURelax)
		runqueues.Raw(t.cpu).update(t.cpu.Now())
		schedule(t.cpu, t, false)
	}
}

// SetFIFO models sched_set_fifo (kernel/sched/core.c) of the task that calls:
// from now on it is more urgent than all fair ones.
func SetFIFO(t *Task) {
	runqueues.Raw(t.cpu).update(t.cpu.Now())
	t.Policy, t.RTPrio = FIFO, 50
}
