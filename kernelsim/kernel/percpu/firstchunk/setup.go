// Package firstchunk builds the first per-CPU chunk as Linux 6.1 does at boot:
// it decides how big a unit is and how units are grouped, takes the memory,
// copies the section's image into every unit, and says where each CPU's unit
// lies. Read Setup first; every function below it is one that it calls.
package firstchunk

import (
	"errors"
	"fmt"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
)

// Sizes and limits (include/linux/percpu.h and x86-64's PMD_SIZE).
const (
	pageSize         = 4096
	pmdSize          = 2 << 20
	minUnitSize      = 32 << 10 // PCPU_MIN_UNIT_SIZE, the largest allocation too
	dynamicEarlySize = 12 << 10 // PERCPU_DYNAMIC_EARLY_SIZE
	minAllocSize     = 4        // PCPU_MIN_ALLOC_SIZE
	maxCPUs          = 8192     // NR_CPUS in Debian's configuration
	maxSize          = 1 << 30  // no part or atom is larger: a bound of this model, not of Linux
	vmallocTotal     = 1<<45 - 1
)

// setup is one run of setup_per_cpu_areas: the request and what was printed.
type setup struct {
	*percpu.SetupRequest
	log []percpu.Message
}

// Setup models setup_per_cpu_areas (arch/x86/kernel/setup_percpu.c). It is
// percpu.SetupAreas by default. Where Linux panics, it returns a *Panic.
//
// Context: the boot CPU, before any other CPU runs.
func Setup(req *percpu.SetupRequest) (percpu.Areas, error) {
	if err := checkRequest(req); err != nil {
		return nil, err
	}
	s := &setup{SetupRequest: req}
	s.print("info", "setup_percpu: NR_CPUS:%d nr_cpumask_bits:%d nr_cpu_ids:%d nr_node_ids:%d",
		maxCPUs, req.CPUs, req.CPUs, req.Nodes)

	// Embedding is the favourite: 2 MiB atoms in the direct map.
	areas, err := (*Areas)(nil), error(errno.EINVAL)
	if req.Alloc != "page" {
		areas, err = s.embed(pmdSize)
		if rc := code(err); rc < 0 {
			s.print("warning", "setup_percpu: %s allocator failed (%d), falling back to page size", chosen(req.Alloc), rc)
		}
	}
	if code(err) < 0 {
		areas, err = s.page()
	}
	if rc := code(err); rc < 0 {
		return nil, &Panic{Reason: fmt.Sprintf("cannot initialize percpu area (err=%d)", rc), Cause: err, Messages: s.log}
	}
	if err != nil {
		return nil, err
	}
	areas.layout.Messages = s.log
	return areas, nil
}

// code is what a kernel function would return for an error: the negative
// errno; 0 for success and for what is not the kernel's error.
func code(err error) int {
	var no *errno.Errno
	if errors.As(err, &no) {
		return -no.N
	}
	return 0
}

// chosen models pcpu_fc_names (mm/percpu.c).
func chosen(alloc string) string {
	if alloc == "" {
		return "auto"
	}
	return alloc
}

func (s *setup) print(level, format string, args ...any) {
	s.log = append(s.log, percpu.Message{Level: level, Text: fmt.Sprintf(format, args...)})
}

// embed models pcpu_embed_first_chunk (mm/percpu.c): one piece of the direct
// map for each group, used as it is.
func (s *setup) embed(atom int) (*Areas, error) {
	ai, err := BuildAllocInfo(s.Section, s.Section.Dynamic, atom, s.CPUs, s.distance)
	if err != nil {
		return nil, err
	}
	sum := ai.Static + ai.Reserved + ai.Dynamic
	bases, err := s.allocGroups(ai)
	if err != nil {
		return nil, err
	}
	base, distance := span(ai, bases)
	if distance > vmallocTotal/4*3 {
		s.print("warning", "percpu: max_distance=0x%x too large for vmalloc space 0x%x", distance, uint64(vmallocTotal))
		s.freeGroups(ai, bases)
		return nil, fmt.Errorf("groups %#x bytes apart: %w", distance, errno.EINVAL)
	}

	// Only now, when all are taken, may the unused parts go back.
	for g := range ai.Groups {
		if err := s.fillGroup(ai, &ai.Groups[g], bases[g], sum); err != nil {
			return nil, err
		}
		ai.Groups[g].BaseOffset = uint64(bases[g] - base)
	}
	s.print("info", "percpu: Embedded %d pages/cpu s%d r%d d%d u%d",
		sum/pageSize, ai.Static, ai.Reserved, ai.Dynamic, ai.UnitSize)

	ai.Kind = "embed"
	return s.setupFirstChunk(ai, base)
}

