// Fails: every CPU writes its own copy alone, and everything is as it was before
// Misconception: CPU 0's copy can count for everybody, since one instruction is atomic

package percpu

import (
	"bothhalves/kernelsim/hw/cpu"

	"bothhalves/labs/percpu/rx"
)

// countRx counts one packet on the CPU that received it. The driver's poll
// thread calls it, and so does the driver's interrupt handler.
func countRx(c *cpu.CPU) {
	rx.Packets.SetOn(c, 0, rx.Packets.On(c, 0)+1)
}
