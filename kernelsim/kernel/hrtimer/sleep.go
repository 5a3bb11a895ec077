package hrtimer

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// NormalSlack is the timer_slack_ns that init has and all others inherit.
const NormalSlack = 50 * sim.Microsecond

// USleepRange models usleep_range: t sleeps for at least one time and at most
// another, unless somebody else keeps its processor; a wake-up before sends it
// back to sleep. Context: process context.
func USleepRange(t *sched.Task, least, most sim.Time) {
	at, slack := addSafe(t.CPU().Now(), least), max(most-least, 0)
	for !sleep(t, at, slack, Abs, sched.Uninterruptible) {
	}
}

// USleep is usleep_range without slack: for at least d, and no longer than the
// processor takes to come back. Context: process context.
func USleep(t *sched.Task, d sim.Time) { USleepRange(t, d, d) }

// NanoSleep models nanosleep(2), hrtimer_nanosleep: a program sleeps for at least
// d, and a normal one for up to 50 microseconds more. There are no signals, so
// a wake-up before sends it back to sleep. Context: process context.
func NanoSleep(t *sched.Task, d sim.Time) {
	slack := NormalSlack
	if t.Policy > sched.Normal {
		slack = 0
	}
	at := addSafe(t.CPU().Now(), d)
	for !sleep(t, at, slack, Rel, sched.Interruptible) {
	}
}

// sleep models schedule_hrtimeout_range and do_nanosleep once: true if the time
// has come, false if t was woken before. The timer would lie on the task's
// stack; how shows in the trace alone.
func sleep(t *sched.Task, at, slack sim.Time, how Mode, state sched.State) bool {
	s := shared.Of(t.CPU())
	w := s.take()
	Init(t.CPU(), w, "hrtimer_wakeup", how, wakeUp)
	w.sleeper = t
	sched.SetState(t, state)
	startSleeper(t.CPU(), w, at, slack, how)
	if w.sleeper != nil {
		sched.Schedule(t.CPU())
	}
	Cancel(t.CPU(), w)
	sched.SetState(t, sched.Running)
	rung := w.sleeper == nil
	w.sleeper = nil
	s.free = append(s.free, w)
	return rung
}

// startSleeper models hrtimer_sleeper_start_expires.
func startSleeper(c *cpu.CPU, w *Timer, at, slack sim.Time, how Mode) {
	if how&Rel != 0 {
		at -= c.Now()
	}
	StartRange(c, w, at, slack, how)
}

// take is a sleeper that nobody uses.
func (s *system) take() *Timer {
	n := len(s.free)
	if n == 0 {
		return &Timer{}
	}
	w := s.free[n-1]
	s.free = s.free[:n-1]
	return w
}

// wakeUp models hrtimer_wakeup.
func wakeUp(c *cpu.CPU, w *Timer) Restart {
	t := w.sleeper
	w.sleeper = nil
	if t != nil {
		sched.WakeUpProcess(c, t)
	}
	return NoRestart
}
