// Fails: a packet that arrives by interrupt is counted where it arrives
// Misconception: who is done switches interrupts on again, whatever they were before

package percpu

import (
	"bothhalves/kernelsim/hw/cpu"

	"bothhalves/labs/percpu/rx"
)

// countRx counts one packet on the CPU that received it. The driver's poll
// thread calls it, and so does the driver's interrupt handler.
func countRx(c *cpu.CPU) {
	c.CLI()
	n := rx.Packets.Read(c)
	rx.Packets.Write(c, n+1)
	c.STI()
}
