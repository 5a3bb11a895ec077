package workqueue

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
)

// A warning is one of the kernel's: WARN_ON, or WARN_ON_ONCE.
type warning int

const (
	warnDraining warning = iota
	warnNodeOfBound
	warnFlushAllEarly
	warnFlushEarly
	warnDestroyBusy
	warnMaxOrdered
	nrWarnings
)

// where is the line of the recorded kernel's source, as WARN names it.
func (w warning) where() string {
	return [nrWarnings]string{
		warnDraining:      "kernel/workqueue.c:1441 __queue_work",
		warnNodeOfBound:   "kernel/workqueue.c:1625 queue_work_node",
		warnFlushAllEarly: "kernel/workqueue.c:2813 __flush_workqueue",
		warnFlushEarly:    "kernel/workqueue.c:3070 __flush_work",
		warnDestroyBusy:   "kernel/workqueue.c:4451 destroy_workqueue",
		warnMaxOrdered:    "kernel/workqueue.c:4517 workqueue_set_max_active",
	}[w]
}

// warn is the first line of WARN_ON.
func warn(c *cpu.CPU, w warning) {
	t := sched.Current(c)
	printk.Printk(c, printk.Warning, "WARNING: CPU: %d PID: %d at %s", c.ID, t.PID, w.where())
}

// warnOnce is WARN_ON_ONCE.
func warnOnce(c *cpu.CPU, w warning) {
	if s := shared.Of(c); !s.warned[w] {
		s.warned[w] = true
		warn(c, w)
	}
}

// checkDependency models check_flush_dependency: who works to free memory may
// not wait for works that may need memory.
func checkDependency(t *sched.Task, wq *Workqueue, w *Work, fromCancel bool) {
	if fromCancel || wq.flags&WQMemReclaim != 0 {
		return
	}
	k := currentWorker(t.CPU())
	if k == nil || k.pwq == nil || k.pwq.wq.flags&(WQMemReclaim|legacy) != WQMemReclaim {
		return
	}
	target := "0x0"
	if w != nil {
		target = w.name
	}
	printk.Printk(t.CPU(), printk.Warning, "workqueue: WQ_MEM_RECLAIM %s:%s is flushing !WQ_MEM_RECLAIM %s:%s",
		k.pwq.wq.name, k.fn, wq.name, target)
}

// checkSelf reports a work that waits for itself. In Linux lockdep sees that by
// the work's lockdep_map.
func checkSelf(t *sched.Task, w *Work) {
	k := currentWorker(t.CPU())
	if k == nil || k.work != w {
		return
	}
	deadlock(t, "(work_completion)("+k.fn+")",
		"the work waits for itself to end, which it never will; to stop it need only not queue itself again")
}

// checkOwn reports a work that flushes its own workqueue.
func checkOwn(t *sched.Task, wq *Workqueue) {
	if k := currentWorker(t.CPU()); k != nil && k.pwq != nil && k.pwq.wq == wq {
		deadlock(t, "(wq_completion)"+wq.name,
			"a work of this workqueue waits for all its works, so for itself; flush from elsewhere, or flush the one work that you need")
	}
}

func deadlock(t *sched.Task, what, why string) {
	oops.Raise(oops.Report{Rule: "workqueue deadlock", CPU: t.CPU().ID, Task: t.String(),
		Title: "WARNING: possible recursive locking detected",
		Lines: []string{fmt.Sprintf("%s is trying to acquire lock:", t), what,
			"but task is already holding lock:", what}, Why: why})
}
