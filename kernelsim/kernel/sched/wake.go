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
	woken := wake(c, t)
	if woken {
		preemptPoint(c)
	}
	return woken
}

// preemptPoint is a preempt_enable whose preempt_disable nobody could have
// noticed: it switches where the kernel would.
func preemptPoint(c *cpu.CPU) {
	if c.Running() && preempt.Preemptible(c) && preempt.NeedResched(c) {
		Preempt(c)
	}
}

// wake models try_to_wake_up.
func wake(c *cpu.CPU, t *Task) bool {
	if t.State == Running || t.State == Dead {
		return false
	}
	record(c, trace.SchedWaking, uint32(t.PID), uint32(t.cpu.ID), uint32(t.Prio()), 0)
	if t.onRQ { // it has set its state and not yet called Schedule
		t.State = Running
		return true
	}
	flags := c.SaveFlags()
	defer func() { c.RestoreFlags(flags) }()
	c.Spend(cost.Wakeup)
	if t.onRQ || t.State == Running { // another CPU was faster
		return false
	}
	to := selectForWake(c, t)
	if to != t.cpu {
		record(c, trace.SchedMigrateTask, uint32(t.PID), uint32(t.cpu.ID), uint32(to.ID), uint32(t.Prio()))
		t.cpu = to
	}
	t.State = Running
	activate(c, t, false)
	record(c, trace.SchedWakeup, uint32(t.PID), uint32(t.cpu.ID), uint32(t.Prio()), 0)
	return true
}

// activate models activate_task and check_preempt_curr on t's runqueue.
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
	if q.preempts(c, t) {
		resched(c, t.cpu)
	}
}

// preempts says whether a task that has just become ready takes the CPU from
// the one that runs (check_preempt_wakeup and its kin).
func (q *runqueue) preempts(c *cpu.CPU, t *Task) bool {
	r := q.curr
	if t.Policy != r.Policy {
		return t.Policy > r.Policy
	}
	if t.Policy == Normal {
		return r.exec.vruntime-t.exec.vruntime > scale(c, wakeupGranularity)
	}
	return t.Prio() < r.Prio()
}

// selectForWake models select_task_rq: where t was if that CPU is idle, else
// an idle CPU, else where it was.
func selectForWake(c *cpu.CPU, t *Task) *cpu.CPU {
	if t.Allowed(t.cpu.ID) && (t.pinned || t.Policy != Normal || isIdle(t.cpu)) {
		return t.cpu
	}
	if p := idlest(c, t); p != nil && (isIdle(p) || !t.Allowed(t.cpu.ID)) {
		return p
	}
	return t.cpu
}

// selectForNew models select_task_rq_fair at fork: the allowed CPU with the
// fewest ready tasks, the parent's among equals, then the lowest number.
func selectForNew(c *cpu.CPU, t *Task) *cpu.CPU {
	if t.Allowed(c.ID) && load(c) == 0 {
		return c
	}
	return idlest(c, t)
}

func idlest(c *cpu.CPU, t *Task) (best *cpu.CPU) {
	for _, p := range c.Peers {
		if Online(p) && t.Allowed(p.ID) && (best == nil || load(p) < load(best)) {
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

// Online says whether p has been brought up.
func Online(p *cpu.CPU) bool { return p.GS.Slots != nil && runqueues.Raw(p).idle != nil }

// FoldNeedResched models scheduler_ipi: another CPU has asked c's task to make
// room, and c now sees it in its own preempt_count.
func FoldNeedResched(c *cpu.CPU) {
	if Current(c).resched {
		preempt.SetNeedResched(c)
	}
}
