package workqueue

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/sched"
)

// InitEarly models workqueue_init_early: workqueues can be made and works
// queued from now on; nothing runs before Start. Context: boot.
func InitEarly(c *cpu.CPU, cfg Config) {
	s := shared.Of(c)
	n := len(c.Peers)
	*s = system{cfg: cfg, possible: cpumask.FirstN(n), perCPU: make([][nrStdPools]*pool, n), rrLast: make([]int, n)}
	if s.cfg.Unbound.Empty() {
		s.cfg.Unbound = s.possible
	}
	s.managers.Init(c, managerWait)
	s.cancels.Init(c, cancelWait)
	for id := range s.perCPU {
		if cfg.BH {
			s.bhPools = append(s.bhPools, s.initBH(c, id))
		}
		for prio := range s.perCPU[id] {
			p := &pool{}
			p.init(c, poolLock, id, Attrs{Nice: stdNice(prio), CPUs: cpumask.Of(id)})
			p.node = cfg.Node(id)
			s.assignID(p)
			s.perCPU[id][prio] = p
		}
	}
	s.systemQueues(c)
}

// systemQueues makes the workqueues that everybody may use.
func (s *system) systemQueues(c *cpu.CPU) {
	s.events = alloc(c, "events", 0, 0)
	s.eventsHigh = alloc(c, "events_highpri", WQHighPri, 0)
	s.eventsLong = alloc(c, "events_long", 0, 0)
	s.eventsUnbound = alloc(c, "events_unbound", WQUnbound, unboundMax(c))
	s.eventsFreezable = alloc(c, "events_freezable", WQFreezable, 0)
	s.eventsPower = alloc(c, "events_power_efficient", WQPowerEfficient, 0)
	s.eventsFreezablePower = alloc(c, "events_freezable_power_efficient", WQFreezable|WQPowerEfficient, 0)
	if s.cfg.BH {
		s.eventsBH = alloc(c, "events_bh", WQBH, 0)
		s.eventsBHHigh = alloc(c, "events_bh_highpri", WQBH|WQHighPri, 0)
	}
}

// Start models workqueue_init: the workers of the CPUs that are up and of all
// unbound pools are made, and the rescuers of the workqueues that there are.
// Linux goes through the unbound pools by the hash of their attributes, here
// they come in the order of their making. Context: boot, threads can be made.
func Start(t *sched.Task) {
	s := shared.Of(t.CPU())
	s.numa = s.cfg.Nodes > 1
	m := poolMutex.Of(t.CPU())
	m.Lock(t)
	for _, wq := range s.list {
		wq.updateNode(t, t.CPU().ID, true)
		wq.startRescuer(t)
	}
	m.Unlock(t)
	for _, pools := range s.bhPools {
		for _, p := range pools {
			p.addBHWorker(t.CPU())
		}
	}
	for id, pools := range s.perCPU {
		if !sched.Online(t.CPU().Peers[id]) {
			continue
		}
		for _, p := range pools {
			p.flags &^= disassociated
			p.create(t)
		}
	}
	for _, p := range s.unbound {
		p.create(t)
	}
	s.online = true
}
