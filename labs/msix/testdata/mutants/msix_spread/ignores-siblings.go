// Fails: the threads of a core go together
// Misconception: a CPU is a CPU: that two of them are threads of one core does not matter

package msix

import "bothhalves/kernelsim/kernel/irq/affinity"

// Spread models irq_create_affinity_masks (kernel/irq/affinity.c): one mask for
// each vector. The first r.Pre and the last r.Post of them keep r.Default. The
// others share the machine's possible CPUs, each CPU in one mask.
//
// The CPUs that are present are dealt first, then those that are only possible,
// and these begin where the first ones ended, so that no vector is without a
// CPU as long as there are enough. All CPUs belong to one memory node here.
func Spread(r affinity.Request) []affinity.CPUMask {
	masks := make([]affinity.CPUMask, r.Vectors)
	for i := range masks {
		masks[i] = r.Default
	}
	groups := masks[r.Pre : r.Vectors-r.Post]
	clear(groups)
	next := deal(r.Topology, groups, 0, r.Topology.Present)
	deal(r.Topology, groups, next, r.Topology.Possible.AndNot(r.Topology.Present))
	return masks
}

// deal models __group_cpus_evenly for one node: it deals CPUs to groups, the
// first of them at start and round from the last to the first, and returns
// where it ended. All groups get equally many; what is left over goes to the
// first ones, a CPU each. A group takes the lowest CPU that is left, then what
// is left of that CPU's core, and so on until it has its number.
func deal(t *affinity.Topology, groups []affinity.CPUMask, start int, cpus affinity.CPUMask) (end int) {
	n := min(len(groups), cpus.Count())
	for i := range n {
		group := &groups[(start+i)%len(groups)]
		size := (cpus.Count() + n - i - 1) / (n - i)
		for size > 0 {
			core := affinity.MaskOf(cpus.First())
			for cpu := range core.All() {
				if size > 0 {
					group.Add(cpu)
					cpus.Remove(cpu)
					size--
				}
			}
		}
	}
	return start + n
}

// coreOf models topology_sibling_cpumask: a CPU and the other threads of its
// core.
func coreOf(t *affinity.Topology, cpu int) affinity.CPUMask {
	if cpu >= len(t.Siblings) {
		return affinity.MaskOf(cpu)
	}
	return t.Siblings[cpu]
}
