// Fails: no packet is lost wherever the interrupt comes in between
// Misconception: looking once more before the write closes the window

package percpu

import (
	"bothhalves/kernelsim/hw/cpu"

	"bothhalves/labs/percpu/rx"
)

// countRx counts one packet on the CPU that received it. The driver's poll
// thread calls it, and so does the driver's interrupt handler.
func countRx(c *cpu.CPU) {
	n := rx.Packets.Read(c)
	if rx.Packets.Read(c) == n {
		rx.Packets.Write(c, n+1)
	}
}
