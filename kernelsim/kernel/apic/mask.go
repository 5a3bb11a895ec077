package apic

import "math/bits"

// A Mask models cpumask_t for the 256 processors that a board can have.
type Mask [4]uint64

// Add puts processor n in.
func (m *Mask) Add(n int) { m[n>>6] |= 1 << (n & 63) }

// Remove takes processor n out.
func (m *Mask) Remove(n int) { m[n>>6] &^= 1 << (n & 63) }

// Has reports whether processor n is in.
func (m *Mask) Has(n int) bool { return m[n>>6]&(1<<(n&63)) != 0 }

// Count is the number of processors in the mask.
func (m *Mask) Count() int {
	n := 0
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// Next is the lowest processor from n on, -1 if there is none: the step of
// for_each_cpu.
func (m *Mask) Next(n int) int {
	for ; n < 64*len(m); n = n&^63 + 64 {
		if w := m[n>>6] >> (n & 63); w != 0 {
			return n + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// MaskOf models cpumask_of.
func MaskOf(n int) (m Mask) {
	m.Add(n)
	return m
}
