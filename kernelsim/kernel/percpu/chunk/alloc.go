package chunk

import (
	"errors"
	"fmt"
	"slices"

	"bothhalves/kernelsim/kernel/percpu"
)

// ErrNoMemory is what a nil pointer from pcpu_alloc means to its callers.
var ErrNoMemory = errors.New("ENOMEM")

// Memory is what chunks need: windows into what is mapped, and areas in
// vmalloc space to map pages into. memblock.Memory is one.
type Memory interface {
	Bytes(at percpu.Addr, n uint64) ([]byte, error)
	GetVMAreas(offsets, sizes []uint64, align uint64) (percpu.Addr, error)
	FreeVMAreas(base percpu.Addr, offsets, sizes []uint64)
	Map(at percpu.Addr, size uint64) error
	Unmap(at percpu.Addr, size uint64)
}

// An Allocator is the state that mm/percpu.c keeps in static variables.
type Allocator struct {
	mem          Memory
	layout       percpu.Layout
	unitSize     int
	units        int
	unitOffsets  []uint64 // of CPUs' units, lowest CPU first
	groupOffsets []uint64
	groupSizes   []uint64

	slots                           [][]*chunk
	sidelined, freeSlot, depopSlot  int
	first, reserved                 *chunk
	emptyPop                        int // pcpu_nr_empty_pop_pages
	populated                       int // pcpu_nr_populated, pages of one unit
	async, balanceWanted, failedNow bool
	warnings                        int
	stats                           Stats
}

// A Request is one allocation. The zero flags are GFP_KERNEL.
type Request struct {
	Size, Align int
	Atomic      bool // GFP_ATOMIC: may not sleep, so no pages can be added
	Reserved    bool // __alloc_reserved_percpu: a module's static variables
	NoWarn      bool // __GFP_NOWARN
}

// A Failure is a request that got no memory; Linux returns NULL.
type Failure struct {
	Request  Request
	Reason   string           // the kernel's words
	Messages []percpu.Message // what it printed
	Warn     bool             // a WARN: the caller's mistake, with a backtrace
}

// Error names the request and the reason.
func (f *Failure) Error() string {
	return fmt.Sprintf("alloc_percpu: size %d, align %d, atomic %v: %s", f.Request.Size, f.Request.Align, f.Request.Atomic, f.Reason)
}

// Unwrap is ENOMEM.
func (f *Failure) Unwrap() error { return ErrNoMemory }

// Alloc models pcpu_alloc (mm/percpu.c): zeroed space at the same place of
// every possible CPU's unit. The result is no address but, like a static
// variable's, an offset for Areas.Addr.
//
// Context: a caller that is not Atomic may sleep and holds pcpu_alloc_mutex;
// the search runs under pcpu_lock with interrupts off.
func (a *Allocator) Alloc(r Request) (percpu.Off, error) {
	size, align, ok := legal(r)
	if !ok {
		return 0, a.illegal(r)
	}
	c, off, reason := a.findArea(r, size/minAlloc, align/minAlloc)
	if reason != "" {
		return 0, a.fail(r, size, align, reason)
	}
	a.countAlloc(c, size)
	if !r.Atomic {
		if err := a.populate(c, off, size); err != nil {
			a.freeIn(c, off)
			return 0, a.fail(r, size, align, "failed to populate")
		}
	}
	if a.emptyPop < emptyLow {
		a.scheduleBalance()
	}
	if err := a.zero(c, off, size); err != nil {
		return 0, err
	}
	return percpu.Off(c.base + percpu.Addr(off) - a.layout.Base), nil
}

// legal rounds a request to whole map bits and says whether it may be asked.
func legal(r Request) (size, align int, ok bool) {
	align = r.Align
	if align >= 0 && align < minAlloc {
		align = minAlloc
	}
	if r.Size <= 0 || r.Size > maxAlloc || align < 0 || align > pageSize || align&(align-1) != 0 {
		return 0, 0, false
	}
	return alignUp(r.Size, minAlloc), align, true
}

// findArea looks for the space, in the reserved chunk or through the lists;
// reason is empty when it was found and taken.
func (a *Allocator) findArea(r Request, n, align int) (c *chunk, off int, reason string) {
	if r.Reserved && a.reserved != nil {
		if off = a.allocIn(a.reserved, n, align, r.Atomic); off < 0 {
			return nil, 0, "alloc from reserved chunk failed"
		}
		return a.reserved, off, ""
	}
	for {
		if c, off = a.searchSlots(n, align, r.Atomic); c != nil {
			return c, off, ""
		}
		if r.Atomic {
			return nil, 0, "atomic alloc failed, no space left"
		}
		if len(a.slots[a.freeSlot]) != 0 {
			return nil, 0, "no chunk holds it" // an empty chunk holds every legal request
		}
		if c = a.createChunk(); c == nil {
			return nil, 0, "failed to allocate new chunk"
		}
		a.relocate(c, isolatedOld)
	}
}

