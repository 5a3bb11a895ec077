package chunk

import "bothhalves/kernelsim/kernel/percpu"

// Stats models struct percpu_stats (mm/percpu-internal.h).
type Stats struct {
	Allocs, Frees     int // since boot
	Live, MaxLive     int
	Chunks, MaxChunks int
	MinSize, MaxSize  int // of allocations
}

// Info describes one chunk, as debugfs's percpu_stats does.
type Info struct {
	Kind      string // "dynamic, first", "reserved" or "dynamic"
	Base      percpu.Addr
	Slot      int // -1 for the reserved chunk
	Pages     int // of one unit
	Populated int
	Empty     int // populated, nothing lies there
	Free      int // bytes
	Largest   int // bytes of the largest free area, as the hint has it
	Allocs    int
	MaxAlloc  int
}

func (a *Allocator) countAlloc(c *chunk, size int) {
	s := &a.stats
	s.Allocs++
	s.Live++
	s.MaxLive = max(s.MaxLive, s.Live)
	s.MinSize = min(s.MinSize, size)
	s.MaxSize = max(s.MaxSize, size)
	c.nrAlloc++
	c.maxSize = max(c.maxSize, size)
}

// Stats is a copy of the counts.
func (a *Allocator) Stats() Stats { return a.stats }

// NrPages models pcpu_nr_pages (mm/percpu.c): populated pages of a unit, times
// the units. Units without a CPU count, though no page stands behind them.
func (a *Allocator) NrPages() int { return a.populated * a.units }

// MeminfoKB is the figure of the line Percpu in /proc/meminfo.
func (a *Allocator) MeminfoKB() int { return a.NrPages() * pageSize / 1024 }

// EmptyPopulated is pcpu_nr_empty_pop_pages: what callers that cannot wait
// live on.
func (a *Allocator) EmptyPopulated() int { return a.emptyPop }

// Chunks lists all chunks: reserved, then by slot as the lists have them.
func (a *Allocator) Chunks() []Info {
	var is []Info
	if a.reserved != nil {
		is = append(is, a.describe(a.reserved, -1))
	}
	for slot, list := range a.slots {
		for _, c := range list {
			is = append(is, a.describe(c, slot))
		}
	}
	return is
}

func (a *Allocator) describe(c *chunk, slot int) Info {
	kind := "dynamic"
	switch c {
	case a.first:
		kind = "dynamic, first"
	case a.reserved:
		kind = "reserved"
	}
	return Info{
		Kind: kind, Base: c.base, Slot: slot, Pages: c.pages, Populated: c.nrPop,
		Empty: c.emptyPop, Free: c.free, Largest: c.all.contig * minAlloc,
		Allocs: c.nrAlloc, MaxAlloc: c.maxSize,
	}
}
