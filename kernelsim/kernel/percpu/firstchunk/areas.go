package firstchunk

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/kernel/percpu"
)

// Areas is a first chunk that stands: pcpu_base_addr and pcpu_unit_offsets[].
type Areas struct {
	layout      percpu.Layout
	unitOffsets []uint64 // by CPU, from the base
}

var (
	_ percpu.Areas      = (*Areas)(nil)
	_ percpu.Describer  = (*Areas)(nil)
	_ percpu.SetupAreas = Setup
)

// Offset is __per_cpu_offset[cpu]: the section starts at 0, so it is the
// unit's address. A CPU that is not possible has none: 0.
func (a *Areas) Offset(cpu int) percpu.Addr {
	if cpu < 0 || cpu >= len(a.unitOffsets) {
		return 0
	}
	return a.layout.Base + percpu.Addr(a.unitOffsets[cpu])
}

// Addr models per_cpu_ptr (include/linux/percpu-defs.h).
func (a *Areas) Addr(cpu int, sym percpu.Off) percpu.Addr {
	return a.Offset(cpu) + percpu.Addr(sym)
}

// Layout describes the chunk; the caller may change what it gets.
func (a *Areas) Layout() percpu.Layout {
	l := a.layout
	l.Messages = slices.Clone(l.Messages)
	l.Groups = slices.Clone(l.Groups)
	for i := range l.Groups {
		l.Groups[i].CPUs = slices.Clone(l.Groups[i].CPUs)
	}
	return l
}

// setupFirstChunk models pcpu_setup_first_chunk (mm/percpu.c) up to the
// chunks, which package chunk makes: check the layout, find each CPU's unit,
// and print the map.
func (s *setup) setupFirstChunk(ai *percpu.Layout, base percpu.Addr) (*Areas, error) {
	ai.Base = base
	offsets, err := UnitOffsets(ai, s.CPUs)
	if err != nil {
		return nil, s.bug(ai, err)
	}
	s.dumpAllocInfo("debug", ai)
	return &Areas{layout: *ai, unitOffsets: offsets}, nil
}

// UnitOffsets checks a layout as pcpu_setup_first_chunk does and gives each
// CPU's unit offset (pcpu_unit_offsets[]). The error's text is the condition
// that held, as the kernel prints it.
func UnitOffsets(ai *percpu.Layout, cpus int) ([]uint64, error) {
	sum := ai.Static + ai.Reserved + ai.Dynamic
	for _, c := range []struct {
		holds bool
		text  Condition
	}{
		{len(ai.Groups) <= 0, "ai->nr_groups <= 0"},
		{ai.Static == 0, "!ai->static_size"},
		{ai.Base == 0, "!base_addr"},
		{ai.Base%pageSize != 0, "offset_in_page(base_addr)"},
		{ai.UnitSize < sum, "ai->unit_size < size_sum"},
		{ai.UnitSize%pageSize != 0, "offset_in_page(ai->unit_size)"},
		{ai.UnitSize < minUnitSize, "ai->unit_size < PCPU_MIN_UNIT_SIZE"},
		{ai.Dynamic < dynamicEarlySize, "ai->dyn_size < PERCPU_DYNAMIC_EARLY_SIZE"},
		{ai.Reserved%minAllocSize != 0, "!IS_ALIGNED(ai->reserved_size, PCPU_MIN_ALLOC_SIZE)"},
	} {
		if c.holds {
			return nil, c.text
		}
	}
	return mapUnits(ai, cpus)
}

// mapUnits finds the unit of every possible CPU: each must have exactly one.
func mapUnits(ai *percpu.Layout, cpus int) ([]uint64, error) {
	offsets := make([]uint64, max(cpus, 0))
	mapped := make([]bool, max(cpus, 0))
	for _, g := range ai.Groups {
		for i, cpu := range g.CPUs {
			switch {
			case cpu == percpu.EmptyUnit:
				continue
			case cpu < 0 || cpu >= cpus:
				return nil, Condition("cpu >= nr_cpu_ids")
			case mapped[cpu]:
				return nil, Condition("unit_map[cpu] != UINT_MAX")
			}
			mapped[cpu] = true
			offsets[cpu] = g.BaseOffset + uint64(i*ai.UnitSize)
		}
	}
	if slices.Contains(mapped, false) {
		return nil, Condition("unit_map[cpu] == UINT_MAX")
	}
	return offsets, nil
}

// A Condition is a test of pcpu_setup_first_chunk that must not hold, in the
// kernel's words.
type Condition string

// Error is the line that the kernel prints before it stops.
func (c Condition) Error() string { return "percpu: failed to initialize, " + string(c) }

// A Panic is a boot that cannot go on without per-CPU areas.
type Panic struct {
	Reason   string
	Cause    error
	Messages []percpu.Message // printed until then, the reason for BUG included
}

// Error says what the kernel stopped with.
func (p *Panic) Error() string {
	return fmt.Sprintf("firstchunk: kernel panic: %s: %v", p.Reason, p.Cause)
}

// Unwrap gives the cause: a Condition, or what memory answered.
func (p *Panic) Unwrap() error { return p.Cause }

// bug models PCPU_SETUP_BUG_ON (mm/percpu.c).
func (s *setup) bug(ai *percpu.Layout, cause error) error {
	s.print("emerg", "%s", cause)
	s.print("emerg", "percpu: cpu_possible_mask=%s", possibleMask(s.CPUs))
	s.dumpAllocInfo("emerg", ai)
	return &Panic{Reason: "kernel BUG in pcpu_setup_first_chunk", Cause: cause, Messages: s.log}
}

// checkRequest refuses what no machine could mean.
func checkRequest(req *percpu.SetupRequest) error {
	switch {
	case req == nil || req.Memory == nil || req.Node == nil:
		return fmt.Errorf("firstchunk: set-up request without memory or node map: fill in SetupRequest.Memory and Node")
	case req.CPUs < 1 || req.CPUs > maxCPUs:
		return fmt.Errorf("firstchunk: %d possible CPUs: want 1 to %d (NR_CPUS)", req.CPUs, maxCPUs)
	case req.Nodes < 1:
		return fmt.Errorf("firstchunk: %d nodes: want at least 1", req.Nodes)
	case req.Alloc != "" && req.Alloc != "embed" && req.Alloc != "page":
		return fmt.Errorf("firstchunk: percpu_alloc=%s: choose embed or page", req.Alloc)
	case req.Section.Reserved < 0 || req.Section.Dynamic < 0:
		return fmt.Errorf("firstchunk: reserved %d and dynamic %d bytes: sizes cannot be negative", req.Section.Reserved, req.Section.Dynamic)
	}
	return nil
}
