package firstchunk_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/memblock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/firstchunk"
	"bothhalves/kernelsim/kernel/percpu/image"
)

func request(t testing.TB, cpus, nodes int) *percpu.SetupRequest {
	t.Helper()
	b, err := memblock.PC(nodes)
	if err != nil {
		t.Fatal(err)
	}
	m, err := memblock.New(b)
	if err != nil {
		t.Fatal(err)
	}
	per := max(cpus/nodes, 1)
	return &percpu.SetupRequest{
		Section: image.Default().Section(), CPUs: cpus, Nodes: nodes,
		Node:   func(cpu int) int { return min(cpu/per, nodes-1) },
		Memory: m,
	}
}

func texts(ms []percpu.Message) string {
	var b strings.Builder
	for _, m := range ms {
		fmt.Fprintf(&b, "%s: %s\n", m.Level, m.Text)
	}
	return b.String()
}

// Every CPU's unit holds the image, CPUs do not share, and the rest is free.
func TestUnitsHoldTheImage(t *testing.T) {
	for _, alloc := range []string{"embed", "page"} {
		req := request(t, 5, 2)
		req.Alloc = alloc
		req.Section.Image[0x199e8] = 0x5a
		areas, err := firstchunk.Setup(req)
		if err != nil {
			t.Fatal(err)
		}
		l := areas.(percpu.Describer).Layout()
		sum := uint64(l.Static + l.Reserved + l.Dynamic)
		for cpu := range req.CPUs {
			unit, err := req.Memory.Bytes(areas.Offset(cpu), sum)
			if err != nil {
				t.Fatalf("%s: unit of CPU %d: %v", alloc, cpu, err)
			}
			if unit[0x199e8] != 0x5a {
				t.Errorf("%s: CPU %d's unit does not hold the image", alloc, cpu)
			}
			unit[0] += byte(cpu) + 1
			if unit[0] != byte(cpu)+1 {
				t.Errorf("%s: CPU %d shares its unit", alloc, cpu)
			}
			if areas.Addr(cpu, 0x199e8) != areas.Offset(cpu)+0x199e8 {
				t.Errorf("%s: per_cpu_ptr of CPU %d", alloc, cpu)
			}
			if alloc == "embed" {
				if _, err := req.Memory.Bytes(areas.Offset(cpu)+percpu.Addr(sum), 1); err == nil {
					t.Errorf("the tail of CPU %d's unit was not given back", cpu)
				}
			}
		}
		if areas.Offset(-1) != 0 || areas.Offset(5) != 0 {
			t.Error("a CPU that is not possible has a unit")
		}
	}
}

// tight is memory without a free 2 MiB piece, or without anything.
type tight struct {
	percpu.Memory
	most  uint64
	pages int
}

type pageError struct{ page int }

func (e pageError) Error() string   { return "no page" }
func (e pageError) FailedPage() int { return e.page }

func (m tight) Alloc(size, align uint64, node int) (percpu.Addr, error) {
	if size > m.most {
		return 0, fmt.Errorf("no %d bytes", size)
	}
	return m.Memory.Alloc(size, align, node)
}

func (m tight) MapPages(n int, node func(int) int) (percpu.Addr, error) {
	if n > m.pages {
		return 0, pageError{m.pages}
	}
	return m.Memory.MapPages(n, node)
}

func TestFallsBackToPages(t *testing.T) {
	for alloc, name := range map[string]string{"": "auto", "embed": "embed"} {
		req := request(t, 4, 1)
		req.Alloc, req.Memory = alloc, tight{req.Memory, 4096, 4096}
		areas, err := firstchunk.Setup(req)
		if err != nil {
			t.Fatal(err)
		}
		want := "info: setup_percpu: NR_CPUS:8192 nr_cpumask_bits:4 nr_cpu_ids:4 nr_node_ids:1\n" +
			"warning: setup_percpu: " + name + " allocator failed (-12), falling back to page size\n" +
			"info: percpu: 58 4K pages/cpu s217088 r8192 d12288\n" +
			"debug: pcpu-alloc: s217088 r8192 d12288 u237568 alloc=58*4096\n" +
			"debug: pcpu-alloc: [0] 0 [0] 1 [0] 2 [0] 3 \n"
		if got := texts(areas.(percpu.Describer).Layout().Messages); got != want {
			t.Errorf("printed\n%s\nwant\n%s", got, want)
		}
	}
}

func TestPanicsWithoutMemory(t *testing.T) {
	req := request(t, 4, 1)
	req.Memory = tight{req.Memory, 0, 100}
	_, err := firstchunk.Setup(req)
	var p *firstchunk.Panic
	if !errors.As(err, &p) || p.Reason != "cannot initialize percpu area (err=-12)" {
		t.Fatalf("error %v, want a kernel panic with -12", err)
	}
	if got := texts(p.Messages); !strings.Contains(got, "warning: percpu: failed to allocate 4K page for cpu1\n") {
		t.Errorf("printed\n%s", got)
	}
}

