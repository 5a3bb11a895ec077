package sched

import (
	"math/bits"
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
)

// Fair scheduling's parameters before scaling by the number of CPUs
// (kernel/sched/fair.c: sysctl_sched_latency and its neighbours), and how many
// tasks share one latency (sched_nr_latency).
const (
	latency           = 6 * sim.Millisecond
	minGranularity    = 750 * sim.Microsecond
	wakeupGranularity = sim.Millisecond
	latencyTasks      = 8
)

// rrTimeslice is RR_TIMESLICE: how long one of several equal RR tasks runs.
const rrTimeslice = 100 * sim.Millisecond

// scale models get_update_sysctl_factor: 1 + ilog2 of the CPUs, eight at most.
func scale(c *cpu.CPU, t sim.Time) sim.Time {
	return t * sim.Time(bits.Len(uint(min(len(c.Peers), 8))))
}

// weight is that of all fair tasks of the CPU, the running one included
// (cfs_rq->load). Linux balances by an average of it over time, which for tasks
// that do not sleep is the same.
func (q *runqueue) weight() uint64 {
	var sum uint64
	for _, t := range q.fair {
		sum += t.weight()
	}
	if q.curr.Policy == Normal {
		sum += q.curr.weight()
	}
	return sum
}

// slice models sched_slice: how long the fair task that runs may do so before
// another one's turn.
func (q *runqueue) slice(c *cpu.CPU) sim.Time {
	n := len(q.fair) + 1
	period := scale(c, latency)
	if n > latencyTasks {
		period = sim.Time(n) * scale(c, minGranularity)
	}
	return max(scaleBy(period, q.curr.weight(), q.weight()), scale(c, minGranularity))
}

// tickFair models check_preempt_tick: the task has had its turn, or it is so far
// ahead of who has had least that it need not wait for the end of its turn.
func (q *runqueue) tickFair(c *cpu.CPU, t *Task) {
	if len(q.fair) == 0 {
		return
	}
	ideal := q.slice(c)
	ran := t.exec.sum - t.exec.slice
	if ran > ideal {
		q.forget(t)
		mark(c, c)
		return
	}
	if ran >= scale(c, minGranularity) && t.exec.vruntime-q.fair[0].exec.vruntime > ideal {
		mark(c, c)
	}
}

// tickRR models task_tick_rt: an RR task whose turn is over goes behind its
// equals.
func (q *runqueue) tickRR(c *cpu.CPU, t *Task) {
	if t.ticks++; sim.Time(t.ticks)*TickPeriod(c) < rrTimeslice {
		return
	}
	t.ticks = 0
	if len(q.urgent) > 0 && !t.before(q.urgent[0]) {
		t.behind = true
		mark(c, c)
	}
}

// leads models wakeup_preempt_entity: a is so far behind b in virtual time, by
// more than the granularity, that it takes the CPU from b.
func (q *runqueue) leads(c *cpu.CPU, a, b *Task) bool {
	return b.exec.vruntime-a.exec.vruntime > a.virtual(scale(c, wakeupGranularity))
}

// pickFair models pick_next_entity: who has had least, unless he has just given
// way and the second is not too far ahead; or whoever has just preempted
// another by waking up, unless that would be unfair to the first.
func (q *runqueue) pickFair(c *cpu.CPU) *Task {
	i := 0
	if len(q.fair) > 1 && q.fair[0] == q.skip && !q.leads(c, q.fair[0], q.fair[1]) {
		i = 1
	}
	if n := slices.Index(q.fair, q.next); q.next != nil && n > 0 && !q.leads(c, q.fair[0], q.next) {
		i = n
	}
	t := q.fair[i]
	q.fair = slices.Delete(q.fair, i, i+1)
	q.forget(t)
	return t
}

// forget models clear_buddies.
func (q *runqueue) forget(t *Task) {
	if q.next == t {
		q.next = nil
	}
	if q.skip == t {
		q.skip = nil
	}
}

// Yield models sched_yield (kernel/sched/core.c): others that are ready have
// their turn first. An urgent task goes behind its equals; a fair one lets one
// other before it, if that has not had much more. Context: process context.
func Yield(t *Task) {
	c := t.cpu
	q := runqueues.Raw(c)
	c.CLI()
	if t.Policy == Normal && len(q.fair) > 0 {
		q.update(c.Now())
		q.forget(t)
		q.skip = t
	}
	t.behind = t.Policy > Normal
	preempt.Add(c, preempt.Offset)
	c.STI()
	preempt.EnableNoResched(c)
	Schedule(t.cpu)
}
