package apic

import "bothhalves/kernelsim/kernel/cpumask"

// A Mask models cpumask_t.
type Mask = cpumask.Mask

// MaskOf models cpumask_of.
func MaskOf(n int) Mask { return cpumask.Of(n) }
