// Package tick models the tick (kernel/time/tick-sched.c, tick-common.c): a
// high-resolution timer of each processor that comes HZ times a second, and not
// while the processor idles.
package tick

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
)

// Interrupt models local_apic_timer_interrupt. Context: hard interrupt.
func Interrupt(c *cpu.CPU) { sched.TimerInterrupt(c) }
