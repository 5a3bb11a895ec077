package sched

import "bothhalves/kernelsim/hw/cpu"

// SwitchesOf is how often p went from one task to another; the sum over the
// CPUs models nr_context_switches (kernel/sched/core.c).
func SwitchesOf(p *cpu.CPU) uint64 { return runqueues.Raw(p).switches }

// RunningOn is the number of tasks that run or are ready on p, its idle task
// not counted (nr_running of its runqueue).
func RunningOn(p *cpu.CPU) int { return load(p) }

// Forks models total_forks: how many tasks were ever made.
func Forks(c *cpu.CPU) int { return shared.Of(c).forks }

// LastPID is the pid that was given last (the cursor of the pid namespace's
// idr).
func LastPID(c *cpu.CPU) int { return shared.Of(c).nextPID - 1 }

// Voluntary is how often the task left a CPU because it had to wait (nvcsw).
func (t *Task) Voluntary() uint64 { return t.exec.voluntary }

// Involuntary is how often it was made to leave while it was ready (nivcsw).
func (t *Task) Involuntary() uint64 { return t.exec.involuntary }

// left counts a switch away from the task, as __schedule chooses between
// nivcsw and nvcsw.
func (x *accounting) left(ready bool) {
	if ready {
		x.involuntary++
	} else {
		x.voluntary++
	}
}

// Calls is how often p has been in __schedule, whether or not it went on with
// another task: so often rcu_note_context_switch has been called.
func Calls(p *cpu.CPU) uint64 { return runqueues.Raw(p).calls }

// Halts is how often p has halted because it had nothing to do, and whether it
// does now and no interrupt is in between: code that looks at anything does not
// run then (the extended quiescent state of kernel/context_tracking.c).
func Halts(p *cpu.CPU) (now bool, times uint64) {
	q := runqueues.Raw(p)
	return q.halting && irqCount(p) == 0, q.halts
}
