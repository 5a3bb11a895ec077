package sched

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
)

// InitialJiffies is INITIAL_JIFFIES (include/linux/jiffies.h) for a HZ: five
// minutes before a counter of 32 bits overflows, so that nobody forgets that
// it does.
func InitialJiffies(hz int) uint64 { return 1<<32 - 300*uint64(hz) }

// Jiffies models jiffies: ticks since boot, on top of INITIAL_JIFFIES. A CPU
// whose tick is stopped catches up before it looks.
func Jiffies(c *cpu.CPU) uint64 {
	return InitialJiffies(HZ(c)) + uint64(c.Now()/period(c))
}

// AddTimer models mod_timer (kernel/time/timer.c) of a timer that is not
// running, on c: fn is called in a softirq, behind the jiffy that comes after
// so many more. There is no wheel: the alarm stands among those of sleeping
// tasks.
func AddTimer(c *cpu.CPU, jiffies int, fn func(c *cpu.CPU)) {
	k := &runqueues.Raw(c).clock
	at := nextMultiple(c.Now(), period(c)) + sim.Time(jiffies)*period(c)
	flags := c.SaveFlags()
	k.insert(&sleeper{at: at, on: c, fn: fn})
	k.program(c)
	c.RestoreFlags(flags)
}

// RunTimers models run_timer_softirq at the end of a hard interrupt: what
// AddTimer has left to call, with interrupts on.
func RunTimers(c *cpu.CPU) {
	k := &runqueues.Raw(c).clock
	if len(k.due) == 0 || preempt.InInterrupt(c) {
		return
	}
	preempt.Add(c, preempt.SoftIRQOffset)
	c.STI()
	for len(k.due) > 0 {
		fn := k.due[0]
		k.due = slices.Delete(k.due, 0, 1)
		fn(c)
	}
	c.CLI()
	preempt.Sub(c, preempt.SoftIRQOffset)
}
