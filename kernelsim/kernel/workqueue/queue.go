package workqueue

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// Queue models queue_work: w is to run once, soon. On a bound workqueue it
// runs on this CPU, unless it runs elsewhere now. It reports false if w waits
// already: it will run once for both. Context: any.
func Queue(c *cpu.CPU, wq *Workqueue, w *Work) bool { return QueueOn(c, AnyCPU, wq, w) }

// Schedule models schedule_work: Queue on "events".
func Schedule(c *cpu.CPU, w *Work) bool { return Queue(c, System(c), w) }

// ScheduleOn models schedule_work_on.
func ScheduleOn(c *cpu.CPU, n int, w *Work) bool { return QueueOn(c, n, System(c), w) }

// QueueOn models queue_work_on: Queue for CPU n. If n goes away, or has never
// been there, any CPU may run w. Context: any.
func QueueOn(c *cpu.CPU, n int, wq *Workqueue, w *Work) bool {
	w.check(c)
	checkCPU(c, n)
	flags := c.SaveFlags()
	fresh := !w.pending
	w.pending = true
	c.Spend(cost.AtomicRMW)
	if fresh {
		queue(c, n, wq, w)
	}
	c.RestoreFlags(flags)
	return fresh
}

// QueueNode models queue_work_node: Queue on an unbound workqueue, for a CPU
// of a node; on a bound one it warns. Context: any.
func QueueNode(c *cpu.CPU, node int, wq *Workqueue, w *Work) bool {
	if wq.flags&WQUnbound == 0 {
		warnOnce(c, warnNodeOfBound)
	}
	return QueueOn(c, nearCPU(c, node), wq, w)
}

// nearCPU models workqueue_select_cpu_near.
func nearCPU(c *cpu.CPU, node int) int {
	s := shared.Of(c)
	if !s.numa || node < 0 || node >= s.cfg.Nodes {
		return AnyCPU
	}
	if s.cfg.Node(c.ID) == node {
		return c.ID
	}
	for _, p := range c.Peers {
		if s.cfg.Node(p.ID) == node && sched.Online(p) {
			return p.ID
		}
	}
	return AnyCPU
}

func checkCPU(c *cpu.CPU, n int) {
	if n != AnyCPU && (n < 0 || n >= len(c.Peers)) {
		oops.Raise(oops.Report{Rule: "bad processor number", CPU: c.ID,
			Title: fmt.Sprintf("BUG: unable to handle page fault: per_cpu_ptr of CPU %d", n),
			Why:   fmt.Sprintf("a work is queued on CPU %d, and this machine has CPUs 0 to %d", n, len(c.Peers)-1)})
	}
}

// queue models __queue_work: w, which is marked as pending, gets to a pool.
// Who tries to take a pending work that is in no list waits for that to end,
// so this may not be interrupted. Context: interrupts off.
func queue(c *cpu.CPU, n int, wq *Workqueue, w *Work) {
	c.Spend(cost.WorkQueue)
	if wq.flags&draining != 0 && !chained(c, wq) {
		warnOnce(c, warnDraining)
		return
	}
	pwq := choose(c, n, wq, w)
	w.trace(c)
	sched.Record(c, trace.WorkQueueWork, w.object, w.function, wq.traced,
		uint32(n)<<16|uint32(uint16(pwq.pool.cpu)))
	head := &pwq.pool.worklist
	w.inactive = pwq.active >= pwq.maxActive
	if w.inactive {
		head = &pwq.inactive
	} else {
		sched.Record(c, trace.WorkActivate, w.object, 0, 0, 0)
		pwq.active++
	}
	w.color, w.linked = pwq.workColor, false
	pwq.insert(c, w, head)
	pwq.pool.lock.Unlock(c)
}

// insert models insert_work: w, of which everything else is set, stands before
// at. Context: the pool's lock held.
func (pwq *poolWorkqueue) insert(c *cpu.CPU, w *Work, at *entry) {
	pwq.inFlight[w.color]++
	w.pwq, w.canceling = pwq, false
	w.entry.insert(at)
	pwq.refs++
	if pwq.pool.running == 0 {
		pwq.pool.wake(c)
	}
}

// choose is the part of __queue_work that finds the pool, and locks it. A work
// that still runs goes where it runs: it may not run twice at a time. An
// unbound pool may have been let go meanwhile: there is another one then.
func choose(c *cpu.CPU, n int, wq *Workqueue, w *Work) *poolWorkqueue {
	for {
		pwq := wq.share(c, n)
		if last := w.lastPool(c); last != nil && last != pwq.pool {
			last.lock.Lock(c)
			if k := last.executing(w); k != nil && k.pwq.wq == wq {
				return k.pwq
			}
			last.lock.Unlock(c)
		}
		pwq.pool.lock.Lock(c)
		if pwq.refs > 0 {
			return pwq
		}
		pwq.pool.lock.Unlock(c)
		c.Spend(cost.CPURelax)
	}
}

// share is the pool_workqueue for CPU n.
func (wq *Workqueue) share(c *cpu.CPU, n int) *poolWorkqueue {
	if wq.flags&WQUnbound == 0 {
		if n == AnyCPU {
			n = c.ID
		}
		return wq.byCPU[n]
	}
	s := shared.Of(c)
	if n == AnyCPU {
		n = s.unboundCPU(c)
	}
	return wq.byNode[s.cfg.Node(n)]
}

// unboundCPU models wq_select_unbound_cpu: this CPU, unless it is to be left
// alone; else those that are not take turns.
func (s *system) unboundCPU(c *cpu.CPU) int {
	if s.cfg.Unbound.Has(c.ID) {
		return c.ID
	}
	n := s.rrLast[c.ID]
	for range c.Peers {
		if n++; n >= len(c.Peers) {
			n = 0
		}
		if s.cfg.Unbound.Has(n) && sched.Online(c.Peers[n]) {
			s.rrLast[c.ID] = n
			return n
		}
	}
	return c.ID
}

// chained models is_chained_work: a work of wq queues this one.
func chained(c *cpu.CPU, wq *Workqueue) bool {
	k := currentWorker(c)
	return k != nil && k.pwq != nil && k.pwq.wq == wq
}

// currentWorker models current_wq_worker: the worker that runs on c, nil in an
// interrupt or in any other thread.
func currentWorker(c *cpu.CPU) *worker {
	if preempt.InNMI(c) || preempt.InHardIRQ(c) || preempt.InServingSoftIRQ(c) {
		return nil
	}
	return workerOf(sched.Current(c))
}

// Current models current_work: the work that runs on c, nil if none does.
func Current(c *cpu.CPU) *Work {
	if k := currentWorker(c); k != nil {
		return k.work
	}
	return nil
}
