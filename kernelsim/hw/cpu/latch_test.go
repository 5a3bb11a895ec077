package cpu_test

import (
	"math/bits"

	"bothhalves/kernelsim/hw/cpu"
)

// A latch is the least interrupt controller: one bit a vector, the highest
// first, no priorities in service.
type latch struct {
	bits [4]uint64
	cpu  *cpu.CPU
}

var _ cpu.IntController = (*latch)(nil)

// Connect wires the latch's output to c.
func (l *latch) Connect(c *cpu.CPU) { l.cpu = c }

// Raise requests a vector. A vector that already waits is not counted twice.
func (l *latch) Raise(v cpu.Vector) {
	l.bits[v>>6] |= 1 << (v & 63)
	l.cpu.Interrupt()
}

// Pending is the highest vector that waits.
func (l *latch) Pending() (cpu.Vector, bool) {
	for i := len(l.bits) - 1; i >= 0; i-- {
		if w := l.bits[i]; w != 0 {
			return cpu.Vector(i<<6 + 63 - bits.LeadingZeros64(w)), true
		}
	}
	return 0, false
}

// Acknowledge takes the highest vector.
func (l *latch) Acknowledge() cpu.Vector {
	v, _ := l.Pending()
	l.bits[v>>6] &^= 1 << (v & 63)
	return v
}
