package affinity

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
)

// NoNode is NUMA_NO_NODE: a device or an interrupt that belongs to no node.
const NoNode = -1

// A Topology says which processors there are and how they lie.
type Topology struct {
	Possible CPUMask // cpu_possible_mask
	Present  CPUMask // cpu_present_mask
	Nodes    []CPUMask
	Siblings []CPUMask // by CPU: its core's threads, itself included; nil: no SMT
}

// Flat is a machine of n present CPUs on one node.
func Flat(n int) Topology {
	all := FirstN(n)
	return Topology{Possible: all, Present: all, Nodes: []CPUMask{all}}
}

// Numa deals n present CPUs in runs to a number of nodes, the first ones
// taking the rest.
func Numa(n, nodes int) Topology {
	t := Flat(n)
	per := (n + nodes - 1) / nodes
	t.Nodes = make([]CPUMask, nodes)
	for id := range n {
		node := min(id/per, nodes-1)
		t.Nodes[node] = t.Nodes[node].With(id)
	}
	return t
}

// Threaded is the same machine with so many neighbors in number as the threads
// of one core.
func (t Topology) Threaded(threads int) Topology {
	t.Siblings = nil
	for id := 0; threads > 1 && t.Possible.Has(id); id++ {
		first := id - id%threads
		core := FirstN(first + threads).AndNot(FirstN(first)).And(t.Possible)
		t.Siblings = append(t.Siblings, core)
	}
	return t
}

// siblings models topology_sibling_cpumask.
func (t *Topology) siblings(n int) CPUMask {
	if n >= len(t.Siblings) {
		return MaskOf(n)
	}
	return t.Siblings[n]
}

// NodeOf models cpu_to_node; NoNode for a CPU of no node.
func (t *Topology) NodeOf(n int) int {
	for node, m := range t.Nodes {
		if m.Has(n) {
			return node
		}
	}
	return NoNode
}

// A state is what the machine knows of its processors.
type state struct {
	set      bool
	top      Topology
	online   CPUMask // cpu_online_mask
	onNode   CPUMask // CPUs that numa_add_cpu has added to their node's mask
	fixed    bool    // someone has chosen fallback
	fallback CPUMask // irq_default_affinity
	spread   SpreadFunc
	isolated CPUMask // isolcpus=managed_irq,…
}

var shared = percpu.Shared[state]("irq_affinity")

// of is the machine's state; a machine that was told nothing is flat.
func of(c *cpu.CPU) *state {
	s := shared.Of(c)
	if !s.set {
		s.set, s.top = true, Flat(len(c.Peers))
	}
	return s
}

// SetTopology tells the machine its topology, before any interrupt is set up.
func SetTopology(c *cpu.CPU, t Topology) {
	s := of(c)
	s.top = t
}

// TopologyOf is the machine's topology.
func TopologyOf(c *cpu.CPU) *Topology { return &of(c).top }

// Online models cpu_online_mask.
func Online(c *cpu.CPU) CPUMask { return of(c).online }

// SetOnline models set_cpu_online for CPU n.
func SetOnline(c *cpu.CPU, n int, on bool) {
	s := of(c)
	s.online = s.online.Without(n)
	if on {
		s.online = s.online.With(n)
	}
}

// AddToNode models numa_add_cpu: CPU n joins its node's mask. It stays there
// as long as it is online or may come back.
func AddToNode(c *cpu.CPU, n int) { s := of(c); s.onNode = s.onNode.With(n) }

// RemoveFromNode models numa_remove_cpu: CPU n has gone offline.
func RemoveFromNode(c *cpu.CPU, n int) { s := of(c); s.onNode = s.onNode.Without(n) }

// NodeMask models cpumask_of_node: the CPUs that have been brought up on a
// node, none for a node that does not exist.
func NodeMask(c *cpu.CPU, node int) CPUMask {
	s := of(c)
	if node < 0 || node >= len(s.top.Nodes) {
		return CPUMask{}
	}
	return s.top.Nodes[node].And(s.onNode)
}

// Default models irq_default_affinity: where an interrupt goes that nobody
// has said anything of. Boot sets it to all possible CPUs.
func Default(c *cpu.CPU) CPUMask {
	s := of(c)
	if !s.fixed {
		return s.top.Possible
	}
	return s.fallback
}

// Isolate models isolcpus=managed_irq,LIST (kernel/sched/isolation.c): managed
// interrupts keep away from these CPUs if they can.
func Isolate(c *cpu.CPU, m CPUMask) { of(c).isolated = m }

// Housekeeping models housekeeping_cpumask(HK_TYPE_MANAGED_IRQ): the possible
// CPUs that are not isolated; isolated is false where all are.
func Housekeeping(c *cpu.CPU) (keep CPUMask, isolated bool) {
	s := of(c)
	return s.top.Possible.AndNot(s.isolated), !s.isolated.Empty()
}

// SetDefault changes it (/proc/irq/default_smp_affinity, irqaffinity=).
func SetDefault(c *cpu.CPU, m CPUMask) {
	s := of(c)
	s.fixed, s.fallback = true, m
}
