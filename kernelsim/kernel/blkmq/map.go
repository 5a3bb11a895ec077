package blkmq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/pci"
)

// MapQueues models blk_mq_map_queues (block/blk-mq-cpumap.c): by CPU, which of
// n queues it submits to. The queues are dealt to the CPUs one after the
// other; once all have been dealt, a thread shares the queue of its core's
// first one.
func MapQueues(top *affinity.Topology, n int) []int {
	m := make([]int, top.Possible.Count())
	dealt := 0
	for id := range m {
		switch first := firstSibling(top, id); {
		case dealt < n || first == id:
			m[id] = dealt % n
			dealt++
		default:
			m[id] = m[first]
		}
	}
	return m
}

// firstSibling models get_first_sibling: the first thread of a CPU's core.
func firstSibling(top *affinity.Topology, id int) int {
	if id < len(top.Siblings) {
		return top.Siblings[id].First()
	}
	return id
}

// PCIMapQueues models blk_mq_pci_map_queues (block/blk-mq-pci.c): each of n
// queues is for the CPUs to which its vector may go, the first queue's vector
// being number offset. ok is false if nobody has said where a vector may go.
func PCIMapQueues(c *cpu.CPU, dev *pci.Dev, offset, n int) (m []int, ok bool) {
	m = make([]int, affinity.TopologyOf(c).Possible.Count())
	for q := range n {
		mask, ok := pci.IRQGetAffinity(c, dev, offset+q)
		if !ok {
			return nil, false
		}
		for id := mask.First(); id >= 0; id = mask.Next(id + 1) {
			m[id] = q
		}
	}
	return m, true
}
