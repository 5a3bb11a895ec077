package chunk

import (
	"math/bits"
	"slices"
)

// sizeSlot models __pcpu_size_to_slot: chunks are kept in lists by the size
// of their largest free area, one list for each power of two from 32 bytes.
func sizeSlot(bytes int) int { return max(bits.Len(uint(bytes))-slotShift+2, 1) }

func (a *Allocator) slotFor(bytes int) int {
	if bytes == a.unitSize {
		return a.freeSlot
	}
	return sizeSlot(bytes)
}

// slotOf models pcpu_chunk_slot.
func (a *Allocator) slotOf(c *chunk) int {
	if c.free < minAlloc || c.all.contig == 0 {
		return 0
	}
	return a.slotFor(c.all.contig * minAlloc)
}

// move puts a chunk at the front or the end of a list. The reserved chunk is
// on none.
func (a *Allocator) move(c *chunk, slot int, front bool) {
	if c == a.reserved {
		return
	}
	a.unlist(c)
	if front {
		a.slots[slot] = slices.Insert(a.slots[slot], 0, c)
	} else {
		a.slots[slot] = append(a.slots[slot], c)
	}
}

func (a *Allocator) unlist(c *chunk) {
	for s := range a.slots {
		if i := slices.Index(a.slots[s], c); i >= 0 {
			a.slots[s] = slices.Delete(a.slots[s], i, i+1)
			return
		}
	}
}

// relocate models pcpu_chunk_relocate: after a change, to the list where the
// chunk belongs now; one that gained space to the front.
func (a *Allocator) relocate(c *chunk, old int) {
	if now := a.slotOf(c); !c.isolated && old != now {
		a.move(c, now, old < now)
	}
}

// isolate models pcpu_isolate_chunk: no allocation finds it any more.
func (a *Allocator) isolate(c *chunk) {
	if !c.isolated {
		c.isolated = true
		a.emptyPop -= c.emptyPop
	}
	a.move(c, a.depopSlot, true)
}

// reintegrate models pcpu_reintegrate_chunk.
func (a *Allocator) reintegrate(c *chunk) {
	if c.isolated {
		c.isolated = false
		a.emptyPop += c.emptyPop
		a.relocate(c, isolatedOld)
	}
}
