package irqbalance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A kind is what an object of the tree stands for.
type kind int

const (
	kindCPU kind = iota
	kindCache
	kindPackage
	kindNode
)

// noNode is the number of the node of everything that belongs to none
// (NUMA_NO_NODE).
const noNode = -1

// An object is a node, a package, a cache that processors share, or a
// processor.
type object struct {
	kind     kind
	number   int
	mask     mask
	load     uint64
	irqs     []*source
	children []*object
	nodes    []*object // to which it belongs
}

// holds is which interrupts go no deeper than this object.
func (d *object) holds() level {
	switch d.kind {
	case kindPackage:
		return levelPackage
	case kindCache:
		return levelCache
	case kindCPU:
		return levelCore
	}
	return levelNone
}

const nodeDir, cpuDir = "/sys/devices/system/node", "/sys/devices/system/cpu"

// findNodes lists the memory nodes: first the one of those that have none.
func (b *balancer) findNodes() {
	b.nodes = []*object{{kind: kindNode, number: noNode, mask: all()}}
	names, _ := b.files.List(nodeDir) // none: everything is on no node
	for _, name := range names {
		n, ok := numbered(name, "node")
		if !ok {
			continue
		}
		text, _ := b.line(fmt.Sprintf("%s/%s/cpumap", nodeDir, name))
		m, _ := parseMask(text)
		b.nodes = append(b.nodes, &object{kind: kindNode, number: n, mask: m})
	}
}

// numbered takes a name such as node3 apart.
func numbered(name, prefix string) (int, bool) {
	digits, ok := strings.CutPrefix(name, prefix)
	n, err := strconv.ParseUint(digits, 10, 16)
	return int(n), ok && err == nil
}

// node finds a node by number, nil if there is none (get_numa_node).
func (b *balancer) node(n int) *object {
	for _, d := range b.nodes {
		if d.number == n {
			return d
		}
	}
	return nil
}

func (b *balancer) unbanned() mask { return b.banned.not() }

// findCPUs builds the tree of packages, caches and processors (parse_cpu_tree).
// Processors that the kernel keeps for other things get no interrupts.
func (b *balancer) findCPUs() error {
	isolated, adaptive := b.list(cpuDir+"/isolated"), b.list(cpuDir+"/nohz_full")
	b.banned = isolated.or(adaptive)
	b.log("Prevent irq assignment to these isolated CPUs: %v", isolated)
	b.log("Prevent irq assignment to these adaptive-ticks CPUs: %v", adaptive)
	b.log("Banned CPUs: %v", b.banned)
	names, err := b.files.List(cpuDir)
	if err != nil {
		return fmt.Errorf("%s: %w", cpuDir, err)
	}
	up := b.list(cpuDir + "/online")
	for _, name := range names {
		if n, ok := numbered(name, "cpu"); ok && up.has(n) {
			b.addCPU(n)
		}
	}
	for _, p := range b.packages {
		connect(p)
	}
	b.dumpTree()
	return nil
}

// list reads a file with a list of processors; what is missing or wrong is
// none.
func (b *balancer) list(path string) mask {
	text, _ := b.line(path)
	m, _ := parseList(text)
	return m
}

// mask reads a file with a mask; ok is false if it is missing or wrong.
func (b *balancer) mask(path string) (m mask, ok bool) {
	text, ok := b.line(path)
	m, err := parseMask(text)
	return m, ok && err == nil
}

// addCPU puts a processor into its place in the tree (do_one_cpu). What the
// files do not tell is assumed to be the processor's own.
func (b *balancer) addCPU(n int) {
	c := &object{kind: kindCPU, number: n}
	c.mask.add(n)
	b.online = b.online.or(c.mask)
	if c.mask.intersects(b.banned) {
		return
	}
	dir := fmt.Sprintf("%s/cpu%d", cpuDir, n)
	pack, ok := b.mask(dir + "/topology/core_siblings")
	if !ok {
		pack = c.mask
	}
	text, _ := b.line(dir + "/topology/physical_package_id")
	id, _ := strconv.Atoi(text)
	node := b.node(b.nodeOfCPU(dir))
	if node != nil && pack.count() > node.mask.count() {
		pack = pack.and(node.mask)
	}
	b.addToPackage(b.addToCache(c, b.cacheMask(dir, c.mask).and(b.unbanned()), node), id, pack.and(b.unbanned()), node)
	b.cpus = append(b.cpus, c)
}

// cacheMask is which processors share the second-level cache, or the deepest
// one that there is before it.
func (b *balancer) cacheMask(dir string, own mask) mask {
	for index := 1; index <= 2; index++ {
		m, ok := b.mask(fmt.Sprintf("%s/cache/index%d/shared_cpu_map", dir, index))
		if !ok {
			break
		}
		own = m
	}
	return own
}

// nodeOfCPU is the node of which a processor's directory has a link.
func (b *balancer) nodeOfCPU(dir string) int {
	names, _ := b.files.List(dir)
	for _, name := range names {
		if n, ok := numbered(name, "node"); ok {
			return n
		}
	}
	return noNode
}

// addToCache puts a processor into the cache domain with a mask.
func (b *balancer) addToCache(c *object, m mask, node *object) *object {
	i := slices.IndexFunc(b.caches, func(d *object) bool { return d.mask == m })
	if i < 0 {
		i = len(b.caches)
		b.caches = append(b.caches, &object{kind: kindCache, number: i, mask: m})
	}
	d := b.caches[i]
	d.children = append(d.children, c)
	d.belongs(node)
	return d
}

// addToPackage puts a cache domain into the package with a mask.
func (b *balancer) addToPackage(cache *object, id int, m mask, node *object) {
	i := slices.IndexFunc(b.packages, func(d *object) bool { return d.mask == m })
	if i < 0 {
		i = len(b.packages)
		b.packages = append(b.packages, &object{kind: kindPackage, number: id, mask: m})
	}
	d := b.packages[i]
	if !slices.Contains(d.children, cache) {
		d.children = append(d.children, cache)
	}
	d.belongs(node)
}

// belongs notes that a part of an object is on a node.
func (d *object) belongs(node *object) {
	if node != nil && node.number != noNode && !slices.Contains(d.nodes, node) {
		d.nodes = append(d.nodes, node)
	}
}

// connect hangs an object into its node, or, if it has several, what is in it
// (connect_cpu_mem_topo).
func connect(d *object) {
	if len(d.nodes) > 1 {
		for _, child := range d.children {
			connect(child)
		}
	}
	if len(d.nodes) == 1 && !slices.Contains(d.nodes[0].children, d) {
		d.nodes[0].children = append(d.nodes[0].children, d)
	}
}
