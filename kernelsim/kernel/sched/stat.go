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
