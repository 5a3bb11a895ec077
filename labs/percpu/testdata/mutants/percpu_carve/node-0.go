// Fails: every unit has room for its three parts, in memory of its CPU's node
// Misconception: memory is memory: it does not matter which node it is on

package percpu

import (
	"bothhalves/kernelsim/kernel/percpu"
)

const (
	pageSize = 4096    // PAGE_SIZE
	atomSize = 2 << 20 // PMD_SIZE: what memory for the first chunk comes in
)

// areas says where the units lie: the offset of each CPU.
type areas struct {
	offset []percpu.Addr
}

// Offset is __per_cpu_offset[cpu]: the address of the CPU's unit, which the
// machine loads into its GS base.
func (a *areas) Offset(cpu int) percpu.Addr {
	return a.offset[cpu]
}

// Addr models per_cpu_ptr: the address of the copy that a CPU has of the
// variable at sym.
func (a *areas) Addr(cpu int, sym percpu.Off) percpu.Addr {
	return a.offset[cpu] + percpu.Addr(sym)
}

// SetupAreas carves a unit for every CPU out of memory, once at boot.
//
// A unit holds the static part (the image), the reserved and the dynamic
// part, in whole pages. Memory is taken once for each node, in whole atoms;
// what no unit needs is given back. When a node has no memory left, nothing
// is kept and the error is returned.
func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {
	sec := req.Section
	unit := roundUp(uint64(len(sec.Image)+sec.Reserved+sec.Dynamic), pageSize)
	a := &areas{offset: make([]percpu.Addr, req.CPUs)}
	var bases []percpu.Addr
	var used []uint64
	for node := range req.Nodes {
		cpus := cpusOf(req, node)
		need := unit * uint64(len(cpus))
		size := roundUp(need, atomSize)
		base, err := req.Memory.Alloc(size, atomSize, 0)
		if err != nil {
			for i, b := range bases {
				req.Memory.Free(b, used[i])
			}
			return nil, err
		}
		bases, used = append(bases, base), append(used, need)
		req.Memory.Free(base+percpu.Addr(need), size-need)
		for i, cpu := range cpus {
			a.offset[cpu] = base + percpu.Addr(unit)*percpu.Addr(i)
			bytes, err := req.Memory.Bytes(a.offset[cpu], uint64(len(sec.Image)))
			if err != nil {
				return nil, err
			}
			copy(bytes, sec.Image)
		}
	}
	return a, nil
}

// cpusOf lists the CPUs of a node.
func cpusOf(req *percpu.SetupRequest, node int) []int {
	var cpus []int
	for cpu := range req.CPUs {
		if req.Node(cpu) == node {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// roundUp rounds n up to a multiple of to.
func roundUp(n, to uint64) uint64 { return (n + to - 1) / to * to }
