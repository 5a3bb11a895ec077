package rcu

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
)

// StartThread models rcu_spawn_gp_kthread: rcu_preempt leads through grace
// periods from now on. Context: boot.
func StartThread(c *cpu.CPU) {
	shared.Of(c).thread = sched.KThread(c, "rcu_preempt", thread)
}

// thread models rcu_gp_kthread.
func thread(t *sched.Task) {
	s := shared.Of(t.CPU())
	for {
		s.await(t, func() bool { return s.wanted })
		s.begin(t.CPU())
		s.force(t)
		s.end(t.CPU())
	}
}

// await models swait_event_idle_exclusive.
func (s *system) await(t *sched.Task, cond func() bool) {
	for !cond() {
		sched.SetState(t, sched.Idling)
		if !cond() {
			sched.Schedule(t.CPU())
		}
		sched.SetState(t, sched.Running)
	}
}

// wake models rcu_gp_kthread_wake. Context: any.
func (s *system) wake(c *cpu.CPU) {
	self := sched.Current(c) == s.thread && !preempt.InHardIRQ(c) && !preempt.InServingSoftIRQ(c)
	if s.thread != nil && !self {
		sched.WakeUpProcess(c, s.thread)
	}
}

// begin models rcu_gp_init: from now on a grace period goes on, and waits for
// all processors that are on line. Nobody tells them: each sees it at its next
// tick.
func (s *system) begin(c *cpu.CPU) {
	c.Spend(cost.RCUCore)
	s.wanted = false
	s.seq++
	s.left = 0
	for _, p := range c.Peers {
		if sched.Online(p) {
			processors.Raw(p).waited = true
			s.left++
		}
	}
	processors.Raw(c).note(c, s)
}

// force models rcu_gp_fqs_loop: the thread waits until all processors have
// reported, and looks from time to time for those that idle, which will not
// (rcu_gp_fqs).
func (s *system) force(t *sched.Task) {
	period := tillForce(t.CPU())
	for first := true; ; first = false {
		s.awaitFor(t, period)
		if s.left == 0 {
			return
		}
		c := t.CPU()
		c.Spend(cost.RCUCore)
		for _, p := range c.Peers {
			if d := processors.Raw(p); d.waited && d.idles(p, first) {
				d.release(c, s)
			}
		}
		if s.left == 0 {
			return
		}
		sched.CondResched(t)
	}
}

// tillForce is jiffies_till_first_fqs, and jiffies_till_next_fqs.
func tillForce(c *cpu.CPU) int64 {
	switch hz := sched.HZ(c); {
	case hz > 500:
		return 3
	case hz > 250:
		return 2
	}
	return 1
}

// awaitFor models swait_event_idle_timeout_exclusive.
func (s *system) awaitFor(t *sched.Task, jiffies int64) {
	for jiffies > 0 && s.left > 0 {
		sched.SetState(t, sched.Idling)
		if s.left > 0 {
			jiffies = timer.ScheduleTimeout(t, jiffies)
		}
		sched.SetState(t, sched.Running)
	}
}

// idles models dyntick_save_progress_counter and rcu_implicit_dynticks_qs: p
// halts, or has halted since the first look; or it has gone.
func (d *processor) idles(p *cpu.CPU, first bool) bool {
	if !sched.Online(p) {
		return true
	}
	halting, times := sched.Halts(p)
	if first {
		d.halts = times
	}
	return halting || times != d.halts
}

// end models rcu_gp_cleanup: the grace period is over. Whose functions waited
// for it sees that at its next tick.
func (s *system) end(c *cpu.CPU) {
	c.Spend(cost.RCUCore)
	s.seq++
	processors.Raw(c).note(c, s)
	if s.needed > s.completed() {
		s.wanted = true
	}
}

// DeadCPU models rcu_report_dead and rcutree_migrate_callbacks: processor n has
// gone. The grace period does not wait for it, and what waited on it waits on
// c. Context: process context, n has died.
func DeadCPU(c *cpu.CPU, n int) {
	s, d, mine := shared.Of(c), processors.Raw(c.Peers[n]), processors.Raw(c)
	flags := c.SaveFlags()
	if d.waited {
		d.release(c, s)
	}
	d.needs = false
	if d.list.count > 0 {
		d.list.advance(s.completed())
		mine.list.advance(s.completed())
		mine.list.adopt(&d.list)
		mine.accelerate(c, s)
	}
	c.RestoreFlags(flags)
}
