package workqueue

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// A workerFlag says what a worker does.
type workerFlag uint32

const (
	die       workerFlag = 1 << 1 // WORKER_DIE
	idle      workerFlag = 1 << 2 // WORKER_IDLE
	prep      workerFlag = 1 << 3 // WORKER_PREP: it is getting ready
	intensive workerFlag = 1 << 6 // WORKER_CPU_INTENSIVE
	unbound   workerFlag = 1 << 7 // WORKER_UNBOUND
	rebound   workerFlag = 1 << 8 // WORKER_REBOUND: its CPU is back

	// notRunning is WORKER_NOT_RUNNING: the worker does not count in
	// pool.running.
	notRunning = prep | intensive | unbound | rebound
)

// A worker is a thread that runs works (struct worker).
type worker struct {
	task     *sched.Task
	pool     *pool
	id       int
	flags    workerFlag
	sleeping bool

	// What it runs now.
	work  *Work
	fn    string // of which function
	pwq   *poolWorkqueue
	color int

	scheduled  entry  // what it runs next, because it belongs together
	desc       string // what it ran last, or runs
	lastActive uint64 // when it went idle, in jiffies
	rescues    *Workqueue
}

// newWorker models alloc_worker.
func newWorker() *worker {
	k := &worker{flags: prep}
	k.scheduled.init()
	return k
}

// Sleeping models wq_worker_sleeping: if the last one that ran goes to sleep,
// another one goes on. A worker that was preempted on its way back from sleep
// has not been counted again yet.
func (k *worker) Sleeping(t *sched.Task) {
	if k.flags&notRunning != 0 || k.sleeping {
		return
	}
	k.sleeping = true
	p := k.pool
	p.lock.LockIRQ(t.CPU())
	if k.flags&notRunning == 0 { // else the CPU has gone meanwhile
		p.running--
		if p.needMore() {
			p.wake(t.CPU())
		}
	}
	p.lock.UnlockIRQ(t.CPU())
}

// Running models wq_worker_running.
func (k *worker) Running(*sched.Task) {
	if !k.sleeping {
		return
	}
	if k.flags&notRunning == 0 {
		k.pool.running++
	}
	k.sleeping = false
}

// setFlags models worker_set_flags, clearFlags worker_clr_flags: a worker
// that begins or ends to be one of notRunning is counted. Context: the worker
// itself, the pool's lock held.
func (k *worker) setFlags(f workerFlag) {
	if f&notRunning != 0 && k.flags&notRunning == 0 {
		k.pool.running--
	}
	k.flags |= f
}

func (k *worker) clearFlags(f workerFlag) {
	was := k.flags
	k.flags &^= f
	if was&notRunning != 0 && k.flags&notRunning == 0 {
		k.pool.running++
	}
}

// enterIdle models worker_enter_idle.
func (k *worker) enterIdle(c *cpu.CPU) {
	p := k.pool
	k.flags |= idle
	k.lastActive = timer.Jiffies(c)
	p.idle = append(p.idle, k)
	p.timers.armIdle(c, p)
}

// leaveIdle models worker_leave_idle.
func (k *worker) leaveIdle() {
	k.clearFlags(idle)
	k.pool.dropIdle(k)
}

func (p *pool) dropIdle(k *worker) {
	i := slices.Index(p.idle, k)
	p.idle = slices.Delete(p.idle, i, i+1)
}

// thread models worker_thread. The worker sets its state before it lets go of
// the lock under which it is woken, so no wake-up is lost.
func (k *worker) thread(t *sched.Task) {
	setWorker(t, k)
	p := k.pool
	for {
		p.lock.LockIRQ(t.CPU())
		if k.flags&die != 0 {
			p.lock.UnlockIRQ(t.CPU())
			k.end(t)
			return
		}
		k.leaveIdle()
		k.serve(t)
		k.enterIdle(t.CPU())
		sched.SetState(t, sched.Idling)
		p.lock.UnlockIRQ(t.CPU())
		sched.Schedule(t.CPU())
	}
}

// end is what a dying worker does last.
func (k *worker) end(t *sched.Task) {
	setWorker(t, nil)
	sched.SetComm(t.CPU(), t, "kworker/dying")
	k.pool.dropID(k.id)
	k.detach(t)
}

// setWorker models set_pf_worker.
func setWorker(t *sched.Task, k *worker) {
	m := attachMutex.Of(t.CPU())
	m.Lock(t)
	if k == nil {
		sched.SetWorker(t, nil)
	} else {
		sched.SetWorker(t, k)
	}
	m.Unlock(t)
}

