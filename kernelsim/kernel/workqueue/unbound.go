package workqueue

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/wait"
)

// getPool models get_unbound_pool: a pool for works with such attributes, the
// one that there is or a new one. Context: wq_pool_mutex held.
func (s *system) getPool(t *sched.Task, a Attrs) *pool {
	for _, p := range s.unbound {
		if p.attrs.fits(a) {
			p.refs++
			return p
		}
	}
	p := &pool{}
	p.init(t.CPU(), unboundLock, -1, a)
	p.node = s.nodeOf(a.CPUs)
	s.assignID(p)
	if s.online {
		p.create(t) // if it fails, the first work finds nobody; Linux gives up
	}
	s.unbound = append(s.unbound, p)
	return p
}

// nodeOf is the node in which all CPUs of a set are, -1 if there is none.
func (s *system) nodeOf(m cpumask.Mask) int {
	if s.numa {
		for node := range s.cfg.Nodes {
			if m.Subset(s.nodeMask(node)) {
				return node
			}
		}
	}
	return -1
}

// nodeMask is wq_numa_possible_cpumask.
func (s *system) nodeMask(node int) (m cpumask.Mask) {
	for n := range s.possible.All() {
		if s.cfg.Node(n) == node {
			m.Add(n)
		}
	}
	return m
}

// putPool models put_unbound_pool: with the last reference the pool's workers
// go. Nobody may make new ones meanwhile, so the one who waits is its last
// manager. Context: wq_pool_mutex held.
func (s *system) putPool(t *sched.Task, p *pool) {
	if p.refs--; p.refs > 0 {
		return
	}
	s.pools[p.id] = nil
	s.unbound = slices.DeleteFunc(s.unbound, func(o *pool) bool { return o == p })
	s.managers.Event(t, func() bool { return p.lockUnmanaged(t) })
	p.flags |= managerActive
	for len(p.idle) > 0 {
		p.destroy(t.CPU(), p.firstIdle())
	}
	p.lock.UnlockIRQ(t.CPU())
	p.awaitDetached(t)
	p.timers.stop(t)
}

// lockUnmanaged models wq_manager_inactive: true leaves the lock held.
func (p *pool) lockUnmanaged(t *sched.Task) bool {
	p.lock.LockIRQ(t.CPU())
	if p.flags&managerActive == 0 {
		return true
	}
	p.lock.UnlockIRQ(t.CPU())
	return false
}

// awaitDetached waits until the last worker has left.
func (p *pool) awaitDetached(t *sched.Task) {
	m := attachMutex.Of(t.CPU())
	m.Lock(t)
	if len(p.attached) > 0 {
		p.detached = &wait.Completion{}
		p.detached.Init(t.CPU())
	}
	m.Unlock(t)
	if p.detached != nil {
		p.detached.Wait(t)
	}
}

// end models pwq_unbound_release_workfn.
func (pwq *poolWorkqueue) end(t *sched.Task) {
	wq := pwq.wq
	if pwq.linked {
		wq.mutex.Lock(t)
		pwq.linked = false
		wq.pwqs = slices.DeleteFunc(wq.pwqs, func(o *poolWorkqueue) bool { return o == pwq })
		wq.mutex.Unlock(t)
	}
	m := poolMutex.Of(t.CPU())
	m.Lock(t)
	shared.Of(t.CPU()).putPool(t, pwq.pool)
	m.Unlock(t)
}

// SetAttrs models apply_workqueue_attrs: from now on the works of an unbound
// workqueue run with other attributes; those that wait stay where they are.
// EINVAL for a bound one, for an ordered one, whose order would be lost, and
// for a niceness that there is not. Context: process context.
func SetAttrs(t *sched.Task, wq *Workqueue, a Attrs) error {
	switch {
	case wq.flags&WQUnbound == 0:
		return fmt.Errorf("workqueue %s is bound to CPUs and has no attributes: %w", wq.name, errno.EINVAL)
	case wq.flags&orderedExplicit != 0:
		return fmt.Errorf("workqueue %s is ordered: two pools would not keep the order: %w", wq.name, errno.EINVAL)
	case a.Nice < -20 || a.Nice > 19:
		return fmt.Errorf("workqueue %s: nice %d is not from -20 to 19: %w", wq.name, a.Nice, errno.EINVAL)
	}
	m := poolMutex.Of(t.CPU())
	m.Lock(t)
	wq.flags &^= ordered
	wq.apply(t, a)
	m.Unlock(t)
	return nil
}

