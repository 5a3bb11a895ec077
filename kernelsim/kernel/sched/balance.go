package sched

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/sim"
)

// The one scheduling domain holds all active CPUs, each a group of its own: they
// share a cache (sd_init, kernel/sched/topology.c). Its intervals in
// milliseconds are as many as it has CPUs, and twice that; a busy CPU looks so
// many times less often.
const (
	busyFactor        = 16
	imbalancePct      = 117
	cacheNiceTries    = 1
	maxPinnedInterval = 512
	migrateMax        = 32 // sysctl_sched_nr_migrate
)

// migrationCost is sysctl_sched_migration_cost: a task that has run less than
// so long ago has its data in the cache still.
const migrationCost = 500 * sim.Microsecond

// A balancer is one CPU's part of load balancing: its rq's fields, and those of
// its struct sched_domain.
type balancer struct {
	next     uint64 // next_balance, in jiffies
	last     uint64 // last_balance
	interval int    // balance_interval, in milliseconds
	failed   int    // nr_balance_failed
	idle     bool   // idle_balance: its last tick found it idle
	pinned   uint64 // the last pulling that has found only pinned tasks here
	nohz     nohzCPU
}

// An idleType says on what occasion a CPU looks for tasks to pull
// (enum cpu_idle_type).
type idleType uint8

const (
	isIdling idleType = iota
	notIdle
	newlyIdle
)

// InitSMP models sched_init_smp: from now on the CPUs balance what they have to
// run. Context: boot, all CPUs are up.
func InitSMP(c *cpu.CPU) {
	shared.Of(c).domains = true
	buildDomains(c)
}

// buildDomains models build_sched_domains, which is done anew when a CPU comes
// or goes. A domain of one CPU is none.
func buildDomains(c *cpu.CPU) {
	s := shared.Of(c)
	if !s.domains {
		return
	}
	s.weight = 0
	for _, p := range c.Peers {
		if Active(p) {
			s.weight++
		}
	}
	for _, p := range c.Peers {
		if Known(p) {
			lb := &runqueues.Raw(p).lb
			lb.last, lb.interval, lb.failed = Jiffies(c), s.weight, 0
		}
	}
}

// BalanceDue models the first half of trigger_load_balance (kernel/sched/
// fair.c): the softirq SCHED is to run. Context: the tick's hard interrupt.
func BalanceDue(c *cpu.CPU) bool {
	q := runqueues.Raw(c)
	return shared.Of(c).weight > 1 && !q.hotplug.leaving && Jiffies(c) >= q.lb.next
}

// Rebalance models run_rebalance_domains, what the softirq SCHED does. Context:
// softirq.
func Rebalance(c *cpu.CPU) {
	q := runqueues.Raw(c)
	idle := notIdle
	if q.lb.idle {
		idle = isIdling
	}
	if !balanceForIdle(c, idle) {
		rebalance(c, c, idle)
	}
}

// rebalance models rebalance_domains: dst pulls tasks if it is time to.
func rebalance(c, dst *cpu.CPU, idle idleType) {
	lb := &runqueues.Raw(dst).lb
	if Jiffies(c) >= lb.last+lb.after(c, idle != isIdling) {
		look(c)
		if pull(c, dst, idle) > 0 {
			idle = notIdle
			if idleCPU(dst) {
				idle = isIdling
			}
		}
		lb.last = Jiffies(c)
	}
	lb.next = lb.last + lb.after(c, idle != isIdling)
}

// look charges for the statistics of the domain (update_sd_lb_stats).
func look(c *cpu.CPU) {
	for _, p := range c.Peers {
		if Active(p) {
			c.Spend(cost.LoadBalance)
		}
	}
}

// after models get_sd_balance_interval, in jiffies. One is taken off for a busy
// CPU, so that domains of several levels do not all balance at once.
func (lb *balancer) after(c *cpu.CPU, busy bool) uint64 {
	s := shared.Of(c)
	ms := lb.interval
	if busy {
		ms *= busyFactor
	}
	n := (ms*s.hz + 999) / 1000 // msecs_to_jiffies
	if busy {
		n--
	}
	return uint64(min(max(n, 1), s.hz*s.weight/10)) // max_load_balance_interval
}

// newlyIdle models newidle_balance: a CPU that runs out of tasks takes one from
// a CPU that has several, and looks more often from now on. It says whether it
// got one. Context: __schedule.
func (q *runqueue) newlyIdle(c *cpu.CPU) bool {
	if shared.Of(c).weight < 2 || q.hotplug.leaving {
		return false
	}
	q.lb.next = min(q.lb.next, q.lb.last+q.lb.after(c, false))
	return overloaded(c) && pull(c, c, newlyIdle) > 0
}

// overloaded models rd->overload: some CPU has a task that waits.
func overloaded(c *cpu.CPU) bool {
	for _, p := range c.Peers {
		if Active(p) && load(p) > 1 {
			return true
		}
	}
	return false
}

// A pulling is one call of load_balance (struct lb_env).
type pulling struct {
	c, dst    *cpu.CPU
	idle      idleType
	id        uint64 // tells it from earlier ones
	imbalance int64
	byLoad    bool // imbalance is load, else tasks
	pinned    bool // LBF_ALL_PINNED: no task seen so far may move to dst
}

// pull models load_balance: dst gets tasks of the busiest CPU. It returns how
// many.
func pull(c, dst *cpu.CPU, idle idleType) int {
	s := shared.Of(c)
	s.pulls++
	env := pulling{c: c, dst: dst, idle: idle, id: s.pulls}
	lb := &runqueues.Raw(dst).lb
	for {
		src := env.busiest()
		if src == nil {
			return env.balanced(lb)
		}
		env.pinned = true
		moved := env.detach(src, lb.failed)
		if env.pinned {
			runqueues.Raw(src).lb.pinned = env.id
			continue
		}
		if moved > 0 {
			lb.failed = 0
		} else if idle != newlyIdle {
			lb.failed++
		}
		lb.interval = s.weight
		return moved
	}
}

// balanced is the way out of load_balance where there is nothing to pull: the
// next time need not come as soon.
func (env *pulling) balanced(lb *balancer) int {
	lb.failed = 0
	longest := 2 * shared.Of(env.c).weight
	if env.pinned {
		longest = maxPinnedInterval
	}
	if env.idle != newlyIdle && lb.interval < longest {
		lb.interval *= 2
	}
	return 0
}
