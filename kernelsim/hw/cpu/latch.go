package cpu

import "math/bits"

// A Latch is the least interrupt controller: one bit a vector, the highest
// first, no priorities in service. It stands where the local APIC will.
type Latch struct {
	bits [4]uint64
	cpu  *CPU
}

var _ IntController = (*Latch)(nil)

// Connect wires the latch's output to c.
func (l *Latch) Connect(c *CPU) { l.cpu = c }

// Raise requests a vector. A vector that already waits is not counted twice.
func (l *Latch) Raise(v Vector) {
	l.bits[v>>6] |= 1 << (v & 63)
	l.cpu.Interrupt()
}

// Pending is the highest vector that waits.
func (l *Latch) Pending() (Vector, bool) {
	for i := len(l.bits) - 1; i >= 0; i-- {
		if w := l.bits[i]; w != 0 {
			return Vector(i<<6 + 63 - bits.LeadingZeros64(w)), true
		}
	}
	return 0, false
}

// Acknowledge takes the highest vector.
func (l *Latch) Acknowledge() Vector {
	v, _ := l.Pending()
	l.bits[v>>6] &^= 1 << (v & 63)
	return v
}
