package sched

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
)

// TickHooks are what do_idle calls of the tick (kernel/time/tick-sched.c), which
// stands above the scheduler.
type TickHooks struct {
	// Enter models tick_nohz_idle_enter, Exit tick_nohz_idle_exit: the
	// processor has nothing to do, or has again. Context: interrupts on.
	Enter, Exit func(c *cpu.CPU)
	// Stop models idle_call_stop_or_retain_tick: the processor is about to
	// halt. got says that the last thing that woke it was its tick. Context:
	// interrupts off.
	Stop func(c *cpu.CPU, got bool)
	// GotTick models tick_nohz_idle_got_tick.
	GotTick func(c *cpu.CPU) bool
	// IdleTime models get_cpu_idle_time_us: how long p has idled up to now.
	IdleTime func(p *cpu.CPU, now sim.Time) sim.Time
}

// SetTick tells the scheduler of the tick. Context: boot.
func SetTick(c *cpu.CPU, h TickHooks) { shared.Of(c).tick = h }

// IdleLoop models cpu_startup_entry (kernel/sched/idle.c). It returns where the
// processor has been taken down and INIT has ended its halt: the coroutine is
// over then.
func IdleLoop(t *Task) {
	for doIdle(t) {
	}
}

// doIdle models do_idle: halt until there is something to do, then let it run.
// There is no cpuidle driver, as in the recorded guests, which could tell how
// long that will be: the tick goes on until it has come once for nothing.
func doIdle(t *Task) (alive bool) {
	c := t.cpu
	tick := &shared.Of(c).tick
	q := runqueues.Raw(c)
	q.hotplug.emptied(c)
	tick.Enter(c)
	got := false
	for !preempt.NeedResched(c) {
		c.CLI()
		if q.hotplug.dead {
			playDead(c)
			return false
		}
		if preempt.NeedResched(c) {
			break
		}
		tick.Stop(c, got)
		if preempt.NeedResched(c) { // default_idle_call looks again: that took a while
			break
		}
		q.halts++
		q.halting = true
		c.HaltSTI()
		q.halting = false
		got = tick.GotTick(c)
	}
	c.STI()
	tick.Exit(c)
	q.update(c.Now())
	schedule(c, t, false)
	c.STI()
	return true
}

// idleCPU models idle_cpu for one that may be off line.
func idleCPU(p *cpu.CPU) bool { return !Online(p) || load(p) == 0 }

// NoHZTimerTarget models get_nohz_timer_target (kernel/sched/core.c): where a
// timer goes that is armed on c. A processor that idles shall not have to wake
// for it while another one is busy anyway.
func NoHZTimerTarget(c *cpu.CPU) *cpu.CPU {
	if !idleCPU(c) {
		return c
	}
	for _, p := range c.Peers {
		if !idleCPU(p) {
			return p
		}
	}
	return c
}

// AnyOnline is the first processor that is on line (cpumask_any of
// cpu_online_mask).
func AnyOnline(c *cpu.CPU) *cpu.CPU {
	for _, p := range c.Peers {
		if Online(p) {
			return p
		}
	}
	return c
}

// WakeUpNoHZ models wake_up_nohz_cpu: p, if it idles, looks again when its next
// timer is. Context: any.
func WakeUpNoHZ(c, p *cpu.CPU) {
	if q := runqueues.Raw(p); p == c || q.curr != q.idle {
		return
	}
	if mark(c, p) {
		c.Hooks.Reschedule(c, p.ID)
	}
}
