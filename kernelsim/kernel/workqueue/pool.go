package workqueue

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/wait"
)

// nrStdPools is NR_STD_WORKER_POOLS: a CPU's pools, by priority.
const nrStdPools = 2

// highPriNice is HIGHPRI_NICE_LEVEL, and a rescuer's too.
const highPriNice = -20

// A poolFlag says in what state a pool is.
type poolFlag uint32

const (
	managerActive poolFlag = 1 << 0 // POOL_MANAGER_ACTIVE
	disassociated poolFlag = 1 << 2 // POOL_DISASSOCIATED: its CPU cannot serve it
	bh            poolFlag = 1 << 3 // POOL_BH
	bhDraining    poolFlag = 1 << 4 // POOL_BH_DRAINING: another CPU works for it
)

// Attrs are what an unbound pool is made for (struct workqueue_attrs).
type Attrs struct {
	Nice   int          // −20 to 19
	CPUs   cpumask.Mask // where its workers may run
	NoNUMA bool         // one pool for all nodes; says nothing of a pool
}

// fits models wqattrs_equal.
func (a Attrs) fits(o Attrs) bool { return a.Nice == o.Nice && a.CPUs == o.CPUs }

// A pool is workers that share works (struct worker_pool).
type pool struct {
	lock  lock.Spin
	cpu   int // -1: unbound
	node  int // -1: none
	id    int
	flags poolFlag
	attrs Attrs
	refs  int // of an unbound one: its pool_workqueues

	worklist entry
	running  int // nr_running: workers that keep a CPU busy
	workers  int // nr_workers

	idle     []*worker        // the one that has idled longest first
	busy     []*worker        // busy_hash
	attached []*worker        // everybody who belongs here
	detached *wait.Completion // detach_completion
	ids      []bool           // worker_ida

	timers timers
}

// init models init_worker_pool.
func (p *pool) init(c *cpu.CPU, cl lock.Class, n int, a Attrs) {
	*p = pool{cpu: n, node: -1, id: -1, flags: disassociated, refs: 1, attrs: a}
	p.attrs.NoNUMA = false
	p.lock.Init(c, cl)
	p.worklist.init()
	p.timers.setup(c, p)
}

// assignID models worker_pool_assign_id: the lowest number that is free.
func (s *system) assignID(p *pool) {
	p.id = slices.Index(s.pools, nil)
	if p.id < 0 {
		p.id = len(s.pools)
		s.pools = append(s.pools, nil)
	}
	s.pools[p.id] = p
}

// The policies below are asked with the pool's lock held.

// needMore models need_more_worker: works wait, and nobody runs who will come
// to them.
func (p *pool) needMore() bool { return !p.worklist.empty() && p.running == 0 }

// mayStart models may_start_working: somebody else stays behind, idle.
func (p *pool) mayStart() bool { return len(p.idle) > 0 }

// keepWorking models keep_working: works wait, and no other worker runs.
func (p *pool) keepWorking() bool { return !p.worklist.empty() && p.running <= 1 }

// needToCreate models need_to_create_worker.
func (p *pool) needToCreate() bool { return p.needMore() && !p.mayStart() }

// tooMany models too_many_workers: more than two idle, and more than a quarter
// of the busy ones. A manager counts as idle.
func (p *pool) tooMany() bool {
	idle := len(p.idle)
	if p.flags&managerActive != 0 {
		idle++
	}
	return idle > 2 && (idle-2)*maxIdleRatio >= p.workers-idle
}

// maxIdleRatio is MAX_IDLE_WORKERS_RATIO.
const maxIdleRatio = 4

// firstIdle models first_idle_worker: the one that went idle last, whose cache
// is warmest.
func (p *pool) firstIdle() *worker {
	if len(p.idle) == 0 {
		return nil
	}
	return p.idle[len(p.idle)-1]
}

// wake models wake_up_worker.
func (p *pool) wake(c *cpu.CPU) {
	switch k := p.firstIdle(); {
	case k == nil:
	case p.flags&bh != 0:
		p.kickBH(c)
	default:
		sched.WakeUpProcess(c, k.task)
	}
}

// executing models find_worker_executing_work: the worker that runs w now. A
// work may be initialised anew while its old function still runs: it is
// another one then.
func (p *pool) executing(w *Work) *worker {
	for _, k := range p.busy {
		if k.work == w && k.fn == w.name {
			return k
		}
	}
	return nil
}

// takeID is ida_alloc, dropID ida_free.
func (p *pool) takeID() int {
	n := slices.Index(p.ids, false)
	if n < 0 {
		n = len(p.ids)
		p.ids = append(p.ids, false)
	}
	p.ids[n] = true
	return n
}

func (p *pool) dropID(n int) { p.ids[n] = false }
