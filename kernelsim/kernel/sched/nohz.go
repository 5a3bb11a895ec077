package sched

import (
	"math/bits"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/sim"
)

// A nohzState is what CPUs that tick know of those that idle without a tick
// (struct nohz, kernel/sched/fair.c): these cannot balance of themselves.
type nohzState struct {
	next        uint64 // next_balance
	nextBlocked uint64 // next_blocked
	blocked     bool   // has_blocked: the load averages of idle CPUs must decay
	update      bool   // needs_update: a CPU has begun to idle, so next may be wrong
}

// A nohzCPU is a CPU's part.
type nohzCPU struct {
	stopped bool     // nohz_tick_stopped
	asked   kick     // nohz_flags: an interrupt is under way
	taken   kick     // nohz_idle_balance: what it has asked for
	ran     sim.Time // how long fair tasks have run since it idled last
	decayed sim.Time // when nothing of their load is left (has_blocked_load)
}

// A kick is what an idle CPU is asked to do.
type kick uint8

const (
	kickBalance kick = 1 << iota // NOHZ_BALANCE_KICK
	kickStats                    // NOHZ_STATS_KICK
	kickNext                     // NOHZ_NEXT_KICK
)

// halfLife is LOAD_AVG_PERIOD: after so long, half of a load counts.
const halfLife = 32 * sim.Millisecond

// NoHZEnterIdle models nohz_balance_enter_idle: c stops its tick. Context: the
// idle task, interrupts off.
func NoHZEnterIdle(c *cpu.CPU) {
	s := shared.Of(c)
	q := runqueues.Raw(c)
	if s.weight < 2 || q.hotplug.leaving {
		return
	}
	n := &q.lb.nohz
	full := 46 * sim.Millisecond // a load of nice0 rises by 22 a millisecond at first
	load := uint(nice0 * min(n.ran, full) / full)
	n.decayed = max(n.decayed, c.Now()+halfLife*sim.Time(bits.Len(load)))
	n.ran = 0
	if !n.stopped {
		n.stopped = true
		s.nohz.update = true
	}
	s.nohz.blocked = true
}

// SetKick tells how a CPU that idles is asked to balance: f sends CPU n an
// interrupt in which it calls TakeKick. Context: boot.
func SetKick(c *cpu.CPU, f func(c *cpu.CPU, n int)) { shared.Of(c).kick = f }

// TakeKick models nohz_csd_func: somebody has asked c to balance for those that
// idle. It says whether the softirq SCHED is to run. Context: hard interrupt.
func TakeKick(c *cpu.CPU) bool {
	lb := &runqueues.Raw(c).lb
	asked := lb.nohz.asked
	lb.nohz.asked = 0
	lb.idle = idleCPU(c)
	if lb.idle {
		lb.nohz.taken = asked
	}
	return lb.idle
}

// KickIdle models nohz_balancer_kick: a CPU that ticks and has something to run
// sees whether one that idles should take some of it. Context: the tick's hard
// interrupt.
func KickIdle(c *cpu.CPU) {
	s, q := shared.Of(c), runqueues.Raw(c)
	if q.lb.idle || s.weight < 2 || s.kick == nil {
		return
	}
	q.lb.nohz.stopped = false // nohz_balance_exit_idle
	idle, busy := idleCPUs(c)
	if idle == 0 {
		return
	}
	var ask kick
	now := Jiffies(c)
	if s.nohz.blocked && now > s.nohz.nextBlocked {
		ask = kickStats
	}
	if now >= s.nohz.next && (load(c) >= 2 || busy > 1) {
		ask = kickStats | kickBalance
	}
	if s.nohz.update {
		ask |= kickNext
	}
	if ask != 0 {
		s.ask(c, ask)
	}
}

// idleCPUs counts the CPUs whose tick is stopped (nohz.nr_cpus) and those that
// tick (nr_busy_cpus).
func idleCPUs(c *cpu.CPU) (idle, busy int) {
	for _, p := range c.Peers {
		switch {
		case !Active(p):
		case runqueues.Raw(p).lb.nohz.stopped:
			idle++
		default:
			busy++
		}
	}
	return idle, busy
}

// ask models kick_ilb: the first CPU that idles is sent an interrupt, unless one
// is under way.
func (s *system) ask(c *cpu.CPU, what kick) {
	if what&kickBalance != 0 {
		s.nohz.next = Jiffies(c) + 1
	}
	for _, p := range c.Peers {
		n := &runqueues.Raw(p).lb.nohz
		if p == c || !Active(p) || !n.stopped || !idleCPU(p) {
			continue
		}
		was := n.asked
		n.asked |= what
		if was == 0 {
			s.kick(c, p.ID)
		}
		return
	}
}

// balanceForIdle models nohz_idle_balance: c has been asked to balance for all
// that idle. False: it has not.
func balanceForIdle(c *cpu.CPU, idle idleType) bool {
	n := &runqueues.Raw(c).lb.nohz
	asked := n.taken
	n.taken = 0
	if asked == 0 || idle != isIdling {
		return false
	}
	shared.Of(c).nohz.balance(c, asked)
	return true
}

// balance models _nohz_idle_balance: the one that was asked comes last, so that
// others get something too.
func (s *nohzState) balance(c *cpu.CPU, asked kick) {
	now := Jiffies(c)
	next, left := now+60*uint64(HZ(c)), false
	if asked&kickStats != 0 {
		s.blocked = false
	}
	if asked&kickNext != 0 {
		s.update = false
	}
	for i := range c.Peers {
		p := c.Peers[(c.ID+1+i)%len(c.Peers)]
		lb := balancerOf(p)
		if lb == nil || !lb.nohz.stopped || !idleCPU(p) {
			continue
		}
		if !idleCPU(c) && NeedResched(c) { // it has got something to do itself
			s.blocked = s.blocked || left || asked&kickStats != 0
			s.update = s.update || asked&kickNext != 0
			return
		}
		left = left || asked&kickStats != 0 && c.Now() < lb.nohz.decayed
		if asked&kickBalance != 0 && Jiffies(c) >= lb.next {
			rebalance(c, p, isIdling)
		}
		next = min(next, lb.next)
	}
	s.next = next
	if asked&kickStats != 0 {
		s.nextBlocked = now + uint64((halfLife+TickPeriod(c)-1)/TickPeriod(c))
	}
	s.blocked = s.blocked || left
}

// balancerOf is p's, nil if it takes no part.
func balancerOf(p *cpu.CPU) *balancer {
	if !Active(p) {
		return nil
	}
	return &runqueues.Raw(p).lb
}
