// Fails: no packet is lost wherever the interrupt comes in between
// Misconception: no other CPU writes the variable and the thread cannot be preempted, so there is no race

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
	n := rx.Packets.Read(c)
	rx.Packets.Write(c, n+1)
	preempt.EnableNoResched(c)
}
