package percpu

// An Addr is an address in the simulated kernel's virtual address space.
type Addr uint64

// An Off is what Linux gets when it takes the address of a per-CPU variable
// on x86-64: not the address of data but the distance from the start of a
// unit, because the section is linked at address 0
// (arch/x86/kernel/vmlinux.lds.S).
type Off uint64

// A Section is the linked .data..percpu section: what lies between
// __per_cpu_load and the end of the initial image, plus the two sizes that
// setup_per_cpu_areas asks for beside it.
type Section struct {
	Image    []byte // initial values; its length is the static size
	Reserved int    // PERCPU_MODULE_RESERVE: bytes kept for modules' variables
	Dynamic  int    // least number of bytes for alloc_percpu
}

// Memory is what the early boot offers to build the first chunk from:
// memblock in the direct map, and page mappings in vmalloc space. All
// addresses are virtual.
type Memory interface {
	// Alloc models memblock_alloc_try_nid: zeroed memory on a node,
	// aligned, taken from the top down.
	Alloc(size, align uint64, node int) (Addr, error)
	// Free models memblock_free.
	Free(a Addr, size uint64)
	// MapPages models what pcpu_page_first_chunk does with
	// vm_area_register_early and __pcpu_map_pages: n fresh zeroed pages in
	// one vmalloc area.
	MapPages(n int, node func(page int) int) (Addr, error)
	// Bytes is a window into memory that was allocated; writing to it is
	// a store. It fails where nothing is mapped.
	Bytes(a Addr, n uint64) ([]byte, error)
}

// A SetupRequest is what setup_per_cpu_areas knows when it runs.
type SetupRequest struct {
	Section Section
	CPUs    int               // possible CPUs
	Node    func(cpu int) int // early_cpu_to_node
	Nodes   int
	Memory  Memory
	Alloc   string // percpu_alloc=: "", "embed" or "page"; others were refused
}

// Areas is a first chunk that stands: where every CPU's unit lies. It is what
// the machine needs to load each CPU's GS base and to find a variable.
type Areas interface {
	// Offset is __per_cpu_offset[cpu]: what to add to a variable's Off to
	// reach that CPU's copy. It is also the CPU's GS base.
	Offset(cpu int) Addr
	// Addr models per_cpu_ptr: the address of one CPU's copy.
	Addr(cpu int, sym Off) Addr
}

// A Describer is an Areas that can tell how it was laid out, for dmesg,
// /proc/meminfo and info percpu.
type Describer interface {
	Layout() Layout
}

// A Layout describes a first chunk as pcpu_setup_first_chunk sees it
// (mm/percpu.c, struct pcpu_alloc_info). Sizes are bytes.
type Layout struct {
	Kind      string // "embed" or "page"
	Static    int
	Reserved  int
	Dynamic   int
	UnitSize  int
	AtomSize  int
	AllocSize int
	Base      Addr // pcpu_base_addr
	Groups    []Group
	Messages  []Message // what the set-up printed, in order
}

// A Message is one line for dmesg and its level ("info", "debug", "warning").
type Message struct{ Level, Text string }

// A Group is one NUMA node's units (struct pcpu_group_info).
type Group struct {
	BaseOffset uint64 // from Layout.Base
	CPUs       []int  // one a unit; EmptyUnit where no CPU lives
}

// EmptyUnit stands in Group.CPUs for a unit without a CPU (Linux writes
// NR_CPUS there).
const EmptyUnit = -1

// SetupAreas models setup_per_cpu_areas (arch/x86/kernel/setup_percpu.c) as
// far as it is a decision: carve memory into units, copy the image, say where
// each CPU's unit lies. It runs on the boot CPU before any other CPU exists.
type SetupAreas func(req *SetupRequest) (Areas, error)