// serve is worker_thread between idling and idling: as long as somebody is
// needed it works, but first it sees to it that somebody is left to be woken.
func (k *worker) serve(t *sched.Task) {
	p := k.pool
	for p.needMore() {
		if !p.mayStart() && k.manage(t) {
			continue
		}
		k.clearFlags(prep | rebound)
		for again := true; again; again = p.keepWorking() {
			k.next(t, p.worklist.next.work)
		}
		k.setFlags(prep)
		return
	}
}

// next runs the first work of the list, and what is linked to it.
func (k *worker) next(t *sched.Task, w *Work) {
	if w.linked {
		moveLinked(w, &k.scheduled)
	} else {
		k.process(t, w)
	}
	k.processScheduled(t)
}

// processScheduled models process_scheduled_works.
func (k *worker) processScheduled(t *sched.Task) {
	for !k.scheduled.empty() {
		k.process(t, k.scheduled.next.work)
	}
}

// process models process_one_work. If another worker of the pool runs the
// work already, it gets the work to run it once more. Context: the pool's lock
// held before and after, not while the function runs.
func (k *worker) process(t *sched.Task, w *Work) {
	p := k.pool
	if other := p.executing(w); other != nil {
		moveLinked(w, &other.scheduled)
		return
	}
	pwq, inactive, fn := w.pwq, w.inactive, w.fn
	k.claim(t.CPU(), w)
	object, function := w.object, w.function
	p.lock.UnlockIRQ(t.CPU())

	sched.Record(t.CPU(), trace.WorkExecuteStart, object, function, 0, 0)
	t.CPU().Spend(cost.WorkExecute)
	fn(t, w)
	// From here on w may be somebody else's.
	sched.Record(t.CPU(), trace.WorkExecuteEnd, object, function, 0, 0)
	if k.task != nil { // else softirqs look for what is left behind
		k.checkLeak(t)
		sched.CondResched(t)
	}

	p.lock.LockIRQ(t.CPU())
	if pwq.wq.flags&WQCPUIntensive != 0 {
		k.clearFlags(intensive)
	}
	color := k.color
	k.release()
	pwq.done(t.CPU(), color, inactive)
}

// claim is the part of process_one_work that makes w the worker's own. Who
// runs a work that keeps the CPU busy for long does not count as running:
// others shall go on. For unbound workers that is always so, so each wakes the
// next one.
func (k *worker) claim(c *cpu.CPU, w *Work) {
	p := k.pool
	p.busy = append(p.busy, k)
	k.work, k.fn, k.pwq, k.color, k.desc = w, w.name, w.pwq, w.color, w.pwq.wq.name
	w.entry.remove()
	if w.pwq.wq.flags&WQCPUIntensive != 0 {
		k.setFlags(intensive)
	}
	if p.needMore() {
		p.wake(c)
	}
	w.setPool(p, false)
}

// release is the end of process_one_work.
func (k *worker) release() {
	p := k.pool
	i := slices.Index(p.busy, k)
	p.busy = slices.Delete(p.busy, i, i+1)
	k.work, k.fn, k.pwq, k.color = nil, "", nil, noColor
}

// checkLeak is what process_one_work looks for when a function has returned:
// it may not leave anything held or disabled to the next one.
func (k *worker) checkLeak(t *sched.Task) {
	c := t.CPU()
	if preempt.Count(c) == 0 && t.Held().Depth() == 0 {
		return
	}
	oops.Raise(oops.Report{Rule: "workqueue leak", CPU: c.ID, Task: t.String(),
		Title: fmt.Sprintf("BUG: workqueue leaked lock or atomic: %s/0x%08x/%d", t.Comm, preempt.Count(c), t.PID),
		Lines: append([]string{"     last function: " + k.fn}, heldLines(t)...),
		Why:   "the work's function returned with a lock held or preemption disabled: the worker would run the works of others like that"})
}

// heldLines models debug_show_held_locks.
func heldLines(t *sched.Task) []string {
	list := t.Held().Lines()
	if len(list) == 0 {
		return []string{fmt.Sprintf("no locks held by %s/%d.", t.Comm, t.PID)}
	}
	return append([]string{fmt.Sprintf("%d lock%s held by %s/%d:", len(list), plural(len(list)), t.Comm, t.PID)}, list...)
}

func plural(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}
