package workqueue

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/sched"
)

// PrepareCPU models workqueue_prepare_cpu: before CPU n starts for the first
// time its pools get a worker each. Context: process context or boot.
func PrepareCPU(t *sched.Task, n int) {
	for _, p := range shared.Of(t.CPU()).perCPU[n] {
		if p.workers == 0 {
			p.create(t)
		}
	}
}

// OnlineCPU models workqueue_online_cpu: CPU n has come. Its workers go back
// to it, and those of unbound pools may run there too. Context: process
// context.
func OnlineCPU(t *sched.Task, n int) {
	s := shared.Of(t.CPU())
	m := poolMutex.Of(t.CPU())
	m.Lock(t)
	for _, p := range s.pools {
		if p == nil || p.flags&bh != 0 {
			continue
		}
		a := attachMutex.Of(t.CPU())
		a.Lock(t)
		switch {
		case p.cpu == n:
			p.rebind(t)
		case p.cpu < 0 && p.attrs.CPUs.Has(n):
			p.restoreMask(t)
		}
		a.Unlock(t)
	}
	for _, wq := range s.list {
		wq.updateNode(t, n, true)
	}
	m.Unlock(t)
}

// OfflineCPU models workqueue_offline_cpu: CPU n goes, and calls this itself.
// Its workers go on elsewhere. Context: cpuhp/n.
func OfflineCPU(t *sched.Task, n int) {
	s := shared.Of(t.CPU())
	for _, p := range s.perCPU[n] {
		p.unbind(t)
	}
	m := poolMutex.Of(t.CPU())
	m.Lock(t)
	for _, wq := range s.list {
		wq.updateNode(t, n, false)
	}
	m.Unlock(t)
}

// unbind models unbind_workers. Nobody counts who runs any more: the pool is
// like an unbound one, so a worker is woken to take what waits.
func (p *pool) unbind(t *sched.Task) {
	m := attachMutex.Of(t.CPU())
	m.Lock(t)
	p.lock.LockIRQ(t.CPU())
	for _, k := range p.attached {
		k.flags |= unbound
	}
	p.flags |= disassociated
	p.running = 0
	p.wake(t.CPU())
	p.lock.UnlockIRQ(t.CPU())
	for _, k := range p.attached {
		sched.SetPerCPU(k.task, false)
		p.letRoam(t, k)
	}
	m.Unlock(t)
}

// letRoam lets a worker run wherever unbound works may, or anywhere.
func (p *pool) letRoam(t *sched.Task, k *worker) {
	s := shared.Of(t.CPU())
	mask := s.cfg.Unbound
	if !mask.Intersects(activeMask(t.CPU())) {
		mask = s.possible
	}
	_ = sched.SetCPUs(t.CPU(), k.task, cpusOf(mask)) // one of them is online
}

// rebind models rebind_workers. All are sent back to their CPU before any of
// them counts again. They have marked as rebound until they begin the next
// round, because nobody but they themselves may count them.
func (p *pool) rebind(t *sched.Task) {
	for _, k := range p.attached {
		sched.SetPerCPU(k.task, true)
		_ = sched.SetCPUs(t.CPU(), k.task, cpusOf(p.attrs.CPUs)) // it is online
	}
	p.lock.LockIRQ(t.CPU())
	p.flags &^= disassociated
	for _, k := range p.attached {
		k.flags = k.flags&^unbound | rebound
	}
	p.lock.UnlockIRQ(t.CPU())
}

// restoreMask models restore_unbound_workers_cpumask: a worker whose CPUs had
// all gone may have been sent anywhere.
func (p *pool) restoreMask(t *sched.Task) {
	up := p.attrs.CPUs.And(onlineMask(t.CPU()))
	for _, k := range p.attached {
		_ = sched.SetCPUs(t.CPU(), k.task, cpusOf(up)) // one is online: it has just come
	}
}

// activeMask is cpu_active_mask.
func activeMask(c *cpu.CPU) (m cpumask.Mask) {
	for _, p := range c.Peers {
		if sched.Active(p) {
			m.Add(p.ID)
		}
	}
	return m
}
