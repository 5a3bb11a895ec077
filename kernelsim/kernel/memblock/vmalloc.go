package memblock

import (
	"fmt"

	"bothhalves/kernelsim/kernel/percpu"
)

// MapPages models what pcpu_page_first_chunk (mm/percpu.c) does with pages:
// each is taken from its node by memblock, and all are mapped one after the
// other into the lowest free place of vmalloc space.
func (m *Memory) MapPages(n int, node func(page int) int) (percpu.Addr, error) {
	if n < 1 || node == nil {
		return 0, fmt.Errorf("memblock: mapping %d pages: give at least one, and a function that names each page's node", n)
	}
	if err := m.takePages(n, node); err != nil {
		return 0, err
	}
	return percpu.Addr(m.registerEarly(uint64(n) * Page)), nil
}

// A PageError says for which of the pages of MapPages memory ran out.
type PageError struct {
	Page int
	Err  error
}

// Error names the page.
func (e *PageError) Error() string { return fmt.Sprintf("page %d: %v", e.Page, e.Err) }

// FailedPage is the page's number, counted from 0.
func (e *PageError) FailedPage() int { return e.Page }

// Unwrap is the allocator's answer.
func (e *PageError) Unwrap() error { return e.Err }

// takePages takes n single pages. Pages of one node that follow each other are
// taken in one piece where there is one, else in halves of it: from the top
// down they would lie side by side as well.
func (m *Memory) takePages(n int, node func(page int) int) error {
	if free := m.FreeBytes() / Page; uint64(n) > free {
		return &PageError{Page: int(free), Err: fmt.Errorf("memblock: %w: %d pages wanted, %d free", ErrNoMemory, n, free)}
	}
	var taken []region
	most := n
	for i := 0; i < n; {
		run := 1
		for run < most && i+run < n && node(i+run) == node(i) {
			run++
		}
		a, err := m.Alloc(uint64(run)*Page, Page, node(i))
		if err != nil && run > 1 {
			most = run / 2
			continue
		}
		if err != nil {
			for _, r := range taken {
				m.direct.remove(r.start, r.end)
			}
			return &PageError{Page: i, Err: err}
		}
		taken = append(taken, region{start: uint64(a), end: uint64(a) + uint64(run)*Page})
		i += run
	}
	return nil
}

// registerEarly models vm_area_register_early (mm/vmalloc.c): the lowest gap
// that is wide enough.
func (m *Memory) registerEarly(size uint64) uint64 {
	a := uint64(VMallocStart)
	for _, r := range m.vm {
		if r.start-a >= size {
			break
		}
		a = r.end
	}
	m.vm.insert(region{start: a, end: a + size})
	return a
}

// GetVMAreas models pcpu_get_vm_areas (mm/vmalloc.c): areas of the given sizes
// whose distances from each other are those of the offsets, as high in vmalloc
// space as they fit. It returns where offset 0 lies. Nothing is mapped yet.
func (m *Memory) GetVMAreas(offsets, sizes []uint64, align uint64) (percpu.Addr, error) {
	last, err := checkAreas(offsets, sizes, align)
	if err != nil {
		return 0, err
	}
	base := ((VMallocEnd &^ (align - 1)) - last) &^ (align - 1)
	for i := 0; i < len(offsets); {
		start := base + offsets[i]
		busy, ok := m.vm.above(start, start+sizes[i])
		if !ok {
			i++
			continue
		}
		room := busy - VMallocStart
		if room < offsets[i]+sizes[i] {
			return 0, fmt.Errorf("memblock: %w: vmalloc space has no room for %d areas", ErrNoMemory, len(offsets))
		}
		base = (busy - sizes[i] - offsets[i]) &^ (align - 1)
		i = 0
	}
	if base < VMallocStart {
		return 0, fmt.Errorf("memblock: %w: vmalloc space has no room for %d areas", ErrNoMemory, len(offsets))
	}
	for i := range offsets {
		m.vm.insert(newArea(base+offsets[i], sizes[i]))
	}
	return percpu.Addr(base), nil
}

