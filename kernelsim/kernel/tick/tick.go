// Package tick models the tick (kernel/time/tick-sched.c, tick-common.c,
// kernel/watchdog.c): a high-resolution timer of each processor that comes HZ
// times a second, and not while the processor idles; what is done at each tick;
// and the watchdogs, which see whether it still comes.
//
// Clocks are in high-resolution mode from the start, where Linux begins with
// periodic interrupts and changes over once it trusts its clocks. Nobody has to
// keep the jiffies (tick_do_timer_cpu): they are computed from the time.
package tick

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/rcu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/sim"
)

// A tickSched is one processor's tick (struct tick_sched).
type tickSched struct {
	timer    hrtimer.Timer // sched_timer
	ticks    uint64
	inIdle   bool     // the idle loop has begun
	stopped  bool     // tick_stopped: the timer comes when it is needed, or not at all
	gotTick  bool     // got_idle_tick: it has come while the processor idled
	lastTick sim.Time // last_tick: what the timer was set to when it was stopped
	nextTick sim.Time // next_tick: what it is set to instead
	idle     idleTime
	// idleJiffies is the jiffies up to which idle ticks are accounted.
	idleJiffies uint64
}

// ticks is the per-CPU variable tick_cpu_sched.
var ticks = percpu.New[tickSched]("tick_cpu_sched")

// system is the package's state that all processors share.
type system struct {
	thresh   sim.Time // watchdog_thresh
	softirqs int      // how often report_idle_softirq has spoken
	load     loads
}

var shared = percpu.Shared[system]("tick_system")

// A Config is what the kernel's command line says.
type Config struct {
	WatchdogThresh sim.Time // kernel.watchdog_thresh; 0: nobody watches
}

// Init models tick_init: the idle loop finds the tick. Context: boot, once.
func Init(c *cpu.CPU, cfg Config) {
	*shared.Of(c) = system{thresh: cfg.WatchdogThresh}
	sched.SetTick(c, sched.TickHooks{Enter: idleEnter, Exit: idleExit, Stop: stopOrRetain, GotTick: gotTick,
		IdleTime: IdleTime})
}

// StartClock models tick_setup_sched_timer: c gets its clock event device and
// ticks from now on, at the multiples of the period, as all others do. Context:
// interrupts off, or before the processor's first.
func StartClock(c *cpu.CPU, dev hrtimer.ClockEventDevice) {
	ts := ticks.Raw(c)
	flags := c.SaveFlags()
	hrtimer.Starting(c, dev)
	hrtimer.Init(c, &ts.timer, "tick_sched_timer", hrtimer.Hard, schedTimer)
	period := sched.TickPeriod(c)
	ts.timer.SetExpires(c.Now() / period * period)
	hrtimer.Forward(c, &ts.timer, period)
	hrtimer.Start(c, &ts.timer, ts.timer.Expires(), pinned)
	c.RestoreFlags(flags)
}

// pinned is the mode of what belongs to its processor and must not wait
// (HRTIMER_MODE_ABS_PINNED_HARD).
const pinned = hrtimer.Abs | hrtimer.Pinned | hrtimer.Hard

// Interrupt models local_apic_timer_interrupt (arch/x86/kernel/apic/apic.c): the
// clock event device of the processor calls its handler. Context: hard
// interrupt.
func Interrupt(c *cpu.CPU) { hrtimer.Interrupt(c) }

// Ticks is how many ticks p has had.
func Ticks(p *cpu.CPU) uint64 { return ticks.Raw(p).ticks }

// schedTimer models tick_sched_timer. Context: hard interrupt.
func schedTimer(c *cpu.CPU, t *hrtimer.Timer) hrtimer.Restart {
	ts := ticks.Raw(c)
	now := c.Now()
	if ts.inIdle {
		ts.gotTick = true
	}
	ts.handle(c)
	if ts.stopped { // who stopped it starts it again
		return hrtimer.NoRestart
	}
	hrtimer.ForwardFrom(t, now, sched.TickPeriod(c))
	return hrtimer.Again
}

// handle models tick_sched_handle.
func (ts *tickSched) handle(c *cpu.CPU) {
	if ts.stopped {
		sched.Touch(c)
		ts.nextTick = 0
		ts.idleJiffies++ // this one is accounted now
	}
	ts.ticks++
	updateProcessTimes(c)
}

// updateProcessTimes models update_process_times (kernel/time/timer.c).
func updateProcessTimes(c *cpu.CPU) {
	sched.AccountTick(c)
	c.Spend(cost.TimerTick)
	timer.RunLocal(c)
	rcu.SchedClockIRQ(c)
	sched.Tick(c)
	triggerLoadBalance(c)
	loadTick(c)
}

// triggerLoadBalance models trigger_load_balance (kernel/sched/fair.c), the end
// of scheduler_tick.
func triggerLoadBalance(c *cpu.CPU) {
	if sched.BalanceDue(c) {
		softirq.Raise(c, softirq.Sched)
	}
	sched.KickIdle(c)
}

// Dying models the end of the tick on a processor that goes, and of its clock:
// tick_cancel_sched_timer and hrtimers_cpu_dying. heir has to look at its clock
// again (hrtimer.Retrigger). Context: everybody else held by stop_machine,
// interrupts off.
func Dying(c, heir *cpu.CPU) {
	ts := ticks.Raw(c)
	hrtimer.Cancel(c, &ts.timer)
	*ts = tickSched{timer: ts.timer, ticks: ts.ticks, idle: ts.idle.sum()}
	hrtimer.Dying(c, heir)
}
