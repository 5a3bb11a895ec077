// Package affinity models which processors an interrupt may go to: masks of
// CPUs, the machine's topology, and how Linux deals CPUs to the vectors of a
// device with many queues (kernel/irq/affinity.c, lib/group_cpus.c).
package affinity

import (
	"fmt"
	"iter"
	"math/bits"
	"strings"
)

// A CPUMask is a set of processors (struct cpumask): bit n is CPU n.
type CPUMask uint64

// MaxCPUs is how many processors a mask can name.
const MaxCPUs = 64

// MaskOf is the set of the CPUs given.
func MaskOf(cpus ...int) CPUMask {
	var m CPUMask
	for _, n := range cpus {
		m = m.With(n)
	}
	return m
}

// FirstN is the set of CPUs 0 to n-1.
func FirstN(n int) CPUMask { return CPUMask(1)<<n - 1 }

// Has models cpumask_test_cpu.
func (m CPUMask) Has(n int) bool { return m>>n&1 != 0 }

// With is the set and CPU n.
func (m CPUMask) With(n int) CPUMask { return m | 1<<n }

// Without is the set less CPU n.
func (m CPUMask) Without(n int) CPUMask { return m &^ (1 << n) }

// Count models cpumask_weight.
func (m CPUMask) Count() int { return bits.OnesCount64(uint64(m)) }

// First models cpumask_first: the lowest CPU, MaxCPUs if there is none.
func (m CPUMask) First() int { return bits.TrailingZeros64(uint64(m)) }

// All yields the CPUs in ascending order (for_each_cpu).
func (m CPUMask) All() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; m != 0; m &= m - 1 {
			if !yield(m.First()) {
				return
			}
		}
	}
}

// Hex is the mask as /proc/irq/N/smp_affinity shows it on a machine of n CPUs
// (%*pb): groups of 32 bits with commas between, the first with as many digits
// as n needs.
func (m CPUMask) Hex(n int) string {
	if n <= 32 {
		return fmt.Sprintf("%0*x", (n+3)/4, uint64(m))
	}
	return fmt.Sprintf("%0*x,%08x", (n-32+3)/4, uint64(m>>32), uint32(m))
}

// String is the mask as a list (%*pbl): "0-3,6".
func (m CPUMask) String() string {
	var runs []string
	for m != 0 {
		from := m.First()
		n := bits.TrailingZeros64(^uint64(m >> from))
		runs = append(runs, run(from, from+n-1))
		m &^= FirstN(n) << from
	}
	return strings.Join(runs, ",")
}

func run(from, to int) string {
	if from == to {
		return fmt.Sprint(from)
	}
	return fmt.Sprintf("%d-%d", from, to)
}
