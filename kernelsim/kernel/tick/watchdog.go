package tick

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// A watchdog is one processor's two: a timer that wakes the most urgent thread
// and sees how long ago it could run, and a counter whose NMI sees whether that
// timer still comes (kernel/watchdog.c, watchdog_hld.c).
type watchdog struct {
	timer      hrtimer.Timer // watchdog_hrtimer
	interrupts uint64        // hrtimer_interrupts
	counter    Counter
	saved      uint64   // hrtimer_interrupts_saved
	due        sim.Time // when the counter runs out
}

// A Counter sends its processor an NMI at a programmed time (the perf event of
// watchdog_hld.c).
type Counter interface {
	Program(at sim.Time)
	Shutdown()
}

var watchdogs = percpu.New[watchdog]("watchdog_hrtimer")

// WatchdogThresh is kernel.watchdog_thresh; 0 means that nobody watches.
func WatchdogThresh(c *cpu.CPU) sim.Time { return shared.Of(c).thresh }

// SetWatchdogThresh sets it. Each processor's watchdogs go by it from its
// RestartWatchdog on (proc_watchdog_thresh, lockup_detector_reconfigure).
func SetWatchdogThresh(c *cpu.CPU, d sim.Time) { shared.Of(c).thresh = d }

// StartWatchdog models watchdog_enable: counter counts the time that c does not
// idle. Context: on the processor, process context or boot.
func StartWatchdog(c *cpu.CPU, counter Counter) {
	w := watchdogs.Raw(c)
	w.counter = counter
	hrtimer.Init(c, &w.timer, "watchdog_timer_fn", hrtimer.Rel|hrtimer.Hard, watchdogTimer)
	RestartWatchdog(c)
}

// RestartWatchdog models softlockup_stop_fn and softlockup_start_fn: the
// watchdogs of the processor that calls begin anew. Context: as StartWatchdog.
func RestartWatchdog(c *cpu.CPU) {
	w := watchdogs.Raw(c)
	if w.counter == nil {
		return
	}
	hrtimer.Cancel(c, &w.timer)
	stopHard(c)
	if thresh := shared.Of(c).thresh; thresh != 0 {
		hrtimer.Start(c, &w.timer, samplePeriod(thresh), hrtimer.Rel|hrtimer.Pinned|hrtimer.Hard)
		sched.Touch(c)
		startHard(c)
	}
}

// StopWatchdog models watchdog_disable (lockup_detector_offline_cpu). Context:
// cpuhp/N.
func StopWatchdog(c *cpu.CPU) {
	stopHard(c)
	w := watchdogs.Raw(c)
	w.counter = nil
	hrtimer.Cancel(c, &w.timer)
}

// samplePeriod models set_sample_period: five times within the threshold of the
// soft watchdog, which is twice watchdog_thresh.
func samplePeriod(thresh sim.Time) sim.Time { return 2 * thresh / 5 }

// watchdogTimer models watchdog_timer_fn. Context: hard interrupt.
func watchdogTimer(c *cpu.CPU, t *hrtimer.Timer) hrtimer.Restart {
	thresh := shared.Of(c).thresh
	if thresh == 0 {
		return hrtimer.NoRestart
	}
	watchdogs.Raw(c).interrupts++
	sched.TouchByStopper(c)
	hrtimer.Forward(c, t, samplePeriod(thresh))
	if stuck := c.Now() - sched.Touched(c); stuck > 2*thresh {
		softLockup(c, stuck)
	}
	return hrtimer.Again
}

// softLockup ends the run: a processor's most urgent thread has not run for too
// long.
func softLockup(c *cpu.CPU, stuck sim.Time) {
	t := sched.Current(c)
	oops.Raise(oops.Report{Rule: "soft lockup", CPU: c.ID, Task: t.String(),
		Title: fmt.Sprintf("watchdog: BUG: soft lockup - CPU#%d stuck for %ds! [%s:%d]",
			c.ID, stuck/sim.Second, t.Comm, t.PID),
		Why: "this CPU has run kernel code all that time without giving another task a chance; a loop that waits must sleep or call cond_resched"})
}

// startHard lets the counter begin; stopHard ends it while the processor idles.
func startHard(c *cpu.CPU) {
	w := watchdogs.Raw(c)
	if thresh := shared.Of(c).thresh; w.counter != nil && thresh != 0 {
		w.saved = w.interrupts
		w.due = c.Now() + thresh
		w.counter.Program(w.due)
	}
}

func stopHard(c *cpu.CPU) {
	if w := watchdogs.Raw(c); w.counter != nil {
		w.due = sim.Forever
		w.counter.Shutdown()
	}
}

// WatchdogNMI models watchdog_overflow_callback: a processor whose watchdog's
// timer has not come since the last NMI has had its interrupts off all that
// time. It returns false for an NMI that the counter did not send. Context:
// NMI.
func WatchdogNMI(c *cpu.CPU) bool {
	w := watchdogs.Raw(c)
	if w.counter == nil || c.Now() < w.due {
		return false
	}
	if w.interrupts == w.saved {
		oops.Raise(oops.Report{Rule: "hard lockup", CPU: c.ID, Task: sched.Current(c).String(),
			Title: fmt.Sprintf("NMI watchdog: Watchdog detected hard LOCKUP on cpu %d", c.ID),
			Why:   "this CPU has not taken an interrupt for seconds: its code waits, or works, with interrupts off; only the NMI still gets through"})
	}
	startHard(c)
	return true
}
