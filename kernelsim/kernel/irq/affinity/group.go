package affinity

// GroupCPUsEvenly models group_cpus_evenly (lib/group_cpus.c): it deals all
// possible CPUs to n groups so that CPUs of one core, then of one node, stay
// together. The present CPUs are dealt first, so that every group has one as
// long as there are enough. No CPU is in two groups.
func GroupCPUsEvenly(t *Topology, n int) []CPUMask {
	if n < 1 {
		return nil
	}
	g := grouping{t: t, masks: make([]CPUMask, n)}
	done := g.deal(0, t.Present.And(t.Possible))
	if done >= n {
		done = 0
	}
	g.deal(done, t.Possible.AndNot(t.Present))
	return g.masks
}

// A grouping is a deal in progress.
type grouping struct {
	t     *Topology
	masks []CPUMask
	next  int // the group whose turn it is
}

// deal models __group_cpus_evenly for the CPUs of one stage, beginning at a
// group. It returns how many groups got some.
func (g *grouping) deal(start int, cpus CPUMask) (done int) {
	if cpus.Empty() {
		return 0
	}
	g.next = start
	if len(g.masks) <= g.nodesIn(cpus) {
		g.dealNodes(cpus)
		return len(g.masks)
	}
	for _, nd := range g.shares(cpus) {
		if nd.groups > 0 {
			g.dealNode(cpus.And(g.t.Nodes[nd.id]), nd.groups)
			done += nd.groups
		}
	}
	return done
}

// nodesIn models get_nodes_in_cpumask.
func (g *grouping) nodesIn(cpus CPUMask) (n int) {
	for _, m := range g.t.Nodes {
		if m.Intersects(cpus) {
			n++
		}
	}
	return n
}

// turn is the next group, round and round.
func (g *grouping) turn() *CPUMask {
	if g.next >= len(g.masks) {
		g.next = 0
	}
	m := &g.masks[g.next]
	g.next++
	return m
}

// dealNodes is the deal with no more groups than nodes: whole nodes, in turn.
func (g *grouping) dealNodes(cpus CPUMask) {
	for _, m := range g.t.Nodes {
		if m.Intersects(cpus) {
			group := g.turn()
			*group = group.Or(m.And(cpus))
		}
	}
}

// dealNode spreads one node's CPUs over its share of groups. What the
// division leaves over goes to the first ones, a CPU each.
func (g *grouping) dealNode(cpus CPUMask, groups int) {
	per, extra := cpus.Count()/groups, cpus.Count()%groups
	for i := range groups {
		n := per
		if i < extra {
			n++
		}
		cpus = g.fill(g.turn(), cpus, n)
	}
}

// fill models grp_spread_init_one: n CPUs move from a node's mask into a
// group, each followed by what is left of its core. It returns what remains.
func (g *grouping) fill(group *CPUMask, from CPUMask, n int) CPUMask {
	for n > 0 && !from.Empty() {
		core := g.t.siblings(from.First()).And(from).With(from.First())
		for id := range leading(core, from.First()) {
			if n == 0 {
				break
			}
			from, *group = from.Without(id), group.With(id)
			n--
		}
	}
	return from
}

// leading yields CPU first, then the others in ascending order.
func leading(m CPUMask, first int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if !yield(first) {
			return
		}
		m.Without(first).All()(yield)
	}
}

// A share is how many CPUs a node brings and how many groups it gets
// (struct node_groups).
type share struct {
	id     int
	cpus   uint32 // absent: none of this stage
	groups int
}

const absent = ^uint32(0)

// shares models alloc_nodes_groups: groups go to the nodes in proportion to
// their CPUs, the smallest node first, at least one each.
func (g *grouping) shares(cpus CPUMask) []share {
	list := make([]share, len(g.t.Nodes))
	left := 0
	for i, m := range g.t.Nodes {
		list[i] = share{id: i, cpus: absent}
		if n := m.And(cpus).Count(); n > 0 {
			list[i].cpus = uint32(n)
			left += n
		}
	}
	groups := min(left, len(g.masks))
	heapSort(list)
	for i := range list {
		if list[i].cpus == absent {
			continue
		}
		n := int(list[i].cpus)
		list[i].groups = max(1, groups*n/left)
		groups -= list[i].groups
		left -= n
	}
	return list
}

// notLess compares as ncpus_cmp_func does: the difference of two unsigned
// numbers, taken as signed.
func notLess(a, b share) bool { return int32(a.cpus-b.cpus) >= 0 }

// heapSort models sort (lib/sort.c): a heap sort, which lets equals change
// places. That decides which of two equal nodes comes first.
func heapSort(list []share) {
	for root := len(list)/2 - 1; root >= 0; root-- {
		sink(list, root)
	}
	for n := len(list) - 1; n > 0; n-- {
		list[0], list[n] = list[n], list[0]
		sink(list[:n], 0)
	}
}

// sink brings the element at root to its place: down to a leaf along the
// larger children first, then up again as far as it belongs.
func sink(heap []share, root int) {
	at := root
	for 2*at+2 < len(heap) {
		at = larger(heap, 2*at+1, 2*at+2)
	}
	if 2*at+2 == len(heap) {
		at = 2*at + 1
	}
	for at != root && notLess(heap[root], heap[at]) {
		at = (at - 1) / 2
	}
	for hole := at; at != root; {
		at = (at - 1) / 2
		heap[at], heap[hole] = heap[hole], heap[at]
	}
}

func larger(heap []share, a, b int) int {
	if notLess(heap[a], heap[b]) {
		return a
	}
	return b
}
