package workqueue

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
)

// manage models manage_workers: k is the pool's manager, unless there is one
// already, and makes workers until one is idle. False means that it had
// nothing to do. Context: the pool's lock held before and after; it sleeps.
func (k *worker) manage(t *sched.Task) bool {
	p := k.pool
	if p.flags&managerActive != 0 {
		return false
	}
	p.flags |= managerActive
	for again := true; again; again = p.needToCreate() {
		p.lock.UnlockIRQ(t.CPU())
		p.createOne(t)
		p.lock.LockIRQ(t.CPU())
	}
	p.flags &^= managerActive
	shared.Of(t.CPU()).managers.WakeUpAll(t.CPU())
	return true
}

// createOne is one turn of maybe_create_worker: it returns when there is a
// worker, or none is needed any more. If that takes too long, rescuers are
// called: what waits here may be what would free memory for a thread.
func (p *pool) createOne(t *sched.Task) {
	p.timers.armMayday(t.CPU())
	for p.create(t) == nil && p.needToCreate() {
		timer.SleepInterruptible(t, int64(sched.HZ(t.CPU()))) // CREATE_COOLDOWN
		if !p.needToCreate() {
			break
		}
	}
	p.timers.stopMayday(t)
}

// Shortage lets all attempts to make a worker fail from now on, as if no
// memory were left, or succeed again: a fault to try rescuers with.
func Shortage(c *cpu.CPU, on bool) { shared.Of(c).shortage = on }

// create models create_worker: a new worker of p that idles. Context: process
// context; it may sleep.
func (p *pool) create(t *sched.Task) *worker {
	if shared.Of(t.CPU()).shortage {
		return nil
	}
	k := newWorker()
	k.id = p.takeID()
	k.task = sched.KThreadCreate(t.CPU(), p.threadName(k.id), k.thread)
	t.CPU().Spend(cost.KThreadCreate)
	_ = sched.SetNice(t.CPU(), k.task, p.attrs.Nice) // SetAttrs has looked at it
	sched.BindMask(t.CPU(), k.task, cpusOf(p.attrs.CPUs))
	k.attach(t, p)
	p.lock.LockIRQ(t.CPU())
	p.workers++
	k.enterIdle(t.CPU())
	sched.WakeUpProcess(t.CPU(), k.task)
	p.lock.UnlockIRQ(t.CPU())
	return k
}

// threadName is what create_worker calls a thread: the CPU or the pool, a
// number, and H for high priority.
func (p *pool) threadName(id int) string {
	switch {
	case p.cpu < 0:
		return fmt.Sprintf("kworker/u%d:%d", p.id, id)
	case p.attrs.Nice < 0:
		return fmt.Sprintf("kworker/%d:%dH", p.cpu, id)
	}
	return fmt.Sprintf("kworker/%d:%d", p.cpu, id)
}

// cpusOf is a set as the scheduler takes it.
func cpusOf(m cpumask.Mask) []int { return slices.Collect(m.All()) }

// attach models worker_attach_to_pool.
func (k *worker) attach(t *sched.Task, p *pool) {
	m := attachMutex.Of(t.CPU())
	m.Lock(t)
	if p.flags&disassociated != 0 {
		k.flags |= unbound
	} else {
		sched.SetPerCPU(k.task, true)
	}
	if k.rescues != nil {
		_ = sched.SetCPUs(t.CPU(), k.task, cpusOf(p.attrs.CPUs)) // else it works from where it is
	}
	p.attached = append(p.attached, k)
	k.pool = p
	m.Unlock(t)
}

// detach models worker_detach_from_pool. Whoever lets the pool go waits for
// the last one.
func (k *worker) detach(t *sched.Task) {
	p := k.pool
	m := attachMutex.Of(t.CPU())
	m.Lock(t)
	sched.SetPerCPU(k.task, false)
	p.attached = slices.DeleteFunc(p.attached, func(o *worker) bool { return o == k })
	k.pool = nil
	done := p.detached
	last := len(p.attached) == 0
	m.Unlock(t)
	k.flags &^= unbound | rebound
	if last && done != nil {
		done.Complete(t.CPU())
	}
}

// destroy models destroy_worker of an idle worker. Context: the pool's lock
// held.
func (p *pool) destroy(c *cpu.CPU, k *worker) {
	p.workers--
	p.dropIdle(k)
	k.flags |= die
	sched.WakeUpProcess(c, k.task)
}
