package tick

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/rcu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// An idleTime is how long a processor has idled (the fields of struct
// tick_sched that /proc/timer_list prints).
type idleTime struct {
	active bool     // idle_active: it halts, or is about to
	entry  sim.Time // idle_entrytime
	slept  sim.Time // idle_sleeptime
	calls  uint64   // idle_calls: it was about to halt
	sleeps uint64   // idle_sleeps: without a tick
}

// sum is what is kept of a processor that goes.
func (x idleTime) sum() idleTime { return idleTime{slept: x.slept, calls: x.calls, sleeps: x.sleeps} }

// start models tick_nohz_start_idle, stop tick_nohz_stop_idle.
func (x *idleTime) start(now sim.Time) { x.active, x.entry = true, now }

func (x *idleTime) stop(now sim.Time) {
	if x.active {
		x.slept += now - x.entry
	}
	x.active = false
}

// Stopped models tick_nohz_tick_stopped_cpu.
func Stopped(p *cpu.CPU) bool { return ticks.Raw(p).stopped }

// IdleTime models get_cpu_idle_time_us: how long p has halted, without the
// interrupts in between, up to now.
func IdleTime(p *cpu.CPU, now sim.Time) sim.Time {
	x := ticks.Raw(p).idle
	x.stop(now)
	return x.slept
}

// IdleCalls models tick_nohz_get_idle_calls_cpu: how often p was about to halt,
// and how often it did so without a tick to come.
func IdleCalls(p *cpu.CPU) (calls, sleeps uint64) {
	x := &ticks.Raw(p).idle
	return x.calls, x.sleeps
}

// idleEnter models tick_nohz_idle_enter.
func idleEnter(c *cpu.CPU) {
	c.CLI()
	ts := ticks.Raw(c)
	ts.inIdle = true
	ts.idle.start(c.Now())
	stopHard(c)
	c.STI()
}

// idleExit models tick_nohz_idle_exit.
func idleExit(c *cpu.CPU) {
	c.CLI()
	ts := ticks.Raw(c)
	ts.inIdle = false
	ts.idle.stop(c.Now())
	if ts.stopped {
		ts.restart(c)
	}
	startHard(c)
	c.STI()
}

// IRQEnter models tick_irq_enter: the outermost hard interrupt of an idle
// processor begins. Who idled was not stuck. Context: hard interrupt.
func IRQEnter(c *cpu.CPU) {
	ts := ticks.Raw(c)
	ts.idle.stop(c.Now())
	if ts.stopped {
		sched.Touch(c)
	}
}

// IRQExit models tick_nohz_irq_exit: it has ended, and the processor idles on.
// Context: IF clear.
func IRQExit(c *cpu.CPU) {
	if ts := ticks.Raw(c); ts.inIdle {
		ts.idle.start(c.Now())
	}
}

// gotTick models tick_nohz_idle_got_tick.
func gotTick(c *cpu.CPU) bool {
	ts := ticks.Raw(c)
	got := ts.gotTick
	ts.gotTick = false
	return got
}

// stopOrRetain models idle_call_stop_or_retain_tick (kernel/sched/idle.c). A
// processor may idle for a moment only: its tick is stopped when it has come
// for nothing.
func stopOrRetain(c *cpu.CPU, got bool) {
	ts := ticks.Raw(c)
	if got || ts.stopped {
		ts.idleStop(c)
	} else {
		timer.ClearIdle(c) // tick_nohz_idle_retain_tick
	}
}

// idleStop models __tick_nohz_idle_stop_tick. Context: the idle task,
// interrupts off.
func (ts *tickSched) idleStop(c *cpu.CPU) {
	if !canStop(c) {
		return
	}
	ts.idle.calls++
	at, ok := ts.nextEvent(c)
	if !ok {
		return
	}
	was := ts.stopped
	ts.stop(c, at)
	ts.idle.sleeps++
	if !was {
		sched.NoHZEnterIdle(c)
	}
}

// canStop models can_stop_idle_tick.
func canStop(c *cpu.CPU) bool { return !sched.NeedResched(c) && !reportSoftIRQ(c) }

// reportLimit is how often report_idle_softirq speaks.
const reportLimit = 10

// reportSoftIRQ models report_idle_softirq: a processor must not halt with
// softirqs pending. Whoever raised one was no interrupt, had bottom halves
// enabled, and woke nobody.
func reportSoftIRQ(c *cpu.CPU) bool {
	mask := softirq.Pending(c)
	if !sched.Active(c) {
		mask &^= 1<<softirq.Timer | 1<<softirq.IRQPoll | 1<<softirq.HRTimer | 1<<softirq.RCU // SOFTIRQ_HOTPLUG_SAFE_MASK
	}
	s := shared.Of(c)
	if mask == 0 || s.softirqs >= reportLimit {
		return false
	}
	s.softirqs++
	printk.Printk(c, printk.Warning, "NOHZ tick-stop error: local softirq work is pending, handler #%02x!!!", mask)
	return true
}

// nextEvent models tick_nohz_next_event: when the processor needs a tick.
// False: within the next one, so the tick had better go on.
func (ts *tickSched) nextEvent(c *cpu.CPU) (sim.Time, bool) {
	period := sched.TickPeriod(c)
	jiffy := sched.Jiffies(c)
	began := c.Now() / period * period
	next := began + period
	if softirq.Pending(c)&(1<<softirq.Timer) == 0 && !rcu.NeedsCPU(c) {
		next = timer.NextInterrupt(c, jiffy, began)
	}
	if next-began <= period {
		timer.ClearIdle(c)
		if !ts.stopped {
			return 0, false
		}
	}
	return next, true
}

// stop models tick_nohz_stop_tick: the timer comes when it is needed.
func (ts *tickSched) stop(c *cpu.CPU, at sim.Time) {
	if ts.stopped && at == ts.nextTick {
		return
	}
	if !ts.stopped {
		ts.lastTick = ts.timer.Expires()
		ts.stopped = true
		ts.idleJiffies = sched.Jiffies(c)
		sched.Record(c, trace.TickStop, 1, 0, 0, 0)
	}
	ts.nextTick = at
	if at == sim.Forever {
		hrtimer.Cancel(c, &ts.timer)
	} else {
		hrtimer.Start(c, &ts.timer, at, pinned)
	}
}

// restart models tick_nohz_restart_sched_tick: the processor has something to
// do, so it ticks again, in phase with all others.
func (ts *tickSched) restart(c *cpu.CPU) {
	loadIdle(c)
	timer.ClearIdle(c)
	sched.Touch(c)
	ts.stopped = false
	sched.AccountIdleTicks(c, sched.Jiffies(c)-ts.idleJiffies) // tick_nohz_account_idle_time
	hrtimer.Cancel(c, &ts.timer)
	ts.timer.SetExpires(ts.lastTick)
	hrtimer.Forward(c, &ts.timer, sched.TickPeriod(c))
	hrtimer.Start(c, &ts.timer, ts.timer.Expires(), pinned)
	ts.nextTick = 0
}
