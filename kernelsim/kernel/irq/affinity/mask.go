// Package affinity models which processors an interrupt may go to: the
// machine's topology, and how Linux deals CPUs to the vectors of a device with
// many queues (kernel/irq/affinity.c, lib/group_cpus.c).
package affinity

import "bothhalves/kernelsim/kernel/cpumask"

// A CPUMask is a set of processors (struct cpumask).
type CPUMask = cpumask.Mask

// MaxCPUs is how many processors a mask can name.
const MaxCPUs = cpumask.Max

// MaskOf is the set of the CPUs given.
func MaskOf(cpus ...int) CPUMask { return cpumask.Of(cpus...) }

// FirstN is the set of CPUs 0 to n-1.
func FirstN(n int) CPUMask { return cpumask.FirstN(n) }
