package sched

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
)

// A runqueue is one CPU's share of the scheduler (struct rq,
// kernel/sched/sched.h). Fair tasks are kept by virtual run time, urgent ones
// by priority; the running task is in neither list.
type runqueue struct {
	curr, idle  *Task
	urgent      []*Task // stoppers and FIFO tasks, most urgent first
	fair        []*Task // smallest vruntime first
	next, skip  *Task   // whom the next choice among the fair ones prefers, and passes over
	minVruntime sim.Time
	switches    uint64
	calls       uint64 // of __schedule
	halts       uint64 // how often it has halted
	halting     bool
	touched     sim.Time // watchdog_touch_ts: the last time the CPU could switch
	times       Times
	hotplug     hotplug
	lb          balancer
}

// runqueues models the per-CPU variable of that name.
var runqueues = percpu.New[runqueue]("runqueues")

// Waiting is the number of tasks that are ready and do not run.
func (q *runqueue) Waiting() int { return len(q.urgent) + len(q.fair) }

// enqueue puts a ready task into its list: behind those that are as urgent or
// have had as little.
func (q *runqueue) enqueue(t *Task) {
	list := &q.fair
	before := func(a, b *Task) bool { return a.exec.vruntime < b.exec.vruntime }
	if t.Policy > Normal {
		list = &q.urgent
		before = (*Task).before
	}
	i := len(*list)
	for i > 0 && before(t, (*list)[i-1]) {
		i--
	}
	*list = slices.Insert(*list, i, t)
}

// requeue puts a task back that was made to leave: an urgent one before its
// equals, because it was not its turn to end, unless it was.
func (q *runqueue) requeue(t *Task) {
	if t.Policy <= Normal || t.behind {
		t.behind = false
		q.enqueue(t)
		return
	}
	i := 0
	for i < len(q.urgent) && q.urgent[i].before(t) {
		i++
	}
	q.urgent = slices.Insert(q.urgent, i, t)
}

// dequeue takes a waiting task out.
func (q *runqueue) dequeue(t *Task) {
	q.forget(t)
	for _, list := range []*[]*Task{&q.urgent, &q.fair} {
		if i := slices.Index(*list, t); i >= 0 {
			*list = slices.Delete(*list, i, i+1)
			return
		}
	}
}

// pickNext models pick_next_task: the most urgent, else a fair task, else the
// idle task.
func (q *runqueue) pickNext(c *cpu.CPU) *Task {
	switch {
	case len(q.urgent) > 0:
		t := q.urgent[0]
		q.urgent = slices.Delete(q.urgent, 0, 1)
		return t
	case len(q.fair) > 0:
		return q.pickFair(c)
	}
	return q.idle
}

// update models update_curr: it books the time since the last update to the
// running task.
func (q *runqueue) update(now sim.Time) {
	t := q.curr
	d := now - t.exec.start
	if d <= 0 {
		return
	}
	t.exec.start = now
	t.exec.sum += d
	if t.Policy == Normal {
		q.lb.nohz.ran += d
		t.exec.vruntime += t.virtual(d)
		least := t.exec.vruntime
		if len(q.fair) > 0 {
			least = min(least, q.fair[0].exec.vruntime)
		}
		q.minVruntime = max(q.minVruntime, least)
	}
}

// mark models resched_curr up to the interrupt: p is to call the scheduler at
// its next chance. True means that p is another CPU, which must be told.
func mark(c, p *cpu.CPU) (tell bool) {
	t := runqueues.Raw(p).curr
	if t.resched {
		return false
	}
	t.resched = true
	switch {
	case !c.Running(): // asked from outside a run: nobody is there to send an IPI
		preempt.SetNeedResched(p)
		p.Wake()
	case p == c:
		preempt.SetNeedResched(c)
	default:
		return true
	}
	return false
}
