package sched

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// watchdog models watchdog_timer_fn (kernel/watchdog.c): five times within
// the threshold, which is twice watchdog_thresh, it looks how long ago the
// CPU's most urgent thread could run last, and wakes that thread again.
func watchdog(c *cpu.CPU, q *runqueue) {
	s := shared.Of(c)
	if s.thresh == 0 {
		return
	}
	if q.clock.ticks%uint64(max(sample(s.thresh)/period(c), 1)) != 0 {
		return
	}
	if st := stoppers.Raw(c); st.thread != nil {
		st.touch = true
		WakeUpProcess(c, st.thread)
	}
	if stuck := c.Now() - q.touched; stuck > 2*s.thresh {
		oops.Raise(oops.Report{Rule: "soft lockup", CPU: c.ID, Task: q.curr.String(),
			Title: fmt.Sprintf("watchdog: BUG: soft lockup - CPU#%d stuck for %ds! [%s:%d]",
				c.ID, stuck/sim.Second, q.curr.Comm, q.curr.PID),
			Why: "this CPU has run kernel code all that time without giving another task a chance; a loop that waits must sleep or call cond_resched"})
	}
}

// sample models set_sample_period: how often the watchdog looks.
func sample(thresh sim.Time) sim.Time { return 2 * thresh / 5 }

// nextSample is when the watchdog's timer of an idle CPU rings next.
func nextSample(c *cpu.CPU) sim.Time {
	thresh := shared.Of(c).thresh
	if thresh == 0 {
		return sim.Forever
	}
	return nextMultiple(c.Now(), sample(thresh))
}

// touch models update_touch_ts: the CPU is not stuck.
func (q *runqueue) touch(c *cpu.CPU) { q.touched = c.Now() }

// StartHardWatchdog models hardlockup_detector_perf_enable
// (kernel/watchdog_hld.c): dev counts the time that c does not idle, and sends
// it an NMI at the end of each watchdog_thresh.
func StartHardWatchdog(c *cpu.CPU, dev ClockEventDevice) {
	runqueues.Raw(c).clock.hard.dev = dev
	startHard(c)
}

// A hardWatchdog is one CPU's NMI watchdog.
type hardWatchdog struct {
	dev  ClockEventDevice
	seen uint64   // hrtimer_interrupts_saved
	due  sim.Time // when the counter runs out
}

// startHard lets the count begin; stopHard ends it while the CPU idles.
func startHard(c *cpu.CPU) {
	k := &runqueues.Raw(c).clock
	if thresh := shared.Of(c).thresh; k.hard.dev != nil && thresh != 0 {
		k.hard.seen = k.ticks
		k.hard.due = c.Now() + thresh
		k.hard.dev.Program(k.hard.due)
	}
}

func stopHard(c *cpu.CPU) {
	if k := &runqueues.Raw(c).clock; k.hard.dev != nil {
		k.hard.due = sim.Forever
		k.hard.dev.Shutdown()
	}
}

// WatchdogNMI models watchdog_overflow_callback: a CPU that has had no timer
// interrupt since the last NMI has had its interrupts off all that time. It
// returns false for an NMI that the counter did not send. Context: NMI.
func WatchdogNMI(c *cpu.CPU) bool {
	q := runqueues.Raw(c)
	if q.clock.hard.dev == nil || c.Now() < q.clock.hard.due {
		return false
	}
	if q.clock.ticks == q.clock.hard.seen {
		oops.Raise(oops.Report{Rule: "hard lockup", CPU: c.ID, Task: q.curr.String(),
			Title: fmt.Sprintf("NMI watchdog: Watchdog detected hard LOCKUP on cpu %d", c.ID),
			Why:   "this CPU has not taken an interrupt for seconds: its code waits, or works, with interrupts off; only the NMI still gets through"})
	}
	startHard(c)
	return true
}

// checkLeak looks at once for what Linux would stumble over on the way out: a
// task must not end with something held or disabled. The words are those of
// make_task_dead (kernel/exit.c).
func checkLeak(c *cpu.CPU, t *Task) {
	if preempt.Count(c) == 0 && c.IF() {
		return
	}
	var notes []string
	if !c.IF() {
		notes = append(notes, fmt.Sprintf("note: %s[%d] exited with irqs disabled", t.Comm, t.PID))
	}
	if n := preempt.Count(c); n != 0 {
		notes = append(notes, fmt.Sprintf("note: %s[%d] exited with preempt_count %d", t.Comm, t.PID, n))
	}
	oops.Raise(oops.Report{Rule: "preempt_count leak", CPU: c.ID, Task: t.String(), Title: notes[0],
		Lines: append(notes[1:], "thread function: "+oops.Name(t.fn)),
		Why:   "the task's function returned with preemption disabled, a lock held or interrupts off"})
}

// CheckPreemption models check_preemption_disabled (lib/smp_processor_id.c)
// past its first test: the code could be preempted, unless the task can run
// nowhere else.
func CheckPreemption(c *cpu.CPU, what string) {
	t := Current(c)
	if !shared.Of(c).booted || t.pinned {
		return
	}
	oops.Raise(oops.Report{Rule: "per-CPU access while preemptible", CPU: c.ID, Task: t.String(),
		Title: fmt.Sprintf("BUG: using %s() in preemptible [%08x] code: %s", what, preempt.Count(c), t),
		Why:   "the task may be moved to another CPU between finding its copy and using it; disable preemption around both, or use one this_cpu operation"})
}

// Started models system_state = SYSTEM_SCHEDULING: from now on the checks of
// CheckPreemption hold.
func Started(c *cpu.CPU) { shared.Of(c).booted = true }
