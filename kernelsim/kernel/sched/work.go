package sched

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
)

// A Work is a function that is to run in process context soon (struct
// work_struct). It stands in for workqueues until the kernel has them.
type Work struct {
	Fn     func(t *Task)
	queued bool
}

// A worker is the boot CPU's kworker/0:1 and what it has to do.
type worker struct {
	thread *Task
	list   []*Work
}

// workerPID is kworker/0:1's in the recorded boots.
const workerPID = 17

// StartWorker makes the worker, the first time that somebody needs one.
// Context: process context.
func StartWorker(c *cpu.CPU) {
	s := shared.Of(c)
	if s.worker.thread == nil {
		s.worker.thread = Spawn(c, "kworker/0:1", Attr{Policy: Normal, CPUs: []int{0}, Pinned: true, pid: workerPID}, workerThread)
	}
}

// workerThread models worker_thread.
func workerThread(t *Task) {
	s := shared.Of(t.cpu)
	for {
		for len(s.worker.list) > 0 {
			w := s.worker.list[0]
			s.worker.list = s.worker.list[1:]
			w.queued = false
			w.Fn(t)
		}
		SetState(t, Interruptible)
		if len(s.worker.list) == 0 {
			Schedule(t.cpu)
		}
		SetState(t, Running)
	}
}

// ScheduleWork models schedule_work: false if w waits already. StartWorker has
// been called before. Context: any.
func ScheduleWork(c *cpu.CPU, w *Work) bool {
	if w.queued {
		return false
	}
	w.queued = true
	s := shared.Of(c)
	s.worker.list = append(s.worker.list, w)
	WakeUpProcess(c, s.worker.thread)
	return true
}

// CancelWork models cancel_work: true if w waited, and does not any more.
func CancelWork(c *cpu.CPU, w *Work) bool {
	s := shared.Of(c)
	i := slices.Index(s.worker.list, w)
	if i < 0 {
		return false
	}
	s.worker.list = slices.Delete(s.worker.list, i, i+1)
	w.queued = false
	return true
}

// WorkOnCPU models work_on_cpu for the boot CPU: fn runs in its worker while t
// waits. Context: process context.
func WorkOnCPU(t *Task, fn func(t *Task)) {
	StartWorker(t.cpu)
	done := false
	ScheduleWork(t.cpu, &Work{Fn: func(w *Task) {
		fn(w)
		done = true
		WakeUpProcess(w.cpu, t)
	}})
	for !done {
		SetState(t, Uninterruptible)
		if !done {
			Schedule(t.cpu)
		}
		SetState(t, Running)
	}
}