// searchSlots goes from the list of just large enough chunks to the empty
// ones. A nearly full chunk that failed is put aside for a while.
func (a *Allocator) searchSlots(n, align int, atomic bool) (*chunk, int) {
	for slot := a.slotFor(n * minAlloc); slot <= a.freeSlot; slot++ {
		for _, c := range slices.Clone(a.slots[slot]) {
			start := c.findFit(n, align, atomic)
			if start < 0 {
				if slot < sideline {
					a.move(c, 0, true)
				}
				continue
			}
			if off := a.allocAt(c, n, align, start); off >= 0 {
				a.reintegrate(c)
				return c, off
			}
		}
	}
	return nil, 0
}

// allocIn tries one chunk; -1 if it has no room.
func (a *Allocator) allocIn(c *chunk, n, align int, atomic bool) int {
	start := c.findFit(n, align, atomic)
	if start < 0 {
		return -1
	}
	return a.allocAt(c, n, align, start)
}

func (a *Allocator) allocAt(c *chunk, n, align, start int) int {
	old := a.slotOf(c)
	off := c.allocArea(n, align, start)
	if off >= 0 {
		a.relocate(c, old)
	}
	return off
}

func (a *Allocator) freeIn(c *chunk, off int) {
	old := a.slotOf(c)
	c.freeArea(off)
	c.nrAlloc--
	a.stats.Frees++
	a.stats.Live--
	a.relocate(c, old)
}

// zero clears the area in the unit of every possible CPU.
func (a *Allocator) zero(c *chunk, off, size int) error {
	for _, unit := range a.unitOffsets {
		b, err := a.mem.Bytes(c.base+percpu.Addr(unit)+percpu.Addr(off), uint64(size))
		if err != nil {
			return fmt.Errorf("alloc_percpu: %d bytes at offset %#x: no memory behind the unit at %#x: %w", size, off, unit, err)
		}
		clear(b)
	}
	return nil
}

// illegal is the WARN for a request that no chunk could ever serve.
func (a *Allocator) illegal(r Request) error {
	f := &Failure{Request: r, Warn: !r.NoWarn}
	f.Reason = fmt.Sprintf("illegal size (%d) or align (%d) for percpu allocation", uint64(r.Size), uint64(r.Align))
	if f.Warn {
		f.Messages = append(f.Messages, percpu.Message{Level: "warning", Text: f.Reason})
	}
	return f
}

// fail prints for the first ten callers that could have waited; for one that
// could not, it has the pages stocked up.
func (a *Allocator) fail(r Request, size, align int, reason string) error {
	f := &Failure{Request: r, Reason: reason}
	if r.Atomic {
		a.failedNow = true
		a.scheduleBalance()
		return f
	}
	if !r.NoWarn && a.warnings < warnLimit {
		f.Messages = append(f.Messages, percpu.Message{Level: "warning",
			Text: fmt.Sprintf("percpu: allocation failed, size=%d align=%d atomic=0, %s", size, align, reason)})
		if a.warnings++; a.warnings == warnLimit {
			f.Messages = append(f.Messages, percpu.Message{Level: "info", Text: "percpu: limit reached, disable warning"})
		}
	}
	return f
}

// Free models free_percpu (mm/percpu.c). Linux trusts its caller; here an
// offset that no allocation begins at is refused.
//
// Context: any; under pcpu_lock.
func (a *Allocator) Free(p percpu.Off) error {
	if p == 0 {
		return nil
	}
	at := percpu.Addr(p) + a.layout.Base
	c := a.search(at)
	if c == nil || !c.begins(int(at-c.base)) {
		return fmt.Errorf("free_percpu: no allocation begins at %#x: freed before, or not from alloc_percpu", uint64(p))
	}
	a.freeIn(c, int(at-c.base))
	switch {
	case !c.isolated && c.free == a.unitSize:
		if len(a.slots[a.freeSlot]) > 1 {
			a.scheduleBalance() // one empty chunk is enough
		}
	case a.shouldReclaim(c):
		a.isolate(c)
		a.scheduleBalance()
	}
	return nil
}

// search models pcpu_chunk_addr_search.
func (a *Allocator) search(at percpu.Addr) *chunk {
	if a.first.holds(at) {
		return a.first
	}
	if a.reserved.holds(at) {
		return a.reserved
	}
	for _, list := range a.slots {
		for _, c := range list {
			if c.holds(at) {
				return c
			}
		}
	}
	return nil
}
