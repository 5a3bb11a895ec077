package machine_test

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
)

// onWorker is a module that queues a work on CPU 1, whose function is fn.
func onWorker(fn func(t *sched.Task, w *workqueue.Work)) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error {
		w := &workqueue.Work{}
		workqueue.Init(w, "drain_ring", fn)
		workqueue.ScheduleOn(c, 1, w)
		return nil
	}
}

func leakLock(t *sched.Task, _ *workqueue.Work) { tableLock.Of(t.CPU()).Lock(t.CPU()) }

func lockAndUnlock(t *sched.Task, _ *workqueue.Work) {
	tableLock.Of(t.CPU()).Lock(t.CPU())
	tableLock.Of(t.CPU()).Unlock(t.CPU())
}

func leakMutex(t *sched.Task, _ *workqueue.Work) { configLock.Of(t.CPU()).Lock(t) }

func lockAndUnlockMutex(t *sched.Task, _ *workqueue.Work) {
	configLock.Of(t.CPU()).Lock(t)
	configLock.Of(t.CPU()).Unlock(t)
}

func leakPreempt(t *sched.Task, _ *workqueue.Work) { preempt.Disable(t.CPU()) }

func disableAndEnable(t *sched.Task, _ *workqueue.Work) {
	preempt.Disable(t.CPU())
	preempt.Enable(t.CPU())
}

func flushItself(t *sched.Task, w *workqueue.Work) { workqueue.FlushWork(t, w) }

func cancelItself(t *sched.Task, w *workqueue.Work) { workqueue.Cancel(t.CPU(), w) }

func flushOwnQueue(t *sched.Task, _ *workqueue.Work) {
	workqueue.Flush(t, workqueue.System(t.CPU()))
}

func flushOtherQueue(t *sched.Task, _ *workqueue.Work) {
	workqueue.Flush(t, workqueue.Long(t.CPU()))
}

// workNeverInit queues a work without a function.
func workNeverInit(c *cpu.CPU) error {
	workqueue.Schedule(c, &workqueue.Work{})
	return nil
}

func workqueueMistakes() []mistake {
	const context = "task kworker/1:0"
	return []mistake{
		{name: "work-leaks-spinlock", wrong: onWorker(leakLock), right: onWorker(lockAndUnlock),
			rule: "workqueue leak", cpu: 1, context: context, locks: "table_lock"},
		{name: "work-leaks-mutex", wrong: onWorker(leakMutex), right: onWorker(lockAndUnlockMutex),
			rule: "workqueue leak", cpu: 1, context: context, locks: "config_lock"},
		{name: "work-leaks-preemption", wrong: onWorker(leakPreempt), right: onWorker(disableAndEnable),
			rule: "workqueue leak", cpu: 1, context: context},
		{name: "work-flushes-itself", wrong: onWorker(flushItself), right: onWorker(cancelItself),
			rule: "workqueue deadlock", cpu: 1, context: context},
		{name: "work-flushes-its-queue", wrong: onWorker(flushOwnQueue), right: onWorker(flushOtherQueue),
			rule: "workqueue deadlock", cpu: 1, context: context},
		{name: "work-never-init", wrong: workNeverInit, right: onWorker(lockAndUnlock),
			rule: "work not initialised", context: "task modprobe"},
	}
}
