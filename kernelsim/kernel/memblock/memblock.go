// Package memblock models the memory that early boot hands out (mm/memblock.c)
// over the RAM of the recorded machine, and the two ways in which vmalloc
// space is used before and after it (mm/vmalloc.c: vm_area_register_early,
// pcpu_get_vm_areas). It is what the per-CPU areas are carved from.
//
// Addresses are real, bytes are lazy: taking 2 MiB costs an entry in a sorted
// list, and the bytes of a piece appear when its first window is asked for.
package memblock

import (
	"errors"
	"fmt"

	"bothhalves/kernelsim/kernel/percpu"
)

// ErrNoMemory is ENOMEM: no free range is large enough.
var ErrNoMemory = errors.New("ENOMEM")

// AnyNode is NUMA_NO_NODE: the caller does not mind.
const AnyNode = -1

// Memory is the machine's memory while it boots. It is a percpu.Memory.
type Memory struct {
	usable []Range
	nodes  []Range
	direct regions // memblock.reserved, by address in the direct map
	vm     regions // areas in vmalloc space
	pages  uint64  // handed out by the page allocator to areas in vmalloc space
}

var _ percpu.Memory = (*Memory)(nil)

// New takes a board and reserves what Linux has reserved by the time
// setup_per_cpu_areas runs.
func New(b Board) (*Memory, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	m := &Memory{usable: b.Usable, nodes: b.Nodes}
	m.hold(b.Kernel)
	m.hold(b.Initrd)
	m.reserve()
	return m, nil
}

// hold models memblock_reserve: memory in use that nobody here will look at.
func (m *Memory) hold(r Range) {
	if r.End > r.Start {
		m.direct.insert(region{start: DirectMap + r.Start, end: DirectMap + r.End, held: true})
	}
}

// reserve takes from the top of each node what setup_arch takes before the
// per-CPU areas: alloc_node_data (arch/x86/mm/numa.c) and the node's part of
// the struct page array, 2 MiB for each 128 MiB section (sparse_init,
// mm/sparse.c). On one node of 1 GiB that is 16 MiB ending at 0x3f400000, and
// so the first 2 MiB for the per-CPU areas lie at 0x3e200000, as recorded.
// Smaller takings fit above and move nothing.
func (m *Memory) reserve() {
	for n := range m.nodes {
		m.take(pgdataSize, cacheLine, n)
	}
	for n := range m.nodes {
		if s := m.sections(n); s > 0 {
			m.take(uint64(s)*sectionMap, sectionMap, n)
		}
	}
}

func (m *Memory) take(size, align uint64, node int) {
	if a, ok := m.find(size, align, maxDMA, node); ok {
		m.hold(Range{a, a + size})
	}
}

// sections counts the memory sections that begin in a node's usable memory.
func (m *Memory) sections(node int) int {
	n, next := 0, uint64(0)
	for _, r := range m.usable {
		for s := max(next, r.Start/section); s*section < r.End; s++ {
			if m.nodeOf(max(s*section, r.Start)) == node {
				n++
			}
			next = s + 1
		}
	}
	return n
}

func (m *Memory) nodeOf(phys uint64) int {
	for n, r := range m.nodes {
		if phys >= r.Start && phys < r.End {
			return n
		}
	}
	return AnyNode
}

// Alloc models memblock_alloc_try_nid (mm/memblock.c): zeroed memory from the
// top down, on the node if it has room, above 16 MiB if there is room.
func (m *Memory) Alloc(size, align uint64, node int) (percpu.Addr, error) {
	if size == 0 || align == 0 || align&(align-1) != 0 {
		return 0, fmt.Errorf("memblock: alloc of %d bytes aligned to %d: size must not be 0, align must be a power of two", size, align)
	}
	for _, goal := range []uint64{maxDMA, 0} {
		for _, nid := range []int{node, AnyNode} {
			if a, ok := m.find(size, align, goal, nid); ok {
				m.direct.insert(region{start: DirectMap + a, end: DirectMap + a + size})
				return percpu.Addr(DirectMap + a), nil
			}
		}
	}
	return 0, fmt.Errorf("memblock: %w: no %d free bytes aligned to %d on any node", ErrNoMemory, size, align)
}

// find models memblock_find_in_range_node in its top-down form: the highest
// aligned place of size bytes, not below low and not in the first page.
func (m *Memory) find(size, align, low uint64, node int) (uint64, bool) {
	low = max(low, Page)
	for i := len(m.usable) - 1; i >= 0; i-- {
		r := m.usable[i]
		if node != AnyNode {
			r = m.clip(r, node)
		}
		r.Start = max(r.Start, low)
		if a, ok := m.direct.topDown(DirectMap+r.Start, DirectMap+r.End, size, align); ok {
			return a - DirectMap, true
		}
	}
	return 0, false
}

func (m *Memory) clip(r Range, node int) Range {
	if node < 0 || node >= len(m.nodes) {
		return Range{}
	}
	n := m.nodes[node]
	return Range{max(r.Start, n.Start), min(r.End, n.End)}
}

// Free models memblock_free (mm/memblock.c): the range may be taken again. As
// in Linux nothing is asked: what was not taken stays free. Windows into a
// freed range are no longer given.
func (m *Memory) Free(a percpu.Addr, size uint64) {
	start, end := uint64(a), uint64(a)+size
	if end > start {
		m.direct.remove(start, end)
	}
}

// Bytes is a window into memory that Alloc, MapPages or Map gave out. The
// window stays good until the memory is freed.
func (m *Memory) Bytes(a percpu.Addr, n uint64) ([]byte, error) {
	list := &m.direct
	if a >= VMallocStart {
		list = &m.vm
	}
	b := list.window(uint64(a), n)
	if b == nil {
		return nil, fmt.Errorf("memblock: %d bytes at %#x: nothing is mapped there; take memory with Alloc or MapPages first", n, uint64(a))
	}
	return b, nil
}

// Reserved lists physical memory in use, by address: what
// /sys/kernel/debug/memblock/reserved shows.
func (m *Memory) Reserved() []Range {
	var rs []Range
	for _, r := range m.direct {
		rs = append(rs, Range{r.start - DirectMap, r.end - DirectMap})
	}
	return rs
}

// FreeBytes is how much RAM nobody has taken.
func (m *Memory) FreeBytes() uint64 {
	free := uint64(0)
	for _, r := range m.usable {
		free += r.End - r.Start
		free -= m.direct.overlap(DirectMap+r.Start, DirectMap+r.End)
	}
	return free - min(free, m.pages*Page)
}
