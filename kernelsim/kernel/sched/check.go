package sched

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
)

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
