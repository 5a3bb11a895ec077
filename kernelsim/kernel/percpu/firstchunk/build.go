package firstchunk

import (
	"fmt"

	"bothhalves/kernelsim/kernel/percpu"
)

// LOCAL_DISTANCE and REMOTE_DISTANCE (include/linux/topology.h).
const (
	localDistance  = 10
	remoteDistance = 20
)

// BuildAllocInfo models pcpu_build_alloc_info (mm/percpu.c): from the sizes,
// the atom that memory comes in and the distances between CPUs it decides how
// big a unit is and which unit belongs to which CPU. dyn is the least dynamic
// size; distance may be nil, then all CPUs are one group.
//
// BaseOffset is filled in as if the groups lay back to back; the caller
// corrects it when it knows where they lie.
func BuildAllocInfo(sec percpu.Section, dyn, atom, cpus int, distance func(from, to int) int) (*percpu.Layout, error) {
	if err := checkSizes(sec, dyn, atom, cpus); err != nil {
		return nil, err
	}

	// The dynamic part takes what rounding up to a page leaves over.
	static := len(sec.Image)
	sum := roundUp(static+sec.Reserved+max(dyn, dynamicEarlySize), pageSize)
	minUnit := max(sum, minUnitSize)
	alloc := roundUp(minUnit, atom)

	groups := groupCPUs(cpus, distance)
	upa := bestUnitsPerAlloc(alloc, alloc/minUnit, groups, cpus)

	ai := &percpu.Layout{
		Static:    static,
		Reserved:  sec.Reserved,
		Dynamic:   sum - static - sec.Reserved,
		UnitSize:  alloc / upa,
		AtomSize:  atom,
		AllocSize: alloc,
	}
	offset := 0
	for _, g := range groups {
		for len(g)%upa != 0 {
			g = append(g, percpu.EmptyUnit)
		}
		ai.Groups = append(ai.Groups, percpu.Group{BaseOffset: uint64(offset), CPUs: g})
		offset += len(g) * ai.UnitSize
	}
	return ai, nil
}

// checkSizes refuses what no kernel's linker and no board could ask for.
func checkSizes(sec percpu.Section, dyn, atom, cpus int) error {
	for _, n := range []int{len(sec.Image), sec.Reserved, dyn, atom} {
		if n < 0 || n > maxSize {
			return fmt.Errorf("firstchunk: s%d r%d d%d, atom %d: sizes are bytes from 0 to %d", len(sec.Image), sec.Reserved, dyn, atom, maxSize)
		}
	}
	if cpus < 1 || cpus > maxCPUs || atom < pageSize || atom%pageSize != 0 {
		return fmt.Errorf("firstchunk: %d CPUs, atom %d: want 1 to %d CPUs and an atom of whole pages", cpus, atom, maxCPUs)
	}
	return nil
}

// groupCPUs puts CPUs that are near each other, both ways, into one group:
// the lowest CPU that has none yet opens a group and takes its neighbours in.
func groupCPUs(cpus int, distance func(from, to int) int) [][]int {
	var groups [][]int
	taken := make([]bool, cpus)
	for cpu := range cpus {
		if taken[cpu] {
			continue
		}
		group := []int{cpu}
		for other := cpu + 1; other < cpus; other++ {
			if taken[other] {
				continue
			}
			if distance == nil || (distance(cpu, other) == localDistance && distance(other, cpu) == localDistance) {
				group = append(group, other)
				taken[other] = true
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// bestUnitsPerAlloc tries how many units one allocation is cut into, from the
// most down. More than a third of the CPUs' number in empty units is too
// much waste; of the others the fewest allocations win, and of equals the
// fewer, larger units.
func bestUnitsPerAlloc(alloc, most int, groups [][]int, cpus int) int {
	best, last := 1, int(^uint(0)>>1)
	for upa := most; upa >= 1; upa-- {
		if alloc%upa != 0 || alloc/upa%pageSize != 0 {
			continue // units must fill the allocation and be whole pages
		}
		allocs, wasted := 0, 0
		for _, g := range groups {
			n := (len(g) + upa - 1) / upa
			allocs += n
			wasted += n*upa - len(g)
		}
		if wasted > cpus/3 {
			continue
		}
		if allocs > last {
			break
		}
		best, last = upa, allocs
	}
	return best
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }
