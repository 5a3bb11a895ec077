package percpu

import (
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/labs/lab"
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
	panic(lab.TODO("say where the unit of this CPU begins"))
}

// Addr models per_cpu_ptr: the address of the copy that a CPU has of the
// variable at sym.
func (a *areas) Addr(cpu int, sym percpu.Off) percpu.Addr {
	panic(lab.TODO("find a CPU's copy of a variable from the CPU's offset and the variable's"))
}

// SetupAreas carves a unit for every CPU out of memory, once at boot.
//
// A unit holds the static part (the image), the reserved and the dynamic
// part, in whole pages. Memory is taken once for each node, in whole atoms;
// what no unit needs is given back. When a node has no memory left, nothing
// is kept and the error is returned.
func SetupAreas(req *percpu.SetupRequest) (percpu.Areas, error) {
	panic(lab.TODO("carve one unit for each CPU, node by node"))
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
