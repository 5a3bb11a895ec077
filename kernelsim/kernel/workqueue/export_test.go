package workqueue

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/sched"
)

// A PoolState is what tests see of a pool.
type PoolState struct {
	ID, CPU, Node, Nice  int
	CPUs                 string
	Workers, Idle, Count int // Count: nr_running
	Busy, Refs           int
	Alone                bool // its CPU is away, or it never had one
}

// Pools lists the pools that there are, by number.
func Pools(c *cpu.CPU) (list []PoolState) {
	for _, p := range shared.Of(c).pools {
		if p != nil {
			list = append(list, PoolState{ID: p.id, CPU: p.cpu, Node: p.node, Nice: p.attrs.Nice, CPUs: p.attrs.CPUs.String(),
				Workers: p.workers, Idle: len(p.idle), Count: p.running, Busy: len(p.busy), Refs: p.refs, Alone: p.flags&disassociated != 0})
		}
	}
	return list
}

// Queues is how many workqueues there are.
func Queues(c *cpu.CPU) int { return len(shared.Of(c).list) }

// Listed says whether a workqueue is among them.
func Listed(c *cpu.CPU, wq *Workqueue) bool { return slices.Contains(shared.Of(c).list, wq) }

// AtRest says whether nobody flushes wq, and what is queued next can be told
// from nothing.
func AtRest(wq *Workqueue) bool {
	for _, pwq := range wq.pwqs {
		if pwq.flushColor != noColor || pwq.workColor != wq.workColor {
			return false
		}
	}
	return wq.first == nil && wq.flushColor == wq.workColor && len(wq.flushers)+len(wq.overflow) == 0
}

// Shares describes a workqueue's shares, with their pools.
func Shares(wq *Workqueue) (list []string) {
	for _, pwq := range wq.pwqs {
		list = append(list, fmt.Sprintf("%d:%d/%d", pwq.pool.id, pwq.active, pwq.maxActive))
	}
	return list
}

// MaxActiveOf is the limit of a workqueue's shares.
func MaxActiveOf(wq *Workqueue) int { return wq.pwqs[0].maxActive }

// Colors is how many flushes of wq are under way or wait for a color.
func Colors(wq *Workqueue) (waiting, overflow int) { return len(wq.flushers), len(wq.overflow) }

// Text is the first line that show_pwq prints of one of wq's shares.
func Text(wq *Workqueue, n int) string { return wq.pwqs[n].String() }

// ThreadName is what the pool with a number would call a worker.
func ThreadName(c *cpu.CPU, id, worker int) string { return shared.Of(c).pools[id].threadName(worker) }

// Rescuer is the workqueue's rescuer, nil if it has none.
func Rescuer(wq *Workqueue) *sched.Task {
	if wq.rescuer == nil {
		return nil
	}
	return wq.rescuer.task
}

// Consistent looks whether everything that is counted is there. A pool whose
// lock somebody has is left alone: it is being changed.
func Consistent(c *cpu.CPU) error {
	s := shared.Of(c)
	for _, p := range s.pools {
		if p == nil || p.lock.Locked() {
			continue
		}
		if err := p.consistent(); err != nil {
			return fmt.Errorf("pool %d: %w", p.id, err)
		}
		for _, wq := range s.list {
			for _, pwq := range wq.pwqs {
				if pwq.pool == p {
					if err := pwq.consistent(); err != nil {
						return fmt.Errorf("pool %d, %s: %w", p.id, wq.name, err)
					}
				}
			}
		}
	}
	return nil
}

func (p *pool) consistent() error {
	counted, onTheWay := 0, 0
	for _, k := range p.attached {
		switch {
		case k.flags&notRunning != 0:
		case k.sleeping:
			onTheWay++ // it has said so, and may not be taken off yet
		default:
			counted++
		}
		if k.flags&idle != 0 && (k.work != nil || !slices.Contains(p.idle, k)) && k.flags&die == 0 {
			return fmt.Errorf("%s is idle, and works or is not in the list", k.task)
		}
	}
	for _, k := range p.idle {
		if k.flags&idle == 0 {
			return fmt.Errorf("%s is in the list of idle workers, and is not idle", k.task)
		}
	}
	if p.running < counted || p.running > counted+onTheWay {
		return fmt.Errorf("%d workers run, nr_running is %d", counted, p.running)
	}
	if p.workers < len(p.idle) || p.cpu >= 0 && p.flags&disassociated != 0 && p.running != 0 {
		return fmt.Errorf("%d workers, %d idle, %d running", p.workers, len(p.idle), p.running)
	}
	return p.uniqueWorks()
}

// uniqueWorks looks for a work that two run.
func (p *pool) uniqueWorks() error {
	for i, k := range p.busy {
		for _, other := range p.busy[:i] {
			if other.work == k.work && other.fn == k.fn {
				return fmt.Errorf("%s and %s run one work", k.task, other.task)
			}
		}
	}
	return nil
}

// consistent counts the works of a share wherever they are.
func (pwq *poolWorkqueue) consistent() error {
	active, all := 0, 0
	count := func(list *entry) {
		for e := list.next; e != list; e = e.next {
			if e.work.pwq == pwq {
				all++
				if !e.work.inactive {
					active++
				}
			}
		}
	}
	count(&pwq.pool.worklist)
	count(&pwq.inactive)
	for _, k := range pwq.pool.attached {
		count(&k.scheduled)
		if k.pwq == pwq {
			all++
		}
	}
	running := 0
	for _, n := range pwq.inFlight {
		if n < 0 {
			return fmt.Errorf("%v works are in flight", pwq.inFlight)
		}
		running += n
	}
	switch {
	case running != all:
		return fmt.Errorf("%d works are in flight, %d are there", running, all)
	case pwq.active < active || pwq.active > all:
		return fmt.Errorf("%d works are active, %d wait actively of %d", pwq.active, active, all)
	case !pwq.inactive.empty() && pwq.active < pwq.maxActive:
		return fmt.Errorf("works are held back, and %d of %d are active", pwq.active, pwq.maxActive)
	case pwq.refs < all || pwq.active > max(pwq.maxActive, active):
		return fmt.Errorf("%d references, %d works, %d of %d active", pwq.refs, all, pwq.active, pwq.maxActive)
	}
	return nil
}

// LeaveBH leaves a work in the BH pool of a CPU that has gone, as its softirq
// would.
func LeaveBH(c *cpu.CPU, n int, w *Work) {
	p := shared.Of(c).bhPools[n][0]
	pwq := BH(c).byCPU[n]
	p.lock.LockIRQ(c)
	w.pending = true
	p.flags |= bhDraining // or the CPU would be told
	pwq.active++
	pwq.insert(c, w, &p.worklist)
	p.flags &^= bhDraining
	p.lock.UnlockIRQ(c)
}

// SetOnline says whether workers can be made, as before Start and after it.
func SetOnline(c *cpu.CPU, on bool) { shared.Of(c).online = on }

// Keep keeps unbound works off all CPUs but those of a set.
func Keep(c *cpu.CPU, m cpumask.Mask) { shared.Of(c).cfg.Unbound = m }