// allocGroups takes memory for each whole group on the node of its first CPU.
func (s *setup) allocGroups(ai *percpu.Layout) ([]percpu.Addr, error) {
	var bases []percpu.Addr
	for _, g := range ai.Groups {
		p, err := s.fcAlloc(g.CPUs[0], uint64(len(g.CPUs)*ai.UnitSize), uint64(ai.AtomSize))
		if err != nil {
			s.freeGroups(ai, bases)
			return nil, fmt.Errorf("%w: %w", errno.ENOMEM, err)
		}
		bases = append(bases, p)
	}
	return bases, nil
}

func (s *setup) freeGroups(ai *percpu.Layout, bases []percpu.Addr) {
	for g, p := range bases {
		s.Memory.Free(p, uint64(len(ai.Groups[g].CPUs)*ai.UnitSize))
	}
}

// fcAlloc models pcpu_fc_alloc (mm/percpu.c).
func (s *setup) fcAlloc(cpu int, size, align uint64) (percpu.Addr, error) {
	node := s.Node(cpu)
	if node < 0 || node >= s.Nodes {
		s.print("info", "percpu: cpu %d has no node %d or node-local memory", cpu, node)
		node = -1
	}
	return s.Memory.Alloc(size, align, node)
}

// span is the lowest group's address and the distance from there to the end
// of the highest group.
func span(ai *percpu.Layout, bases []percpu.Addr) (base percpu.Addr, distance uint64) {
	highest := 0
	base = bases[0]
	for g, p := range bases {
		base = min(base, p)
		if p > bases[highest] {
			highest = g
		}
	}
	return base, uint64(bases[highest]-base) + uint64(len(ai.Groups[highest].CPUs)*ai.UnitSize)
}

// fillGroup copies the image into a group's units and gives back what they do
// not use: their tails, and units without a CPU. (Linux copies first; here
// bytes appear when they are touched, and what is gone needs none.)
func (s *setup) fillGroup(ai *percpu.Layout, g *percpu.Group, unit percpu.Addr, sum int) error {
	for _, cpu := range g.CPUs {
		if cpu == percpu.EmptyUnit {
			s.Memory.Free(unit, uint64(ai.UnitSize))
		} else {
			s.Memory.Free(unit+percpu.Addr(sum), uint64(ai.UnitSize-sum))
			if err := s.copyImage(unit); err != nil {
				return err
			}
		}
		unit += percpu.Addr(ai.UnitSize)
	}
	return nil
}

// copyImage is the memcpy from __per_cpu_load: where a variable's initial
// value comes from, once for each CPU.
func (s *setup) copyImage(unit percpu.Addr) error {
	b, err := s.Memory.Bytes(unit, uint64(len(s.Section.Image)))
	if err != nil {
		return fmt.Errorf("firstchunk: unit at %#x: %v", uint64(unit), err)
	}
	copy(b, s.Section.Image)
	return nil
}

// page models pcpu_page_first_chunk (mm/percpu.c): single pages, one group,
// mapped side by side in vmalloc space; no unit is wasted, no large page used.
func (s *setup) page() (*Areas, error) {
	ai, err := BuildAllocInfo(s.Section, 0, pageSize, s.CPUs, nil)
	if err != nil {
		return nil, err
	}
	unitPages := ai.UnitSize / pageSize
	cpus := ai.Groups[0].CPUs
	base, err := s.Memory.MapPages(unitPages*s.CPUs, func(page int) int { return s.Node(cpus[page/unitPages]) })
	if err != nil {
		var failed interface{ FailedPage() int }
		if errors.As(err, &failed) {
			s.print("warning", "percpu: failed to allocate 4K page for cpu%d", cpus[failed.FailedPage()/unitPages])
		}
		return nil, fmt.Errorf("%w: %w", errno.ENOMEM, err)
	}
	for unit := range s.CPUs {
		if err := s.copyImage(base + percpu.Addr(unit*ai.UnitSize)); err != nil {
			return nil, err
		}
	}
	s.print("info", "percpu: %d 4K pages/cpu s%d r%d d%d", unitPages, ai.Static, ai.Reserved, ai.Dynamic)

	ai.Kind = "page"
	return s.setupFirstChunk(ai, base)
}

// distance models pcpu_cpu_distance (arch/x86/kernel/setup_percpu.c): same
// node or not.
func (s *setup) distance(from, to int) int {
	if s.Node(from) == s.Node(to) {
		return localDistance
	}
	return remoteDistance
}
