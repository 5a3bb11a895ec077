package sched

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/trace"
)

// SetState models set_current_state: what t will be when it next calls
// Schedule. A wake-up between the two turns it back, so nothing is lost if
// the state is set before the condition is looked at.
func SetState(t *Task, s State) { t.State = s }

// WakeUpProcess models wake_up_process (kernel/sched/core.c): t becomes
// ready. It reports whether t slept. Like the kernel's, it ends with
// preempt_enable: in a fully preemptible kernel t may run before it returns,
// and the caller go on on another CPU. Context: any.
func WakeUpProcess(c *cpu.CPU, t *Task) bool {
	if !t.sleeps() {
		return false
	}
	flags := c.SaveFlags()
	preempt.Add(c, 2*preempt.Offset) // try_to_wake_up's own, and p->pi_lock
	woken := tryToWakeUp(c, t)
	preempt.Sub(c, preempt.Offset)
	c.RestoreFlags(flags)
	preempt.Sub(c, preempt.Offset)
	preemptPoint(c)
	return woken
}

// preemptPoint is what preempt_enable does at the end: it switches where a
// fully preemptible kernel would.
func preemptPoint(c *cpu.CPU) {
	if c.Running() && preempt.Preemptible(c) && preempt.NeedResched(c) {
		Preempt(c)
	}
}

// sleeps says whether a wake-up has anything to do.
func (t *Task) sleeps() bool { return t.State&(Interruptible|Uninterruptible) != 0 }

// tryToWakeUp models try_to_wake_up with p->pi_lock held. Linux's lock makes
// other wakers wait; here they get in while the wake-up is paid for, and may
// have woken t, may even have seen it end.
func tryToWakeUp(c *cpu.CPU, t *Task) bool {
	record(c, trace.SchedWaking, uint32(t.PID), uint32(t.cpu.ID), uint32(t.Prio()), 0)
	if !t.onRQ {
		c.Spend(cost.Wakeup)
	}
	if !t.sleeps() {
		return false
	}
	t.State = Running
	tell := false
	if !t.onRQ { // else it has set its state and is still to call Schedule
		if to := selectForWake(c, t); to != t.cpu {
			setCPU(c, t, to)
		}
		activate(c, t, false)
		tell = checkPreempt(c, t)
	}
	recordLocked(c, trace.SchedWakeup, t)
	if tell {
		c.Hooks.Reschedule(c, t.cpu.ID)
	}
	return true
}

// recordLocked records a wake-up as it is traced: with rq->lock held.
func recordLocked(c *cpu.CPU, k trace.Kind, t *Task) {
	preempt.Add(c, preempt.Offset)
	record(c, k, uint32(t.PID), uint32(t.cpu.ID), uint32(t.Prio()), 0)
	preempt.Sub(c, preempt.Offset)
}

// setCPU models set_task_cpu for a task that is in no list: it belongs to
// another CPU from now on, and its virtual run time counts from that CPU's, as
// migrate_task_rq_fair has it; else it would wait there for as long as the
// old CPU has been busier than the new one.
func setCPU(c *cpu.CPU, t *Task, to *cpu.CPU) {
	record(c, trace.SchedMigrateTask, uint32(t.PID), uint32(t.cpu.ID), uint32(to.ID), uint32(t.Prio()))
	t.exec.vruntime += runqueues.Raw(to).minVruntime - runqueues.Raw(t.cpu).minVruntime
	t.cpu = to
}

// activate models activate_task: t is on its CPU's runqueue.
func activate(c *cpu.CPU, t *Task, fresh bool) {
	q := runqueues.Raw(t.cpu)
	q.update(c.Now())
	floor := q.minVruntime
	if !fresh {
		floor -= scale(c, latency) / 2 // GENTLE_FAIR_SLEEPERS
	}
	t.exec.vruntime = max(t.exec.vruntime, floor)
	t.onRQ = true
	q.enqueue(t)
}

// checkPreempt models check_preempt_curr: t's CPU is to switch if t takes it
// from whoever runs. True means that the CPU is yet to be told by an
// interrupt: that takes time, in which t may already run.
func checkPreempt(c *cpu.CPU, t *Task) (tell bool) {
	q := runqueues.Raw(t.cpu)
	if q.curr.resched || !q.preempts(c, t) {
		return false
	}
	if t.Policy == Normal {
		q.next = t
	}
	return mark(c, t.cpu)
}

// preempts says whether a task that has just become ready takes the CPU from
// the one that runs (check_preempt_wakeup and its kin).
func (q *runqueue) preempts(c *cpu.CPU, t *Task) bool {
	r := q.curr
	switch {
	case t.Policy > Normal:
		return r.Policy <= Normal || t.before(r)
	case r.Policy == Normal:
		return q.leads(c, t, r)
	}
	return r.Policy == Idle
}

// selectForWake models select_task_rq: where t was if that CPU is idle, else
// an idle CPU, else where it was.
func selectForWake(c *cpu.CPU, t *Task) *cpu.CPU {
	stays := t.mayRunOn(t.cpu)
	if stays && (t.pinned || t.Policy != Normal || isIdle(t.cpu)) {
		return t.cpu
	}
	if p := idlest(c, t); p != nil && (isIdle(p) || !stays) {
		return p
	}
	if !stays {
		return fallback(c, t)
	}
	return t.cpu
}

// selectForNew models select_task_rq_fair at fork: the allowed CPU with the
// fewest ready tasks, the parent's among equals, then the lowest number.
func selectForNew(c *cpu.CPU, t *Task) *cpu.CPU {
	best := idlest(c, t)
	switch {
	case best == nil:
		return fallback(c, t)
	case t.mayRunOn(c) && load(c) <= load(best):
		return c
	}
	return best
}

func idlest(c *cpu.CPU, t *Task) (best *cpu.CPU) {
	for _, p := range c.Peers {
		if t.mayRunOn(p) && (best == nil || load(p) < load(best)) {
			best = p
		}
	}
	return best
}

// load is the number of tasks that run or are ready on p.
func load(p *cpu.CPU) int {
	q := runqueues.Raw(p)
	n := q.Waiting()
	if q.curr != q.idle {
		n++
	}
	return n
}

func isIdle(p *cpu.CPU) bool { return Online(p) && load(p) == 0 }

// Online says whether p has been brought up, and has not been taken down.
func Online(p *cpu.CPU) bool {
	return p.GS.Slots != nil && runqueues.Raw(p).idle != nil && !runqueues.Raw(p).hotplug.dead
}

// FoldNeedResched models scheduler_ipi: another CPU has asked c's task to make
// room, and c now sees it in its own preempt_count.
func FoldNeedResched(c *cpu.CPU) {
	if Current(c).resched {
		preempt.SetNeedResched(c)
	}
}
