package chunk

import (
	"fmt"

	"bothhalves/kernelsim/kernel/percpu"
)

// New models the second half of pcpu_setup_first_chunk (mm/percpu.c): what
// the first chunk leaves behind its static part is served by two chunks, the
// reserved one for modules and the dynamic one.
func New(l percpu.Layout, mem Memory) (*Allocator, error) {
	if err := check(l, mem); err != nil {
		return nil, err
	}
	a := &Allocator{mem: mem, layout: l, unitSize: l.UnitSize}
	if l.AtomSize == 0 {
		a.layout.AtomSize = pageSize // areas that do not tell theirs
	}
	a.mapGroups(l)

	a.sidelined = sizeSlot(a.unitSize) + 1
	a.freeSlot = a.sidelined + 1
	a.depopSlot = a.freeSlot + 1
	a.slots = make([][]*chunk, a.depopSlot+1)

	static := alignUp(l.Static, minAlloc)
	dynamic := l.Dynamic - (static - l.Static)
	at := l.Base + percpu.Addr(static)
	if l.Reserved > 0 {
		a.reserved = firstChunk(a, at, l.Reserved)
		at += percpu.Addr(l.Reserved)
	}
	a.first = firstChunk(a, at, dynamic)
	a.emptyPop = a.first.emptyPop // the reserved chunk's pages do not count
	a.relocate(a.first, isolatedOld)
	a.populated = (l.Static + l.Reserved + l.Dynamic) / pageSize
	a.stats = Stats{Chunks: 1, MaxChunks: 1, MinSize: a.unitSize}
	return a, nil
}

// mapGroups keeps the first chunk's shape: later chunks repeat it.
func (a *Allocator) mapGroups(l percpu.Layout) {
	for _, g := range l.Groups {
		a.groupOffsets = append(a.groupOffsets, g.BaseOffset)
		a.groupSizes = append(a.groupSizes, uint64(len(g.CPUs)*l.UnitSize))
		a.units += len(g.CPUs)
		for i, cpu := range g.CPUs {
			if cpu != percpu.EmptyUnit {
				a.unitOffsets = append(a.unitOffsets, g.BaseOffset+uint64(i*l.UnitSize))
			}
		}
	}
}

func check(l percpu.Layout, mem Memory) error {
	sum := l.Static + l.Reserved + l.Dynamic
	switch {
	case mem == nil || len(l.Groups) == 0:
		return fmt.Errorf("chunk: layout with %d groups, memory %v: both are needed", len(l.Groups), mem != nil)
	case l.Static <= 0 || l.Reserved < 0 || l.Dynamic < minAlloc || l.Reserved%minAlloc != 0:
		return fmt.Errorf("chunk: s%d r%d d%d: want a static part, a dynamic part, and whole words in reserve", l.Static, l.Reserved, l.Dynamic)
	case l.UnitSize > maxUnit || max(l.Static, l.Reserved, l.Dynamic) > maxUnit:
		return fmt.Errorf("chunk: unit of %d bytes with s%d r%d d%d: want at most %d", l.UnitSize, l.Static, l.Reserved, l.Dynamic, maxUnit)
	case l.UnitSize < sum || l.UnitSize < maxAlloc || l.UnitSize%pageSize != 0 || l.Base%pageSize != 0:
		return fmt.Errorf("chunk: unit of %d bytes at %#x for %d: want whole pages, at least %d bytes, and room for all parts", l.UnitSize, uint64(l.Base), sum, maxAlloc)
	}
	return nil
}
