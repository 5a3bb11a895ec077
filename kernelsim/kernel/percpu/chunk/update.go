package chunk

// hintAlloc models pcpu_block_update_hint_alloc: n bits from off on were
// taken. Only a broken hint makes it look at bits again.
func (c *chunk) hintAlloc(off, n int) {
	first, last := off/blockBits, (off+n-1)/blockBits
	start, end := off%blockBits, (off+n-1)%blockBits+1
	emptied := c.hintAllocFirst(first, start, n, first == last, end)
	if first != last {
		emptied += c.hintAllocLast(last, end)
		emptied += last - first - 1
		for i := first + 1; i < last; i++ {
			b := &c.blocks[i]
			b.scan, b.contig, b.left, b.right = 0, 0, 0, 0
		}
	}
	c.addEmpty(-emptied)
	if c.all.breaksScan(off, off+n) {
		c.all.scan = 0
	}
	if c.all.breaksContig(off, off+n) {
		c.refreshAll(false)
	}
}

// hintAllocFirst updates the page where the taken area begins, and says 1 if
// the page was empty until now.
func (c *chunk) hintAllocFirst(i, start, n int, only bool, end int) (emptied int) {
	b := &c.blocks[i]
	if b.contig == blockBits {
		emptied = 1
	}
	if start == b.first {
		b.first = c.nextFreeIn(i, start+n)
	}
	if b.breaksScan(start, start+n) {
		b.scan = 0
	}
	switch {
	case b.breaksContig(start, start+n):
		if start == 0 {
			b.left = 0
		}
		c.refreshBlock(i)
	case only:
		b.left = min(b.left, start)
		b.right = min(b.right, blockBits-end)
	default:
		b.left = min(b.left, start)
		b.right = 0
	}
	return emptied
}

// hintAllocLast updates the page where an area ends that began in another.
func (c *chunk) hintAllocLast(i, end int) (emptied int) {
	b := &c.blocks[i]
	if b.contig == blockBits {
		emptied = 1
	}
	b.first = c.nextFreeIn(i, end)
	if end == blockBits {
		b.scan, b.contig, b.left, b.right = 0, 0, 0, 0
		return emptied
	}
	if end > b.scanStart {
		b.scan = 0
	}
	b.left = 0
	if end > b.contigStart {
		c.refreshBlock(i)
	} else {
		b.right = min(b.right, blockBits-end)
	}
	return emptied
}

// nextFreeIn is the first free bit of a page from bit from on.
func (c *chunk) nextFreeIn(i, from int) int {
	base := i * blockBits
	if from >= blockBits {
		return blockBits
	}
	return c.alloc.next(base+from, base+blockBits, false) - base
}

// refreshBlock models pcpu_block_refresh_hint: look at a page's bits again,
// from behind the scan area if there is one.
func (c *chunk) refreshBlock(i int) {
	b, base := &c.blocks[i], i*blockBits
	start := b.promote()
	b.right = 0
	for start < blockBits {
		start = c.alloc.next(base+start, base+blockBits, false) - base
		if start >= blockBits {
			return
		}
		end := c.alloc.next(base+start, base+blockBits, true) - base
		b.update(start, end)
		start = end
	}
}

// refreshAll models pcpu_chunk_refresh_hint: find the chunk's largest area
// again, from the pages' hints.
func (c *chunk) refreshAll(full bool) {
	var off int
	if full {
		c.all.contig = 0
		off = c.all.first
	} else {
		off = c.all.promote()
	}
	off, n := c.nextFree(off)
	for off < c.mapBits() {
		c.all.update(off, off+n)
		off, n = c.nextFree(off + n + 1)
	}
}

// nextFree models pcpu_next_md_free_region: the next area that the pages'
// hints tell of, joined over the edges of pages.
func (c *chunk) nextFree(off int) (start, n int) {
	i, inBlock := off/blockBits, off%blockBits
	start = off
	for ; i < len(c.blocks); i++ {
		b := &c.blocks[i]
		if n != 0 {
			n += b.left
			if b.left == blockBits {
				continue
			}
			return start, n
		}
		if b.contig != 0 && b.contigStart >= inBlock && b.contig+b.contigStart < blockBits {
			return i*blockBits + b.contigStart, b.contig
		}
		inBlock = 0
		n = b.right
		start = (i+1)*blockBits - n
	}
	return start, n
}

// hintFree models pcpu_block_update_hint_free: n bits from off on are free
// again; join them with what is free around them in their pages.
func (c *chunk) hintFree(off, n int) {
	first, last := off/blockBits, (off+n-1)/blockBits
	start := c.freeFrom(first, off%blockBits)
	end := c.freeUpTo(last, (off+n-1)%blockBits+1)

	emptied := 0
	firstEnd := blockBits
	if first == last {
		firstEnd = end
	}
	if start == 0 && firstEnd == blockBits {
		emptied++
	}
	c.blocks[first].update(start, firstEnd)
	if first != last {
		if end == blockBits {
			emptied++
		}
		c.blocks[last].update(0, end)
		emptied += last - first - 1
		for i := first + 1; i < last; i++ {
			b := &c.blocks[i]
			b.first, b.scan, b.contigStart = 0, 0, 0
			b.contig, b.left, b.right = blockBits, blockBits, blockBits
		}
	}
	c.addEmpty(emptied)

	// Only a page that became free makes it look for the chunk's largest
	// area again. Else Linux 6.1 passes the area's end counted within its
	// page, so that the chunk hears of it only in page 0: its hint may be
	// short by up to a page, never too long.
	if end-start >= blockBits || first != last {
		c.refreshAll(true)
	} else {
		c.all.update(first*blockBits+start, end)
	}
}

// freeFrom is where the free area begins that ends before bit start.
func (c *chunk) freeFrom(i, start int) int {
	b, base := &c.blocks[i], i*blockBits
	if start == b.contig+b.contigStart {
		return b.contigStart
	}
	if last := c.alloc.lastSet(base, base+start); last != base+start {
		return last + 1 - base
	}
	return 0
}

// freeUpTo is where the free area ends that begins at bit end.
func (c *chunk) freeUpTo(i, end int) int {
	b, base := &c.blocks[i], i*blockBits
	if end == b.contigStart {
		return b.contigStart + b.contig
	}
	return c.alloc.next(base+end, base+blockBits, true) - base
}
