package workqueue

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
)

// timers are a pool's: one looks whether workers idle for nothing, the other
// one whether a worker is missing.
type timers struct{ idle, mayday timer.Timer }

// setup prepares them. Nobody is woken for idle workers.
func (x *timers) setup(c *cpu.CPU, p *pool) {
	timer.SetupWith(c, &x.idle, "idle_worker_timeout", timer.Deferrable, func(c *cpu.CPU, _ *timer.Timer) { p.idleTimeout(c) })
	timer.SetupWith(c, &x.mayday, "pool_mayday_timeout", 0, func(c *cpu.CPU, _ *timer.Timer) { p.maydayTimeout(c) })
}

// armIdle lets the pool be looked at when a worker has idled for long. Context:
// the pool's lock held.
func (x *timers) armIdle(c *cpu.CPU, p *pool) {
	if p.tooMany() && !x.idle.Pending() {
		timer.Mod(c, &x.idle, timer.Jiffies(c)+idleJiffies(c))
	}
}

// armMayday calls for help if no worker has been made in two jiffies, or in
// ten milliseconds (MAYDAY_INITIAL_TIMEOUT).
func (x *timers) armMayday(c *cpu.CPU) {
	timer.Mod(c, &x.mayday, timer.Jiffies(c)+uint64(max(sched.HZ(c)/100, 2)))
}

func (x *timers) stopMayday(t *sched.Task) { timer.DelSync(t.CPU(), &x.mayday) }

// stop ends both, for good.
func (x *timers) stop(t *sched.Task) {
	timer.DelSync(t.CPU(), &x.idle)
	timer.DelSync(t.CPU(), &x.mayday)
}

// idleJiffies is IDLE_WORKER_TIMEOUT: 300 seconds.
func idleJiffies(c *cpu.CPU) uint64 { return 300 * uint64(sched.HZ(c)) }

// idleTimeout models idle_worker_timeout: as long as there are too many idle
// workers the one that has idled longest goes, if that is long enough.
// Context: softirq.
func (p *pool) idleTimeout(c *cpu.CPU) {
	p.lock.LockIRQ(c)
	for p.tooMany() {
		k := p.idle[0]
		if expires := k.lastActive + idleJiffies(c); timer.Jiffies(c) < expires {
			timer.Mod(c, &p.timers.idle, expires)
			break
		}
		p.destroy(c, k)
	}
	p.lock.UnlockIRQ(c)
}

// maydayTimeout models pool_mayday_timeout: the rescuers of all whose works
// wait are called, and called again if that does not help. Context: softirq.
func (p *pool) maydayTimeout(c *cpu.CPU) {
	p.lock.LockIRQ(c)
	p.callRescuers(c)
	p.lock.UnlockIRQ(c)
	timer.Mod(c, &p.timers.mayday, timer.Jiffies(c)+uint64(sched.HZ(c)/10)) // MAYDAY_INTERVAL
}
