package chunk

// findFit models pcpu_find_block_fit (mm/percpu.c): where in the chunk to
// start looking for n bits, -1 if the hints know of no place. It is not quite
// first fit: an area that is not the largest of its page is passed over.
func (c *chunk) findFit(n, align int, populatedOnly bool) int {
	if !c.all.fits(n, align) {
		return -1
	}
	off, size := c.nextFit(c.all.next(n), n, align)
	for off < c.mapBits() {
		if !populatedOnly {
			return off
		}
		next, ok := c.isPopulated(off, size)
		if ok {
			return off
		}
		// The next round goes on from there, one step after (the size
		// of what was found is nought by then).
		off, size = c.nextFit(next, n, align)
	}
	return -1
}

// nextFit models pcpu_next_fit_region: from off on, the next place where the
// pages' hints promise n bits, within a page or over the edges of several.
func (c *chunk) nextFit(off, n, align int) (start, size int) {
	i, inBlock := off/blockBits, off%blockBits
	at := off
	for ; i < len(c.blocks); i++ {
		b := &c.blocks[i]
		if size != 0 { // an area that reaches over from the page before
			size += b.left
			if size >= n {
				return at, size
			}
			if b.left == blockBits {
				continue
			}
		}
		pad := alignUp(b.contigStart, align) - b.contigStart
		if b.contig != 0 && b.contigStart >= inBlock && b.contig >= pad+n {
			from := b.next(n)
			return i*blockBits + from, pad + n + b.contigStart - from
		}
		inBlock = 0
		from := alignUp(blockBits-b.right, align)
		size = blockBits - from
		at = i*blockBits + from
		if size >= n {
			return at, size
		}
	}
	return c.mapBits(), size
}

// isPopulated models pcpu_is_populated: do pages stand behind the bits, and
// if not, at which bit is the next page that there is?
func (c *chunk) isPopulated(off, n int) (next int, ok bool) {
	start, end := off*minAlloc/pageSize, ((off+n)*minAlloc+pageSize-1)/pageSize
	start = c.populated.next(start, end, false)
	if start >= end {
		return 0, true
	}
	return c.populated.next(start+1, end, true) * pageSize / minAlloc, false
}

// allocArea models pcpu_alloc_area: take the first n free aligned bits from
// start on, within a page's length of what the hints promised; the byte
// offset, or -1.
func (c *chunk) allocArea(n, align, start int) int {
	end := min(start+n+blockBits, c.mapBits())
	off, skippedAt, skipped := c.findZeroArea(start, end, n, align)
	if off >= end {
		return -1
	}
	if skipped != 0 {
		c.noteSkipped(skippedAt, skipped)
	}
	c.alloc.fill(off, n, true)
	c.bound.put(off, true)
	c.bound.fill(off+1, n-1, false)
	c.bound.put(off+n, true)
	c.free -= n * minAlloc
	if off == c.all.first {
		c.all.first = c.alloc.next(off+n, c.mapBits(), false)
	}
	c.hintAlloc(off, n)
	return off * minAlloc
}

// findZeroArea models pcpu_find_zero_area: the first free aligned place, and
// the largest area on the way that was too small.
func (c *chunk) findZeroArea(start, end, n, align int) (off, skippedAt, skipped int) {
	for {
		off = alignUp(c.alloc.next(start, end, false), align)
		if off+n > end {
			return end, skippedAt, skipped
		}
		i := c.alloc.next(off, off+n, true)
		if i >= off+n {
			return off, skippedAt, skipped
		}
		size := i - off
		if size > skipped || size == skipped && skippedAt != 0 && alignment(off) > alignment(skippedAt) {
			skippedAt, skipped = off, size
		}
		start = i + 1
	}
}

// noteSkipped models pcpu_block_update_scan: tell the page's hints of an area
// that was passed over, with the bits that alignment left out before it.
func (c *chunk) noteSkipped(off, n int) {
	i, from := off/blockBits, off%blockBits
	if from+n > blockBits {
		return
	}
	base := i * blockBits
	start := 0
	if last := c.alloc.lastSet(base, off); last != off {
		start = last + 1 - base
	}
	c.blocks[i].update(start, from+n)
}

// freeArea models pcpu_free_area: the bound map knows how long the area is;
// the number of bytes freed.
func (c *chunk) freeArea(off int) int {
	bit := off / minAlloc
	n := c.bound.next(bit+1, c.mapBits(), true) - bit
	c.alloc.fill(bit, n, false)
	c.free += n * minAlloc
	c.all.first = min(c.all.first, bit)
	c.hintFree(bit, n)
	return n * minAlloc
}