// What a first chunk costs: its units' used parts, not the piece of 2 MiB.
func TestUnusedMemoryGoesBack(t *testing.T) {
	req := request(t, 3, 1)
	m := req.Memory.(*memblock.Memory)
	before := m.FreeBytes()
	areas, err := firstchunk.Setup(req)
	if err != nil {
		t.Fatal(err)
	}
	if used := before - m.FreeBytes(); used != 3*253952 {
		t.Errorf("%d bytes used by 3 units of 253952", used)
	}
	if _, err := m.Bytes(areas.Offset(2)+524288, 1); err == nil {
		t.Error("the unit without a CPU was not given back")
	}
}

// once is memory with room for one group only.
type once struct {
	*memblock.Memory
	groups *int
}

func (m once) Alloc(size, align uint64, node int) (percpu.Addr, error) {
	if align > 4096 {
		if *m.groups++; *m.groups > 1 {
			return 0, fmt.Errorf("no second group")
		}
	}
	return m.Memory.Alloc(size, align, node)
}

func TestFailedEmbedLeavesNothing(t *testing.T) {
	req := request(t, 2, 2)
	m := req.Memory.(*memblock.Memory)
	before := m.FreeBytes()
	req.Memory = once{m, new(int)}
	if _, err := firstchunk.Setup(req); err != nil {
		t.Fatal(err)
	}
	if used := before - m.FreeBytes(); used != 2*237568 {
		t.Errorf("%d bytes used, want the pages of two units", used)
	}
}

// far puts each group a long way from the last.
type far struct {
	percpu.Memory
	next  *percpu.Addr
	freed *int
}

func (m far) Alloc(size, align uint64, node int) (percpu.Addr, error) {
	*m.next += 30 << 40
	return *m.next, nil
}

func (m far) Free(a percpu.Addr, size uint64) { *m.freed++ }

func TestGroupsTooFarApart(t *testing.T) {
	req := request(t, 2, 2)
	freed := 0
	req.Memory = far{req.Memory, new(percpu.Addr), &freed}
	areas, err := firstchunk.Setup(req)
	if err != nil {
		t.Fatal(err)
	}
	if freed != 2 {
		t.Errorf("%d of 2 groups given back", freed)
	}
	got := texts(areas.(percpu.Describer).Layout().Messages)
	for _, want := range []string{
		"warning: percpu: max_distance=0x1e0000200000 too large for vmalloc space 0x1fffffffffff\n",
		"warning: setup_percpu: auto allocator failed (-22), falling back to page size\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("printed\n%s\nwithout %s", got, want)
		}
	}
}

