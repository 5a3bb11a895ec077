package drivers

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/sim"
	"bothhalves/labs/softirq/wire"
)

// overIdle interrupts a processor that has slept for a while, and has a timer
// set by the handler, and then by a softirq.
func overIdle(s *spool, c *cpu.CPU) string {
	byHandler := s.timed(c, func(set func(c *cpu.CPU)) {
		s.handler = set
		s.fire(c)
	})
	bySoftirq := s.timed(c, func(set func(c *cpu.CPU)) {
		s.jobs[softirq.NetRX] = job{during: func(c *cpu.CPU, n int) { set(c) }}
		s.handler = nil
		s.fire(c, softirq.NetRX)
	})
	return fmt.Sprintf("a timer set by a handler: %s\na timer set by a softirq: %s", byHandler, bySoftirq)
}

// timed says whether a timer of three jiffies comes in time that is set in an
// interrupt.
func (s *spool) timed(c *cpu.CPU, interrupt func(set func(c *cpu.CPU))) string {
	wire.Spend(c, 30*sim.Millisecond)
	var t timer.Timer
	var due, came uint64
	timer.Setup(&t, "spool_timer", func(c *cpu.CPU, _ *timer.Timer) { came = timer.Jiffies(c) })
	interrupt(func(c *cpu.CPU) {
		due = timer.Jiffies(c) + 3
		timer.Mod(c, &t, due)
	})
	wire.Spend(c, 6*period(c))
	switch {
	case due == 0:
		return "never set"
	case came == 0:
		timer.Del(c, &t)
		return "late"
	case came > due+1:
		return fmt.Sprintf("late by %d jiffies", came-due)
	}
	return "on time"
}
