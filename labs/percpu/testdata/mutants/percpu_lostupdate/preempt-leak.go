// Fails: without interrupts every packet is counted
// Misconception: a preempt_disable needs no counterpart in a function that is so short

package percpu

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"

	"bothhalves/labs/percpu/rx"
)

// countRx counts one packet on the CPU that received it. The driver's poll
// thread calls it, and so does the driver's interrupt handler.
func countRx(c *cpu.CPU) {
	preempt.Disable(c)
	rx.Packets.Inc(c)
}
