package drivers

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/rcu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
	"bothhalves/labs/softirq/wire"
)

// grace lets a task on another processor wait until nobody can be looking at
// what it has taken away (synchronize_rcu): while softirqs come without end, and
// while somebody does look.
func grace(s *spool, c *cpu.CPU) string {
	const long = 60 * sim.Millisecond
	t := sched.Current(c)
	s.storm(c, long)
	storm := ended(t, long)
	c = t.CPU()
	sched.KThreadOn(c, s.home, "reader", func(t *sched.Task) {
		c := t.CPU()
		preempt.Disable(c) // to RCU whoever cannot be preempted is a reader
		wire.Spend(c, long)
		preempt.Enable(c)
	})
	wire.Spend(c, 100*sim.Microsecond)
	reader := ended(t, long-100*sim.Microsecond)
	return fmt.Sprintf("softirqs for 60 ms: synchronize_rcu returned meanwhile: %s\na reader for 60 ms: synchronize_rcu returned meanwhile: %s",
		yes(storm), yes(reader))
}

// ended waits for a grace period, and until a time is over, and says whether
// the former came first.
func ended(t *sched.Task, long sim.Time) bool {
	end := t.CPU().Now() + long
	rcu.Synchronize(t)
	first := t.CPU().Now() < end
	wire.Spend(t.CPU(), end+10*sim.Millisecond-t.CPU().Now())
	return first
}
