package sched

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// watchdog models watchdog_timer_fn (kernel/watchdog.c): five times within
// the threshold it looks whether the CPU could switch tasks since it looked
// last. The threshold is twice watchdog_thresh.
func watchdog(c *cpu.CPU, q *runqueue) {
	s := shared.Of(c)
	if s.thresh == 0 || q.curr == q.idle {
		return
	}
	sample := 2 * s.thresh / 5
	ticksPerSample := uint64(max(sample/period(c), 1))
	stuck := c.Now() - q.touched
	if q.clock.ticks%ticksPerSample != 0 || stuck <= 2*s.thresh {
		return
	}
	oops.Raise(oops.Report{Rule: "soft lockup", CPU: c.ID, Task: q.curr.String(),
		Title: fmt.Sprintf("watchdog: BUG: soft lockup - CPU#%d stuck for %ds! [%s:%d]",
			c.ID, stuck/sim.Second, q.curr.Comm, q.curr.PID),
		Why: "this CPU has run kernel code all that time without giving another task a chance; a loop that waits must sleep or call cond_resched"})
}

// checkLeak models the check of do_exit: a task must not end with something
// held or disabled.
func checkLeak(c *cpu.CPU, t *Task) {
	if preempt.Count(c) == 0 && c.IF() {
		return
	}
	oops.Raise(oops.Report{Rule: "preempt_count leak", CPU: c.ID, Task: t.String(),
		Title: fmt.Sprintf("note: %s[%d] exited with preempt_count %d%s", t.Comm, t.PID, preempt.Count(c), irqsNote(c)),
		Why:   "the task's function returned with preemption disabled, a lock held or interrupts off"})
}

func irqsNote(c *cpu.CPU) string {
	if c.IF() {
		return ""
	}
	return " and irqs disabled"
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
