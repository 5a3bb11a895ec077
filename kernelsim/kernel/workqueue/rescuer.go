package workqueue

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
)

// startRescuer models init_rescuer: a workqueue that may be needed to free
// memory has a thread of its own, for when no memory is left to make one.
func (wq *Workqueue) startRescuer(t *sched.Task) {
	if wq.flags&WQMemReclaim == 0 {
		return
	}
	k := newWorker()
	k.rescues = wq
	k.task = sched.KThreadCreate(t.CPU(), wq.name, k.rescue)
	wq.rescuer = k
	sched.BindMask(t.CPU(), k.task, cpusOf(shared.Of(t.CPU()).possible))
	sched.WakeUpProcess(t.CPU(), k.task)
}

// stopRescuer is the part of destroy_workqueue that ends it.
func (wq *Workqueue) stopRescuer(t *sched.Task) {
	k := wq.rescuer
	if k == nil {
		return
	}
	l := maydayLock.Of(t.CPU())
	l.LockIRQ(t.CPU())
	wq.rescuer = nil // nobody calls it any more
	l.UnlockIRQ(t.CPU())
	sched.KThreadStopWait(t, k.task)
}

// callRescuers calls the rescuers of all workqueues whose works wait for a
// worker that cannot be made. Context: the pool's lock held.
func (p *pool) callRescuers(c *cpu.CPU) {
	l := maydayLock.Of(c)
	l.Lock(c)
	if p.needToCreate() {
		for e := p.worklist.next; e != &p.worklist; e = e.next {
			e.work.pwq.sendMayday(c)
		}
	}
	l.Unlock(c)
}

// sendMayday models send_mayday. Context: wq_mayday_lock and the pool's lock
// held.
func (pwq *poolWorkqueue) sendMayday(c *cpu.CPU) {
	if wq := pwq.wq; wq.rescuer != nil && !pwq.mayday {
		pwq.refs++
		pwq.mayday = true
		wq.maydays = append(wq.maydays, pwq)
		sched.WakeUpProcess(c, wq.rescuer.task)
	}
}

// rescue models rescuer_thread. When it is to stop it still looks once more,
// so that no share stays in the list.
func (k *worker) rescue(t *sched.Task) {
	wq := k.rescues
	_ = sched.SetNice(t.CPU(), t, highPriNice) // RESCUER_NICE_LEVEL
	setWorker(t, k)
	l := maydayLock.Of(t.CPU())
	for {
		sched.SetState(t, sched.Idling)
		stop := t.ShouldStop()
		l.LockIRQ(t.CPU())
		for len(wq.maydays) > 0 {
			sched.SetState(t, sched.Running)
			pwq := wq.maydays[0]
			wq.maydays = slices.Delete(wq.maydays, 0, 1)
			pwq.mayday = false
			l.UnlockIRQ(t.CPU())
			k.help(t, pwq)
			l.LockIRQ(t.CPU())
		}
		l.UnlockIRQ(t.CPU())
		if stop {
			sched.SetState(t, sched.Running)
			setWorker(t, nil)
			return
		}
		sched.Schedule(t.CPU())
	}
}

// help is a rescuer's work for one share: it joins the pool, runs what the
// share has there, and leaves.
func (k *worker) help(t *sched.Task, pwq *poolWorkqueue) {
	p := pwq.pool
	k.attach(t, p)
	p.lock.LockIRQ(t.CPU())
	k.slurp(pwq)
	if !k.scheduled.empty() {
		k.processScheduled(t)
		k.callAgain(t.CPU(), pwq)
	}
	pwq.put(t.CPU())
	if p.needMore() {
		p.wake(t.CPU())
	}
	p.lock.UnlockIRQ(t.CPU())
	k.detach(t)
}

// slurp takes all works of a share.
func (k *worker) slurp(pwq *poolWorkqueue) {
	list := &pwq.pool.worklist
	for e := list.next; e != list; {
		if e.work.pwq == pwq {
			e = moveLinked(e.work, &k.scheduled)
		} else {
			e = e.next
		}
	}
}

// callAgain puts a share back that has more by now: what runs to free memory
// shall not wait for the next call.
func (k *worker) callAgain(c *cpu.CPU, pwq *poolWorkqueue) {
	if pwq.active == 0 || !pwq.pool.needToCreate() {
		return
	}
	l := maydayLock.Of(c)
	l.Lock(c)
	pwq.sendMayday(c)
	l.Unlock(c)
}
