// Fails: without interrupts every packet is counted
// Misconception: switching interrupts off is enough: the next one to need them will switch them on

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
}