// apply models apply_wqattrs_prepare, _commit and _cleanup: new shares take
// the place of the old ones, which go when their last works have. Context:
// wq_pool_mutex held.
func (wq *Workqueue) apply(t *sched.Task, a Attrs) {
	s := shared.Of(t.CPU())
	base := s.allowed(a)
	dfl := newPWQ(wq, s.getPool(t, base))
	byNode := make([]*poolWorkqueue, s.cfg.Nodes)
	for node := range byNode {
		byNode[node] = s.newNodeShare(t, wq, base, node, dfl)
	}
	wq.mutex.Lock(t)
	wq.attrs = Attrs{Nice: a.Nice, CPUs: a.CPUs.And(s.possible), NoNUMA: a.NoNUMA}
	old := wq.byNode
	wq.byNode = byNode
	for _, pwq := range byNode {
		pwq.link(t)
	}
	dfl.link(t)
	dfl, wq.dfl = wq.dfl, dfl
	wq.mutex.Unlock(t)
	for _, pwq := range append(old, dfl) {
		pwq.putUnlocked(t)
	}
}

// allowed is the attributes less the CPUs on which no unbound work may run,
// unless none would be left.
func (s *system) allowed(a Attrs) Attrs {
	mask := a.CPUs.And(s.cfg.Unbound)
	if mask.Empty() {
		mask = s.cfg.Unbound
	}
	a.CPUs = mask
	return a
}

// newNodeShare is a share for a node: one of its own, or the common one. That
// is not in use by then, so no lock is needed to count.
func (s *system) newNodeShare(t *sched.Task, wq *Workqueue, base Attrs, node int, dfl *poolWorkqueue) *poolWorkqueue {
	if mask := s.maskFor(t.CPU(), base, node, -1); mask != base.CPUs {
		a := base
		a.CPUs = mask
		return newPWQ(wq, s.getPool(t, a))
	}
	dfl.refs++
	return dfl
}

// maskFor models wq_calc_node_cpumask: where works for a node run. A node
// without a CPU that is online uses what all use. leaving, if not -1, counts as
// offline.
func (s *system) maskFor(c *cpu.CPU, base Attrs, node, leaving int) cpumask.Mask {
	if !s.numa || base.NoNUMA {
		return base.CPUs
	}
	up := onlineMask(c).And(s.nodeMask(node)).And(base.CPUs)
	if leaving >= 0 {
		up.Remove(leaving)
	}
	if up.Empty() {
		return base.CPUs
	}
	return base.CPUs.And(s.nodeMask(node))
}

// updateNode models wq_update_unbound_numa: CPU n has come or goes, so that
// its node may have the first or lose the last one. Context: wq_pool_mutex
// held.
func (wq *Workqueue) updateNode(t *sched.Task, n int, online bool) {
	s := shared.Of(t.CPU())
	if !s.numa || wq.flags&WQUnbound == 0 || wq.attrs.NoNUMA {
		return
	}
	leaving := n
	if online {
		leaving = -1
	}
	node := s.cfg.Node(n)
	base := wq.dfl.pool.attrs
	mask := s.maskFor(t.CPU(), base, node, leaving)
	if mask == wq.byNode[node].pool.attrs.CPUs {
		return
	}
	pwq := wq.dfl
	if mask != base.CPUs {
		pwq = newPWQ(wq, s.getPool(t, Attrs{Nice: wq.attrs.Nice, CPUs: mask}))
	}
	wq.install(t, node, pwq)
}

// install models numa_pwq_tbl_install.
func (wq *Workqueue) install(t *sched.Task, node int, pwq *poolWorkqueue) {
	wq.mutex.Lock(t)
	if pwq == wq.dfl {
		pwq.pool.lock.LockIRQ(t.CPU())
		pwq.refs++
		pwq.pool.lock.UnlockIRQ(t.CPU())
	}
	pwq.link(t)
	old := wq.byNode[node]
	wq.byNode[node] = pwq
	wq.mutex.Unlock(t)
	old.putUnlocked(t)
}

// onlineMask is cpu_online_mask.
func onlineMask(c *cpu.CPU) (m cpumask.Mask) {
	for _, p := range c.Peers {
		if sched.Online(p) {
			m.Add(p.ID)
		}
	}
	return m
}
