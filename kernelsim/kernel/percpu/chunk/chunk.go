// Package chunk is the allocator behind alloc_percpu, as mm/percpu.c of Linux
// 6.1 has it: chunks of one unit's length on every CPU, a bitmap with a bit
// for each 4 bytes, hints that spare it from looking at the bits, and pages
// that are put behind a chunk only when something is allocated there.
//
// It is a data structure: locking and charging are the caller's.
package chunk

import "bothhalves/kernelsim/kernel/percpu"

const (
	pageSize    = 4096
	minAlloc    = 4                   // PCPU_MIN_ALLOC_SIZE: a bit of the map
	maxAlloc    = 32 << 10            // PCPU_MIN_UNIT_SIZE: the largest allocation
	maxUnit     = 1 << 30             // the largest unit: a bound of this model, not of Linux
	blockBits   = pageSize / minAlloc // PCPU_BITMAP_BLOCK_BITS
	slotShift   = 5                   // PCPU_SLOT_BASE_SHIFT
	sideline    = 3                   // PCPU_SLOT_FAIL_THRESHOLD
	emptyLow    = 2                   // PCPU_EMPTY_POP_PAGES_LOW
	emptyHigh   = 4                   // PCPU_EMPTY_POP_PAGES_HIGH
	warnLimit   = 10
	isolatedOld = -1 // relocate's "was in no slot"
)

// A chunk models struct pcpu_chunk: the same stretch of every CPU's unit.
type chunk struct {
	owner     *Allocator
	base      percpu.Addr // of the first unit's stretch, page aligned
	startSkip int         // bytes before what it serves (start_offset)
	endSkip   int
	free      int // bytes

	all       hints // chunk_md
	blocks    []hints
	alloc     bitmap // taken bits
	bound     bitmap // where areas begin and end
	populated bitmap // by page

	pages     int
	nrPop     int
	emptyPop  int  // populated pages nothing lies in
	immutable bool // part of the first chunk: pages neither come nor go
	isolated  bool // on its way to lose its pages

	nrAlloc, maxSize int
}

func (c *chunk) mapBits() int { return c.pages * blockBits }

// newChunk models pcpu_alloc_chunk: all free, no page behind it.
func newChunk(a *Allocator, pages int) *chunk {
	c := &chunk{owner: a, pages: pages, free: pages * pageSize}
	n := c.mapBits()
	c.all = freeHints(n)
	c.blocks = make([]hints, pages)
	for i := range c.blocks {
		c.blocks[i] = freeHints(blockBits)
	}
	c.alloc, c.bound, c.populated = newBitmap(n), newBitmap(n+1), newBitmap(pages)
	return c
}

// firstChunk models pcpu_alloc_first_chunk: a chunk over part of the first
// chunk's memory, which is there already. What lies in its first and last page
// outside that part is hidden as if taken.
func firstChunk(a *Allocator, at percpu.Addr, size int) *chunk {
	start := int(at % pageSize)
	pages := (start + size + pageSize - 1) / pageSize
	c := newChunk(a, pages)
	c.base = at - percpu.Addr(start)
	c.startSkip, c.endSkip = start, pages*pageSize-start-size
	c.immutable = true
	c.populated.fill(0, pages, true)
	c.nrPop, c.emptyPop = pages, pages
	c.free = size
	if n := start / minAlloc; n > 0 {
		c.alloc.fill(0, n, true)
		c.bound.put(0, true)
		c.bound.put(n, true)
		c.all.first = n
		c.hintAlloc(0, n)
	}
	if n := c.endSkip / minAlloc; n > 0 {
		c.alloc.fill(c.mapBits()-n, n, true)
		c.bound.put((start+size)/minAlloc, true)
		c.bound.put(c.mapBits(), true)
		c.hintAlloc(c.mapBits()-n, n)
	}
	return c
}

// holds models pcpu_addr_in_chunk.
func (c *chunk) holds(at percpu.Addr) bool {
	if c == nil {
		return false
	}
	return at >= c.base+percpu.Addr(c.startSkip) && at < c.base+percpu.Addr(c.pages*pageSize-c.endSkip)
}

// begins says whether an area that is taken begins at a byte offset.
func (c *chunk) begins(off int) bool {
	bit := off / minAlloc
	return off%minAlloc == 0 && c.alloc.test(bit) && c.bound.test(bit)
}

// addEmpty models pcpu_update_empty_pages.
func (c *chunk) addEmpty(n int) {
	c.emptyPop += n
	if c != c.owner.reserved && !c.isolated {
		c.owner.emptyPop += n
	}
}

// setPopulated models pcpu_chunk_populated and pcpu_chunk_depopulated.
func (c *chunk) setPopulated(from, to int, v bool) {
	n := to - from
	c.populated.fill(from, n, v)
	if !v {
		n = -n
	}
	c.nrPop += n
	c.owner.populated += n
	c.addEmpty(n)
}
