package chunk

import "slices"

// Balance models pcpu_balance_workfn (mm/percpu.c): give back what lies empty,
// stock up what callers that cannot wait will need, keep one empty chunk.
//
// Context: a worker, which may sleep.
func (a *Allocator) Balance() {
	a.balanceWanted = false
	a.balanceFree(false)
	a.reclaimPopulated()
	a.balancePopulated()
	a.balanceFree(true)
}

// balanceFree models pcpu_balance_free: of the wholly free chunks all but the
// first go; with unpopulatedOnly, those that have no page.
func (a *Allocator) balanceFree(unpopulatedOnly bool) {
	for i, c := range slices.Clone(a.slots[a.freeSlot]) {
		if i == 0 || unpopulatedOnly && c.emptyPop != 0 {
			continue
		}
		a.unlist(c)
		for from := c.populated.next(0, c.pages, true); from < c.pages; from = c.populated.next(from, c.pages, true) {
			to := c.populated.next(from, c.pages, false)
			a.depopulateRange(c, from, to)
			from = to
		}
		a.destroyChunk(c)
	}
}

// balancePopulated models pcpu_balance_populated: see that at least some
// pages are populated and empty, from the fullest chunks on.
func (a *Allocator) balancePopulated() {
	for {
		want := min(max(emptyHigh-a.emptyPop, 0), emptyHigh)
		if a.failedNow {
			want, a.failedNow = emptyHigh, false
		}
		for slot := a.slotFor(pageSize); slot <= a.freeSlot && want > 0; slot++ {
			want = a.populateIn(slot, want)
		}
		if want <= 0 {
			return
		}
		c := a.createChunk()
		if c == nil {
			return
		}
		a.relocate(c, isolatedOld)
	}
}

// populateIn puts up to want pages behind the first chunk of a list that lacks
// some, and says how many are still wanted: none if memory ran out.
func (a *Allocator) populateIn(slot, want int) int {
	i := slices.IndexFunc(a.slots[slot], func(c *chunk) bool { return c.nrPop < c.pages })
	if i < 0 {
		return want
	}
	c := a.slots[slot][i]
	for from := c.populated.next(0, c.pages, false); from < c.pages && want > 0; {
		to := min(c.populated.next(from, c.pages, true), from+want)
		if a.populateRange(c, from, to) != nil {
			return 0
		}
		want -= to - from
		from = c.populated.next(to, c.pages, false)
	}
	return want
}

// reclaimPopulated models pcpu_reclaim_populated: take the empty pages of
// isolated chunks away, from the end, as long as enough are left elsewhere.
func (a *Allocator) reclaimPopulated() {
	for len(a.slots[a.depopSlot]) > 0 {
		c := a.slots[a.depopSlot][0]
		if a.depopulateEmpty(c) || c.free == a.unitSize {
			a.reintegrate(c)
		} else {
			a.move(c, a.sidelined, false)
		}
	}
}

// depopulateEmpty says true if it stopped because pages got short: the chunk
// is to be used again.
func (a *Allocator) depopulateEmpty(c *chunk) (short bool) {
	end := -1 // the last page of a run of empty ones
	for i := c.pages - 1; i >= 0 && c.emptyPop > 0; i-- {
		if a.emptyPop < emptyHigh {
			return true
		}
		if c.blocks[i].contig == blockBits && c.populated.test(i) {
			if end < 0 {
				end = i
			}
			if i > 0 {
				continue
			}
			i--
		}
		if end >= 0 {
			a.depopulateRange(c, i+1, end+1)
			end = -1
		}
	}
	return false
}