// checkAreas refuses areas that overlap or do not fit, and says where the
// last one ends.
func checkAreas(offsets, sizes []uint64, align uint64) (last uint64, err error) {
	if len(offsets) == 0 || len(offsets) != len(sizes) || align < Page || align&(align-1) != 0 {
		return 0, fmt.Errorf("memblock: %d areas with %d sizes aligned to %d: give one size for each, and a power of two from %d", len(offsets), len(sizes), align, Page)
	}
	const space = VMallocEnd - VMallocStart
	var seen regions
	for i, off := range offsets {
		if off%align != 0 || sizes[i] == 0 || sizes[i]%Page != 0 || off > space/2 || sizes[i] > space/2 {
			return 0, fmt.Errorf("memblock: area %d at offset %#x of %#x bytes: it is empty, misaligned or beyond vmalloc space", i, off, sizes[i])
		}
		if seen.overlap(off, off+sizes[i]) != 0 {
			return 0, fmt.Errorf("memblock: area %d at offset %#x of %#x bytes overlaps another", i, off, sizes[i])
		}
		seen.insert(region{start: off, end: off + sizes[i]})
		last = max(last, off+sizes[i])
	}
	return last, nil
}

func newArea(start, size uint64) region {
	absent := make([]bool, size/Page)
	for i := range absent {
		absent[i] = true
	}
	return region{start: start, end: start + size, absent: absent}
}

// above is the start of the highest region that overlaps a range.
func (rs regions) above(start, end uint64) (uint64, bool) {
	found, ok := uint64(0), false
	for i := rs.after(start); i < len(rs) && rs[i].start < end; i++ {
		found, ok = rs[i].start, true
	}
	return found, ok
}

// FreeVMAreas models pcpu_free_vm_areas (mm/vmalloc.c) for what GetVMAreas
// gave.
func (m *Memory) FreeVMAreas(base percpu.Addr, offsets, sizes []uint64) {
	for i := range min(len(offsets), len(sizes)) {
		start := uint64(base) + offsets[i]
		m.Unmap(percpu.Addr(start), sizes[i])
		m.vm.remove(start, start+sizes[i])
	}
}

// Map models alloc_pages and vmap_pages_range_noflush together: zeroed pages
// behind part of an area of GetVMAreas.
func (m *Memory) Map(a percpu.Addr, size uint64) error {
	r := m.area(uint64(a), size)
	if r == nil {
		return fmt.Errorf("memblock: mapping %d bytes at %#x: no area of GetVMAreas holds them", size, uint64(a))
	}
	if m.FreeBytes() < size {
		return fmt.Errorf("memblock: %w: no free pages for %d bytes", ErrNoMemory, size)
	}
	m.setAbsent(r, uint64(a), size, false)
	return nil
}

// Unmap takes the pages behind part of an area away and frees them.
func (m *Memory) Unmap(a percpu.Addr, size uint64) {
	if r := m.area(uint64(a), size); r != nil {
		m.setAbsent(r, uint64(a), size, true)
	}
}

func (m *Memory) area(a, size uint64) *region {
	i := m.vm.after(a)
	if i == len(m.vm) || m.vm[i].start > a || size > m.vm[i].end-a || m.vm[i].absent == nil || (a|size)%Page != 0 {
		return nil
	}
	return &m.vm[i]
}

// setAbsent maps or unmaps pages; a page that goes leaves zeros for the next.
func (m *Memory) setAbsent(r *region, a, size uint64, absent bool) {
	for p := (a - r.start) / Page; p < (a+size-r.start)/Page; p++ {
		if r.absent[p] == absent {
			continue
		}
		r.absent[p] = absent
		if !absent {
			m.pages++
			continue
		}
		m.pages--
		if r.data != nil {
			clear(r.data[p*Page : (p+1)*Page])
		}
	}
}
