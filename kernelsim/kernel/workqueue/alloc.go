package workqueue

import (
	"fmt"
	"math"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
)

// nameLen is WQ_NAME_LEN less the byte at the end.
const nameLen = 23

// public are the flags that a caller may give.
const public = WQBH | WQUnbound | WQFreezable | WQMemReclaim | WQHighPri | WQCPUIntensive | WQSysfs | WQPowerEfficient

// Alloc models alloc_workqueue: of its works, maxActive may be active for each
// CPU, or for each node; 0 is DefaultActive. An unbound one with 1 is ordered:
// its works run one after another. EINVAL for a flag that this kernel does not
// have. Context: process context or boot; it may sleep.
func Alloc(c *cpu.CPU, name string, flags Flags, maxActive int) (*Workqueue, error) {
	if bad := flags &^ public; bad != 0 {
		return nil, fmt.Errorf("workqueue %s: flags %#x are not for users of this kernel: choose among the constants WQ…: %w", name, uint32(bad), errno.EINVAL)
	}
	if err := checkBH(c, name, flags, maxActive); err != nil {
		return nil, err
	}
	if flags&WQUnbound != 0 && maxActive == 1 {
		flags |= ordered
	}
	return alloc(c, name, flags, maxActive), nil
}

// AllocOrdered models alloc_ordered_workqueue: its works run one after
// another, in the order in which they were queued.
func AllocOrdered(c *cpu.CPU, name string, flags Flags) (*Workqueue, error) {
	if bad := flags &^ (WQFreezable | WQMemReclaim | WQHighPri | WQSysfs); bad != 0 {
		return nil, fmt.Errorf("workqueue %s: flags %#x make no sense for an ordered one: %w", name, uint32(bad), errno.EINVAL)
	}
	return alloc(c, name, flags|WQUnbound|ordered|orderedExplicit, 1), nil
}

// AllocSingleThread models create_singlethread_workqueue, as old code makes
// ordered ones.
func AllocSingleThread(c *cpu.CPU, name string) *Workqueue {
	return alloc(c, name, WQUnbound|WQMemReclaim|ordered|orderedExplicit|legacy, 1)
}

func alloc(c *cpu.CPU, name string, flags Flags, maxActive int) *Workqueue {
	t := sched.Current(c)
	wq := &Workqueue{name: name[:min(len(name), nameLen)], flags: flags}
	wq.traced = c.Ring.Names().ID(wq.name)
	if maxActive == 0 {
		maxActive = DefaultActive
	}
	wq.savedMax = clampMax(c, maxActive, flags, wq.name)
	if flags&WQBH != 0 {
		wq.savedMax = math.MaxInt
	}
	wq.mutex.Init(c, wqMutex)
	wq.makeShares(t)
	if shared.Of(t.CPU()).online {
		wq.startRescuer(t)
	}
	m := poolMutex.Of(t.CPU())
	m.Lock(t)
	s := shared.Of(t.CPU())
	s.list = append(s.list, wq)
	m.Unlock(t)
	return wq
}

// clampMax models wq_clamp_max_active.
func clampMax(c *cpu.CPU, n int, flags Flags, name string) int {
	limit := MaxActive
	if flags&WQUnbound != 0 {
		limit = unboundMax(c)
	}
	if n < 1 || n > limit {
		printk.Printk(c, printk.Warning, "workqueue: max_active %d requested for %s is out of range, clamping between 1 and %d", n, name, limit)
	}
	return min(max(n, 1), limit)
}

// unboundMax is WQ_UNBOUND_MAX_ACTIVE.
func unboundMax(c *cpu.CPU) int { return max(MaxActive, 4*len(c.Peers)) }

