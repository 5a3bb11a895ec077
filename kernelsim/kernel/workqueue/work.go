// Package workqueue models workqueues (kernel/workqueue.c): functions that are
// to run in process context, soon, in threads that all users share.
package workqueue

import "bothhalves/kernelsim/kernel/sched"

// A Work is a function that is to run in process context (struct work_struct).
// Init prepares it.
type Work struct {
	fn   func(t *sched.Task, w *Work)
	name string // of the function, as %ps prints it
}

// Init models INIT_WORK: name is the function's. Context: any; w is not
// queued.
func Init(w *Work, name string, fn func(t *sched.Task, w *Work)) { *w = Work{fn: fn, name: name} }

// Flags are what a workqueue is made with (include/linux/workqueue.h).
type Flags uint32

// The flags, with the bits that Linux gives them.
const (
	WQUnbound        Flags = 1 << 1
	WQFreezable      Flags = 1 << 2
	WQMemReclaim     Flags = 1 << 3
	WQHighPri        Flags = 1 << 4
	WQCPUIntensive   Flags = 1 << 5
	WQPowerEfficient Flags = 1 << 7
)

// A Workqueue is where works are queued (struct workqueue_struct).
type Workqueue struct{ name string }
