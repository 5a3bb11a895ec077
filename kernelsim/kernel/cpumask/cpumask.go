// Package cpumask models sets of processors (include/linux/cpumask.h).
package cpumask

import (
	"fmt"
	"iter"
	"math/bits"
	"strings"
)

// Max is how many processors a set can name (NR_CPUS).
const Max = 256

// A Mask is a set of processors (struct cpumask): bit n is CPU n. It is a
// value: two are compared with ==, and an assignment copies.
type Mask [Max / 64]uint64

// Of models cpumask_of for the CPUs given.
func Of(cpus ...int) (m Mask) {
	for _, n := range cpus {
		m.Add(n)
	}
	return m
}

// FirstN is the set of CPUs 0 to n-1.
func FirstN(n int) (m Mask) {
	for i := range m {
		if left := n - 64*i; left >= 64 {
			m[i] = ^uint64(0)
		} else if left > 0 {
			m[i] = 1<<left - 1
		}
	}
	return m
}

// Add models cpumask_set_cpu.
func (m *Mask) Add(n int) { m[n>>6] |= 1 << (n & 63) }

// Remove models cpumask_clear_cpu.
func (m *Mask) Remove(n int) { m[n>>6] &^= 1 << (n & 63) }

// Has models cpumask_test_cpu.
func (m Mask) Has(n int) bool { return m[n>>6]>>(n&63)&1 != 0 }

// With is the set and CPU n.
func (m Mask) With(n int) Mask {
	m.Add(n)
	return m
}

// Without is the set less CPU n.
func (m Mask) Without(n int) Mask {
	m.Remove(n)
	return m
}

// And models cpumask_and.
func (m Mask) And(o Mask) Mask {
	for i := range m {
		m[i] &= o[i]
	}
	return m
}

// Or models cpumask_or.
func (m Mask) Or(o Mask) Mask {
	for i := range m {
		m[i] |= o[i]
	}
	return m
}

// AndNot models cpumask_andnot.
func (m Mask) AndNot(o Mask) Mask {
	for i := range m {
		m[i] &^= o[i]
	}
	return m
}

// Empty models cpumask_empty.
func (m Mask) Empty() bool { return m == Mask{} }

// Intersects models cpumask_intersects.
func (m Mask) Intersects(o Mask) bool { return !m.And(o).Empty() }

// Subset models cpumask_subset: every CPU of the set is in o.
func (m Mask) Subset(o Mask) bool { return m.AndNot(o).Empty() }

// Count models cpumask_weight.
func (m Mask) Count() (n int) {
	for _, w := range m {
		n += bits.OnesCount64(w)
	}
	return n
}

// Next is the lowest CPU from n on, -1 if there is none: the step of
// for_each_cpu.
func (m *Mask) Next(n int) int {
	for ; n < Max; n = n&^63 + 64 {
		if w := m[n>>6] >> (n & 63); w != 0 {
			return n + bits.TrailingZeros64(w)
		}
	}
	return -1
}

// First models cpumask_first: the lowest CPU, Max if there is none.
func (m Mask) First() int {
	if n := m.Next(0); n >= 0 {
		return n
	}
	return Max
}

// All yields the CPUs in ascending order (for_each_cpu).
func (m Mask) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for n := m.Next(0); n >= 0 && yield(n); n = m.Next(n + 1) {
		}
	}
}

// Hex is the set as /proc/irq/N/smp_affinity shows it on a machine of n CPUs
// (%*pb): groups of 32 bits with commas between, the first with as many digits
// as n needs.
func (m Mask) Hex(n int) string {
	var b strings.Builder
	for at := (n - 1) &^ 31; at >= 0; at -= 32 {
		group := uint32(m[at>>6] >> (at & 32))
		if n-at < 32 {
			fmt.Fprintf(&b, "%0*x", (n-at+3)/4, group)
		} else {
			fmt.Fprintf(&b, "%08x", group)
		}
		if at > 0 {
			b.WriteByte(',')
		}
	}
	return b.String()
}

// String is the set as a list (%*pbl): "0-3,6".
func (m Mask) String() string {
	var runs []string
	for from := m.Next(0); from >= 0; {
		to := from
		for to+1 < Max && m.Has(to+1) {
			to++
		}
		runs = append(runs, run(from, to))
		from = m.Next(to + 1)
	}
	return strings.Join(runs, ",")
}

func run(from, to int) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d-%d", from, to)
}
