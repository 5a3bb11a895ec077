package chunk

import "bothhalves/kernelsim/kernel/percpu"

// createChunk models pcpu_create_chunk (mm/percpu-vm.c): areas in vmalloc
// space as far apart as the first chunk's groups, so that one offset reaches
// every CPU's part; nil if there is no room. No page is mapped yet.
func (a *Allocator) createChunk() *chunk {
	base, err := a.mem.GetVMAreas(a.groupOffsets, a.groupSizes, uint64(a.layout.AtomSize))
	if err != nil {
		return nil
	}
	c := newChunk(a, a.unitSize/pageSize)
	c.base = base
	a.stats.Chunks++
	a.stats.MaxChunks = max(a.stats.MaxChunks, a.stats.Chunks)
	return c
}

// destroyChunk models pcpu_destroy_chunk, for one without pages.
func (a *Allocator) destroyChunk(c *chunk) {
	a.stats.Chunks--
	a.mem.FreeVMAreas(c.base, a.groupOffsets, a.groupSizes)
}

// populate puts pages behind an area where there are none.
func (a *Allocator) populate(c *chunk, off, size int) error {
	end := (off + size + pageSize - 1) / pageSize
	for from := off / pageSize; from < end; {
		from = c.populated.next(from, end, false)
		if from == end {
			break
		}
		to := c.populated.next(from, end, true)
		if err := a.populateRange(c, from, to); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// populateRange models pcpu_populate_chunk (mm/percpu-vm.c): pages for every
// possible CPU, or for none.
func (a *Allocator) populateRange(c *chunk, from, to int) error {
	for i := range a.unitOffsets {
		if err := a.mem.Map(a.page(c, i, from), uint64(to-from)*pageSize); err != nil {
			for i--; i >= 0; i-- {
				a.mem.Unmap(a.page(c, i, from), uint64(to-from)*pageSize)
			}
			return err
		}
	}
	c.setPopulated(from, to, true)
	return nil
}

// depopulateRange models pcpu_depopulate_chunk.
func (a *Allocator) depopulateRange(c *chunk, from, to int) {
	for i := range a.unitOffsets {
		a.mem.Unmap(a.page(c, i, from), uint64(to-from)*pageSize)
	}
	c.setPopulated(from, to, false)
}

// page models pcpu_chunk_addr: a page of the i-th CPU's part.
func (a *Allocator) page(c *chunk, i, page int) percpu.Addr {
	return c.base + percpu.Addr(a.unitOffsets[i]) + percpu.Addr(page*pageSize)
}

// EnableAsync models percpu_enable_async, a subsys_initcall: from now on
// there are workers to run Balance.
func (a *Allocator) EnableAsync() { a.async = true }

// BalanceWanted says whether pcpu_balance_work is queued: the caller has a
// worker call Balance soon.
func (a *Allocator) BalanceWanted() bool { return a.balanceWanted }

func (a *Allocator) scheduleBalance() {
	if a.async {
		a.balanceWanted = true
	}
}

// shouldReclaim models pcpu_should_reclaim_chunk (mm/percpu-vm.c): a quarter
// of the chunk's pages lie empty, and there are enough elsewhere.
func (a *Allocator) shouldReclaim(c *chunk) bool {
	if c == a.first || c == a.reserved {
		return false
	}
	return c.isolated && c.emptyPop != 0 ||
		a.emptyPop > emptyHigh+c.emptyPop && c.emptyPop >= c.pages/4
}
