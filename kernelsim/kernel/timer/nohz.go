package timer

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// NextInterrupt models get_next_timer_interrupt: when the processor, which is
// about to idle, needs a tick for its timers; sim.Forever if for none. Jiffy
// began at a time, and is the present one. From now on who arms an earlier timer
// here wakes the processor. Context: the idle task, interrupts off.
func NextInterrupt(c *cpu.CPU, jiffy uint64, began sim.Time) sim.Time {
	if !sched.Online(c) {
		return sim.Forever
	}
	b := &bases.Raw(c)[std]
	b.lock.Lock(c)
	defer b.lock.Unlock(c)
	if b.recalc {
		b.setNext()
	}
	if before(b.clk, jiffy) { // time_after(basej, clk): do not turn it back
		if before(jiffy, b.next) {
			b.clk = jiffy
		} else if before(b.clk, b.next) {
			b.clk = b.next
		}
	}
	if !before(jiffy, b.next) {
		b.idle = false
		return began
	}
	at := sim.Forever
	if b.waiting {
		at = began + sim.Time(b.next-jiffy)*sched.TickPeriod(c)
	}
	if at-began > sched.TickPeriod(c) {
		b.idle = true
	}
	return at
}

// ClearIdle models timer_clear_idle: the processor ticks, nobody has to wake it.
func ClearIdle(c *cpu.CPU) { bases.Raw(c)[std].idle = false }
