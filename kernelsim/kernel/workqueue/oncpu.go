package workqueue

import (
	"bothhalves/kernelsim/kernel/sched"
)

// OnCPU models work_on_cpu: fn runs in a worker of CPU n, on n as long as n is
// online, while t waits. Context: process context.
func OnCPU(t *sched.Task, n int, fn func(t *sched.Task)) {
	w := &Work{}
	Init(w, "work_for_cpu_fn", func(k *sched.Task, _ *Work) { fn(k) })
	ScheduleOn(t.CPU(), n, w)
	FlushWork(t, w)
}

// CallOnCPU models smp_call_on_cpu (kernel/smp.c), which waits for a completion
// of its own. The code that boots the kernel may call it too: it is the idle
// task here, and lets others run until fn has.
func CallOnCPU(t *sched.Task, n int, fn func(t *sched.Task)) {
	if t.Policy != sched.Idle {
		OnCPU(t, n, fn)
		return
	}
	done := false
	w := &Work{}
	Init(w, "smp_call_on_cpu_callback", func(k *sched.Task, _ *Work) {
		fn(k)
		done = true
	})
	ScheduleOn(t.CPU(), n, w)
	sched.WaitEarly(t, func() bool { return done })
}

// OnEachCPU models schedule_on_each_cpu: fn runs in a worker of each CPU that
// is online, at the same time, and t waits for all. Context: process context;
// no CPU may come or go meanwhile.
func OnEachCPU(t *sched.Task, fn func(t *sched.Task)) {
	works := make([]Work, len(t.CPU().Peers))
	up := onlineMask(t.CPU())
	for n := range up.All() {
		Init(&works[n], "schedule_on_each_cpu", func(k *sched.Task, _ *Work) { fn(k) })
		ScheduleOn(t.CPU(), n, &works[n])
	}
	for n := range up.All() {
		FlushWork(t, &works[n])
	}
}
