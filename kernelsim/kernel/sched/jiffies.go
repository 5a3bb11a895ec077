package sched

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/sim"
)

// HZ is the number of ticks a second.
func HZ(c *cpu.CPU) int { return shared.Of(c).hz }

// TickPeriod is TICK_NSEC: the time from one tick to the next.
func TickPeriod(c *cpu.CPU) sim.Time { return shared.Of(c).period }

// InitialJiffies is INITIAL_JIFFIES (include/linux/jiffies.h) for a HZ: five
// minutes before a counter of 32 bits overflows, so that nobody forgets that
// it does.
func InitialJiffies(hz int) uint64 { return 1<<32 - 300*uint64(hz) }

// Jiffies models jiffies: ticks since boot, on top of INITIAL_JIFFIES. In Linux
// one processor's tick counts them, and whoever wakes after all have idled
// catches up. Here they are computed from the machine's time, so they are never
// behind.
func Jiffies(c *cpu.CPU) uint64 {
	s := shared.Of(c)
	return InitialJiffies(s.hz) + uint64(c.Now())/uint64(s.period)
}