func TestNodeWithoutMemory(t *testing.T) {
	req := request(t, 1, 1)
	req.Node = func(int) int { return -1 }
	areas, err := firstchunk.Setup(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(areas.(percpu.Describer).Layout().Messages); !strings.Contains(got, "info: percpu: cpu 0 has no node -1 or node-local memory\n") {
		t.Errorf("printed\n%s", got)
	}
}

func TestSanityChecks(t *testing.T) {
	good := func() *percpu.Layout {
		return &percpu.Layout{Static: 4096, Reserved: 8192, Dynamic: 20480, UnitSize: 32768, AtomSize: 4096, AllocSize: 65536,
			Base: 0x1000, Groups: []percpu.Group{{CPUs: []int{0, 1}}}}
	}
	if offs, err := firstchunk.UnitOffsets(good(), 2); err != nil || offs[1] != 32768 {
		t.Fatalf("a good layout: %v %v", offs, err)
	}
	for want, spoil := range map[string]func(l *percpu.Layout){
		"ai->nr_groups <= 0":                                  func(l *percpu.Layout) { l.Groups = nil },
		"!ai->static_size":                                    func(l *percpu.Layout) { l.Static = 0 },
		"!base_addr":                                          func(l *percpu.Layout) { l.Base = 0 },
		"offset_in_page(base_addr)":                           func(l *percpu.Layout) { l.Base++ },
		"ai->unit_size < size_sum":                            func(l *percpu.Layout) { l.Static += 4 },
		"offset_in_page(ai->unit_size)":                       func(l *percpu.Layout) { l.UnitSize += 4 },
		"ai->unit_size < PCPU_MIN_UNIT_SIZE":                  func(l *percpu.Layout) { l.UnitSize, l.Dynamic = 28672, 12288 },
		"ai->dyn_size < PERCPU_DYNAMIC_EARLY_SIZE":            func(l *percpu.Layout) { l.Dynamic = 8192 },
		"!IS_ALIGNED(ai->reserved_size, PCPU_MIN_ALLOC_SIZE)": func(l *percpu.Layout) { l.Reserved = 6 },
		"cpu >= nr_cpu_ids":                                   func(l *percpu.Layout) { l.Groups[0].CPUs = []int{0, 2} },
		"unit_map[cpu] != UINT_MAX":                           func(l *percpu.Layout) { l.Groups[0].CPUs = []int{0, 0} },
		"unit_map[cpu] == UINT_MAX":                           func(l *percpu.Layout) { l.Groups[0].CPUs = []int{0, percpu.EmptyUnit} },
	} {
		l := good()
		spoil(l)
		if _, err := firstchunk.UnitOffsets(l, 2); err == nil || err.Error() != "percpu: failed to initialize, "+want {
			t.Errorf("error %v, want condition %s", err, want)
		}
	}
	if _, err := firstchunk.UnitOffsets(good(), -1); err == nil {
		t.Error("a layout for -1 CPUs stands")
	}
}

// A section without a byte is the one mistake a caller can make that only the
// sanity checks see.
func TestBugIsPrinted(t *testing.T) {
	req := request(t, 40, 1)
	req.Section.Image = nil
	_, err := firstchunk.Setup(req)
	var c firstchunk.Condition
	var p *firstchunk.Panic
	if !errors.As(err, &c) || !errors.As(err, &p) {
		t.Fatalf("error %v, want a failed condition", err)
	}
	got := texts(p.Messages)
	for _, want := range []string{
		"emerg: percpu: failed to initialize, !ai->static_size\n",
		"emerg: percpu: cpu_possible_mask=ff,ffffffff\n",
		"emerg: pcpu-alloc: s0 r8192 d28672 u",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("printed\n%s\nwithout %s", got, want)
		}
	}
}

func TestBadRequests(t *testing.T) {
	if _, err := firstchunk.Setup(nil); err == nil {
		t.Error("no request at all was carried out")
	}
	for name, spoil := range map[string]func(r *percpu.SetupRequest){
		"no memory":    func(r *percpu.SetupRequest) { r.Memory = nil },
		"no node map":  func(r *percpu.SetupRequest) { r.Node = nil },
		"no CPU":       func(r *percpu.SetupRequest) { r.CPUs = 0 },
		"many CPUs":    func(r *percpu.SetupRequest) { r.CPUs = 9000 },
		"no node":      func(r *percpu.SetupRequest) { r.Nodes = 0 },
		"allocator":    func(r *percpu.SetupRequest) { r.Alloc = "lpage" },
		"negative":     func(r *percpu.SetupRequest) { r.Section.Dynamic = -1 },
		"more than is": func(r *percpu.SetupRequest) { r.CPUs = 8192 },
	} {
		req := request(t, 2, 1)
		spoil(req)
		if _, err := firstchunk.Setup(req); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// The map breaks into lines at a power of two of allocations.
func TestMapLines(t *testing.T) {
	req := request(t, 100, 1)
	areas, err := firstchunk.Setup(req)
	if err != nil {
		t.Fatal(err)
	}
	got := texts(areas.(percpu.Describer).Layout().Messages)
	if !strings.Contains(got, "debug: pcpu-alloc: [0] 000 001 002 003 004 005 006 007 \n") ||
		!strings.Contains(got, "debug: pcpu-alloc: [0] 096 097 098 099 --- --- --- --- \n") {
		t.Errorf("printed\n%s", got)
	}
	if areas, err = firstchunk.Setup(request(t, 12, 3)); err != nil {
		t.Fatal(err)
	}
	got = texts(areas.(percpu.Describer).Layout().Messages)
	if !strings.Contains(got, "pcpu-alloc: [0] 00 01 02 03 [1] 04 05 06 07 \ndebug: pcpu-alloc: [2] 08 09 10 11 \n") {
		t.Errorf("printed\n%s", got)
	}
	req = request(t, 20, 1)
	req.Alloc = "page"
	if areas, err = firstchunk.Setup(req); err != nil {
		t.Fatal(err)
	}
	got = texts(areas.(percpu.Describer).Layout().Messages)
	if !strings.Contains(got, "pcpu-alloc: [0] 00 [0] 01 [0] 02 [0] 03 [0] 04 [0] 05 [0] 06 [0] 07 \ndebug: pcpu-alloc: [0] 08 ") {
		t.Errorf("printed\n%s", got)
	}
}

func BenchmarkSetup2(b *testing.B) {
	for b.Loop() {
		if _, err := firstchunk.Setup(request(b, 2, 1)); err != nil {
			b.Fatal(err)
		}
	}
}
