package irqbalance

import (
	"fmt"
	"strings"
)

// dumpNodes prints what --debug does of the nodes (dump_numa_node_info).
func (b *balancer) dumpNodes() {
	for _, d := range b.nodes {
		b.log("NUMA NODE NUMBER: %d", d.number)
		b.log("LOCAL CPU MASK: %v\n", d.mask)
	}
}

// dumpTree prints the tree with the interrupts in it (dump_tree).
func (b *balancer) dumpTree() {
	for _, p := range b.packages {
		b.log("Package %d:  numa_node %scpu mask is %v (load %d)", p.number, numbers(p.nodes), p.mask, p.load)
		for _, d := range p.children {
			b.log("        Cache domain %d:  numa_node is %scpu mask is %v  (load %d) ", d.number, numbers(d.nodes), d.mask, d.load)
			for _, c := range d.children {
				b.log("                CPU number %d  numa_node is %s(load %d)", c.number, numbers(d.nodes), c.load)
				b.dumpSources(c, 18)
			}
			b.dumpSources(d, 10)
		}
		b.dumpSources(p, 2)
	}
}

func (b *balancer) dumpSources(d *object, indent int) {
	for _, s := range d.irqs {
		b.log("%sInterrupt %d node_num is %d (%v/0:%d) ", strings.Repeat(" ", indent), s.irq, s.node.number, s.class, s.count-s.last)
	}
}

// numbers lists the numbers of nodes, each with a blank behind it.
func numbers(nodes []*object) (text string) {
	for _, d := range nodes {
		text += fmt.Sprintf("%d ", d.number)
	}
	return text
}
