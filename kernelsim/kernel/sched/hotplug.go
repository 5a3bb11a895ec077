package sched

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/sim"
)

// hotplug is what a runqueue knows of its CPU's leaving.
type hotplug struct {
	leaving bool             // not in cpu_active_mask: nothing new comes here
	dying   bool             // in cpu_dying_mask: it is on its way down
	dead    bool             // not in cpu_online_mask
	report  func(c *cpu.CPU) // cpuhp_report_idle_dead
	waiter  *Task            // hotplug_wait: who waits until it has nothing to run
}

// Known reports whether p has ever been brought up: its counts stay when it
// goes.
func Known(p *cpu.CPU) bool { return p.GS.Slots != nil && runqueues.Raw(p).idle != nil }

// Active models cpu_active: p takes tasks. A CPU that leaves still runs its
// own threads.
func Active(p *cpu.CPU) bool { return Online(p) && !runqueues.Raw(p).hotplug.leaving }

// mayRunOn models is_cpu_allowed: a CPU that leaves has its own threads only,
// one that comes has those of the kernel, too.
func (t *Task) mayRunOn(p *cpu.CPU) bool {
	return t.Allowed(p.ID) && (Active(p) || Online(p) && (t.pinned || !t.User && !runqueues.Raw(p).hotplug.dying))
}

// fallback models select_fallback_rq: all that t was allowed has gone, so it
// may run anywhere from now on.
func fallback(c *cpu.CPU, t *Task) *cpu.CPU {
	if t.User && t.cpu != nil { // a new one has not been anywhere
		printk.Printk(c, printk.Info, "process %d (%s) no longer affine to cpu%d", t.PID, t.Comm, t.cpu.ID)
	}
	t.allowed, t.pinned = nil, false
	return idlest(c, t)
}

// Activate models sched_cpu_activate, Deactivate sched_cpu_deactivate: the
// calling CPU takes tasks, or sends away all that are not its own. Context:
// cpuhp/N.
func Activate(c *cpu.CPU) {
	h := &runqueues.Raw(c).hotplug
	h.leaving, h.dying = false, false
	buildDomains(c)
}

// Deactivate models sched_cpu_deactivate and balance_push.
func Deactivate(c *cpu.CPU) {
	q := runqueues.Raw(c)
	q.hotplug.leaving, q.hotplug.dying = true, true
	buildDomains(c)
	for t := q.stranger(); t != nil; t = q.stranger() {
		moveQueued(c, t)
	}
}

// stranger is a ready task that is not the CPU's own, nil if there is none.
func (q *runqueue) stranger() *Task {
	for _, list := range [][]*Task{q.urgent, q.fair} {
		for _, t := range list {
			if !t.mayRunOn(t.cpu) {
				return t
			}
		}
	}
	return nil
}

// WaitEmpty models sched_cpu_wait_empty: t waits until it is the only one that
// its CPU has to run. Context: cpuhp/N.
func WaitEmpty(t *Task) {
	h := &runqueues.Raw(t.cpu).hotplug
	for RunningOn(t.cpu) > 1 {
		h.waiter = t
		SetState(t, Uninterruptible)
		Schedule(t.cpu)
	}
	h.waiter = nil
}

// emptied models the end of balance_push: the CPU has nothing to run, so
// whoever waits for that goes on. Context: the idle task.
func (h *hotplug) emptied(c *cpu.CPU) {
	if t := h.waiter; t != nil {
		h.waiter = nil
		WakeUpProcess(c, t)
	}
}

// SetDead takes the calling CPU out of the scheduler's view (set_cpu_online).
// report is called when its idle task is the last that is left. Context:
// everybody else held by StopMachine.
func SetDead(c *cpu.CPU, report func(c *cpu.CPU)) {
	q := runqueues.Raw(c)
	q.update(c.Now())
	q.hotplug.dead, q.hotplug.report = true, report
	q.lb.nohz.stopped = false // nohz_balance_exit_idle
}

// playDead is the end of do_idle on a CPU that is offline: it tells, and halts
// for good (cpuhp_report_idle_dead, native_play_dead).
func playDead(c *cpu.CPU) {
	h := &runqueues.Raw(c).hotplug
	report := h.report
	h.report = nil
	report(c)
	c.HaltForever()
}

// RestartIdle models idle_thread_get for a CPU that has been up before: its
// idle task begins anew with body.
func RestartIdle(p *cpu.CPU, body func(t *Task)) *sim.Coroutine {
	q := runqueues.Raw(p)
	t := q.idle
	t.co = p.Engine().NewCoroutine(func() { body(t) })
	t.resched, t.held = false, lock.Held{}
	t.exec.start = p.Engine().Now()
	q.curr, q.hotplug.dead, q.hotplug.dying = t, false, false
	q.touched = t.exec.start
	lock.SetCurrent(p, &t.held)
	*current.Raw(p) = t
	percpu.PreemptCount.Poke(p, percpu.NeedReschedInverted|preempt.Offset)
	return t.co
}

// ShouldPark models kthread_should_park.
func (t *Task) ShouldPark() bool { return t.park }

// ParkMe models kthread_parkme: the thread rests until Unpark.
func ParkMe(t *Task) {
	for t.park {
		SetState(t, Parked)
		if p := t.parker; p != nil {
			t.parker = nil
			WakeUpProcess(t.cpu, p)
		}
		Schedule(t.cpu)
	}
	SetState(t, Running)
}

// Park models kthread_park: it returns when k has parked. k's function has to
// ask ShouldPark.
func Park(t, k *Task) {
	k.park, k.parker = true, t
	WakeUpProcess(t.cpu, k)
	for k.State != Parked {
		SetState(t, Uninterruptible)
		if k.State != Parked {
			Schedule(t.cpu)
		}
		SetState(t, Running)
	}
	k.parker = nil
}

// Unpark models kthread_unpark.
func Unpark(c *cpu.CPU, k *Task) {
	k.park = false
	if k.State == Parked {
		k.State = Interruptible
		WakeUpProcess(c, k)
	}
}