// makeShares models alloc_and_link_pwqs.
func (wq *Workqueue) makeShares(t *sched.Task) {
	s := shared.Of(t.CPU())
	prio := 0
	if wq.flags&WQHighPri != 0 {
		prio = 1
	}
	if wq.flags&WQUnbound != 0 {
		m := poolMutex.Of(t.CPU())
		m.Lock(t)
		wq.apply(t, s.stdAttrs(prio, wq.flags&ordered != 0))
		m.Unlock(t)
		return
	}
	perCPU := s.perCPU
	if wq.flags&WQBH != 0 {
		perCPU = s.bhPools
	}
	for _, pools := range perCPU {
		pwq := newPWQ(wq, pools[prio])
		wq.byCPU = append(wq.byCPU, pwq)
		wq.mutex.Lock(t)
		pwq.link(t)
		wq.mutex.Unlock(t)
	}
}

// stdAttrs is unbound_std_wq_attrs or ordered_wq_attrs: an ordered workqueue
// has one share, because the limit of one is a share's.
func (s *system) stdAttrs(prio int, ordered bool) Attrs {
	return Attrs{Nice: stdNice(prio), CPUs: s.possible, NoNUMA: ordered}
}

func stdNice(prio int) int { return prio * highPriNice }

// SetMaxActive models workqueue_set_max_active: works that were too many may
// run now. An ordered workqueue refuses, with a warning. Context: process
// context.
func SetMaxActive(t *sched.Task, wq *Workqueue, n int) {
	if wq.flags&orderedExplicit != 0 {
		warn(t.CPU(), warnMaxOrdered)
		return
	}
	n = clampMax(t.CPU(), n, wq.flags, wq.name)
	wq.mutex.Lock(t)
	wq.flags &^= ordered
	wq.savedMax = n
	for _, pwq := range wq.pwqs {
		pwq.adjustMax(t)
	}
	wq.mutex.Unlock(t)
}

// Congested models workqueue_congested: works for CPU n wait because too many
// are active.
func Congested(c *cpu.CPU, n int, wq *Workqueue) bool {
	checkCPU(c, n)
	return !wq.share(c, n).inactive.empty()
}

// Destroy models destroy_workqueue: what waits runs first. If somebody goes on
// queueing, the workqueue stays, with a warning. Context: process context; it
// sleeps.
func Destroy(t *sched.Task, wq *Workqueue) {
	Drain(t, wq)
	wq.stopRescuer(t)
	m := poolMutex.Of(t.CPU())
	m.Lock(t)
	busy := wq.findBusy(t)
	if busy == nil {
		shared.Of(t.CPU()).forget(wq)
	}
	m.Unlock(t)
	switch {
	case busy != nil:
		warn(t.CPU(), warnDestroyBusy)
		printk.Printk(t.CPU(), printk.Warning, "destroy_workqueue: %s has the following busy pwq", wq.name)
		printk.Printk(t.CPU(), printk.Info, "  %s", busy)
	case wq.flags&WQUnbound != 0:
		wq.dropShares(t)
	}
}

// findBusy is a share that has works still, nil if none has.
func (wq *Workqueue) findBusy(t *sched.Task) (busy *poolWorkqueue) {
	wq.mutex.Lock(t)
	for _, pwq := range wq.pwqs {
		pwq.pool.lock.LockIRQ(t.CPU())
		if busy == nil && pwq.busyNow() {
			busy = pwq
		}
		pwq.pool.lock.UnlockIRQ(t.CPU())
	}
	wq.mutex.Unlock(t)
	return busy
}

func (s *system) forget(wq *Workqueue) {
	for i, o := range s.list {
		if o == wq {
			s.list = append(s.list[:i], s.list[i+1:]...)
			return
		}
	}
}

// dropShares puts the base references of an unbound workqueue, whose shares
// go when their last works have.
func (wq *Workqueue) dropShares(t *sched.Task) {
	for node, pwq := range wq.byNode {
		wq.byNode[node] = nil
		pwq.putUnlocked(t)
	}
	pwq := wq.dfl
	wq.dfl = nil
	pwq.putUnlocked(t)
}
