package sched

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/sim"
)

// nice0 is NICE_0_LOAD: the weight of a task that is neither nice nor the
// opposite.
const nice0 = 1024

// The ends of the nice values (MIN_NICE, MAX_NICE).
const (
	MinNice = -20
	MaxNice = 19
)

// weights is sched_prio_to_weight (kernel/sched/core.c), from nice −20 on: each
// step is a quarter more or less, so that of two tasks that are one step apart
// one gets 55 percent.
var weights = [MaxNice - MinNice + 1]uint64{
	88761, 71755, 56483, 46273, 36291, 29154, 23254, 18705, 14949, 11916,
	9548, 7620, 6100, 4904, 3906, 3121, 2501, 1991, 1586, 1277,
	1024, 820, 655, 526, 423, 335, 272, 215, 172, 137,
	110, 87, 70, 56, 45, 36, 29, 23, 18, 15,
}

// weight is the task's share where others want the processor too
// (se.load.weight).
func (t *Task) weight() uint64 { return weights[t.nice-MinNice] }

// virtual models calc_delta_fair: d as the task's virtual run time counts it.
// The heavier a task, the slower its clock.
func (t *Task) virtual(d sim.Time) sim.Time {
	if t.nice == 0 {
		return d
	}
	return d * nice0 / sim.Time(t.weight())
}

// Nice models task_nice: −20 to 19. Only fair tasks go by it.
func (t *Task) Nice() int { return t.nice }

// SetNice models set_user_nice: EINVAL beyond −20 and 19. It holds from now on;
// a task that runs is not interrupted for it before the next tick. Context:
// process context, or from outside a run.
func SetNice(c *cpu.CPU, t *Task, n int) error {
	if n < MinNice || n > MaxNice {
		return errno.EINVAL
	}
	if t.onRQ {
		runqueues.Raw(t.cpu).update(c.Now())
	}
	t.nice = n
	return nil
}
