package memblock

import (
	"errors"
	"math/rand"
	"slices"
	"testing"

	"bothhalves/kernelsim/kernel/percpu"
)

func board(t testing.TB, nodes int) *Memory {
	t.Helper()
	b, err := PC(nodes)
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The struct page array of the recorded machine is not in any log; it follows
// from mm/sparse.c, and lies between NODE_DATA (recorded) and the per-CPU
// areas (recorded).
func TestReservedBeforeTheAreas(t *testing.T) {
	rs := board(t, 1).Reserved()
	for _, want := range []Range{
		{0x3f502000, 0x3ffe0000}, // RAMDISK
		{0x3f4d7000, 0x3f502000}, // NODE_DATA(0)
		{0x3e400000, 0x3f400000}, // 8 sections of 2 MiB
	} {
		if !slices.Contains(rs, want) {
			t.Errorf("%#x-%#x is not reserved in %#x", want.Start, want.End, rs)
		}
	}
}

func TestAllocTopDownOnNode(t *testing.T) {
	m := board(t, 2)
	for _, c := range []struct {
		node int
		want percpu.Addr
	}{{0, 0xffff88801f400000}, {1, 0xffff88803ea00000}, {0, 0xffff88801f200000}, {7, 0xffff88803e800000}} {
		a, err := m.Alloc(2*mib, 2*mib, c.node)
		if err != nil || a != c.want {
			t.Errorf("2 MiB on node %d at %#x (%v), want %#x", c.node, uint64(a), err, uint64(c.want))
		}
	}
}

func TestAllocFallsToOtherNodeThenEnds(t *testing.T) {
	m := board(t, 2)
	if a, err := m.Alloc(600*mib, Page, 1); err == nil {
		t.Errorf("600 MiB in one piece at %#x: no node has it", uint64(a))
	}
	if _, err := m.Alloc(400*mib, Page, 1); err != nil {
		t.Fatal(err)
	}
	a, err := m.Alloc(300*mib, Page, 1)
	if err != nil || m.nodeOf(uint64(a)-DirectMap) != 0 {
		t.Errorf("300 MiB at %#x (%v), want them from node 0", uint64(a), err)
	}
	if _, err := m.Alloc(1<<62, Page, 0); !errors.Is(err, ErrNoMemory) {
		t.Errorf("error %v, want ENOMEM", err)
	}
}

func TestBadInput(t *testing.T) {
	m := board(t, 1)
	for _, c := range []struct{ size, align uint64 }{{0, 8}, {8, 0}, {8, 12}, {^uint64(0), 8}} {
		if a, err := m.Alloc(c.size, c.align, 0); err == nil {
			t.Errorf("Alloc(%d, %d) gave %#x", c.size, c.align, uint64(a))
		}
	}
	m.Free(0, 0)
	m.Free(percpu.Addr(^uint64(0)), 100)
	m.Unmap(5, 5)
	m.FreeVMAreas(7, []uint64{0, 4096}, []uint64{4096})
	for _, a := range []percpu.Addr{0, 1, DirectMap, VMallocStart, percpu.Addr(^uint64(0)), DirectMap + 0x3f502000} {
		if _, err := m.Bytes(a, 8); err == nil {
			t.Errorf("a window at %#x, where nothing was taken", uint64(a))
		}
	}
	if _, err := m.MapPages(0, nil); err == nil {
		t.Error("mapped no pages")
	}
	if _, err := m.MapPages(1<<62, func(int) int { return 0 }); err == nil {
		t.Error("mapped more pages than there are")
	}
	if m.Map(VMallocStart, Page) == nil {
		t.Error("mapped pages outside any area")
	}
	for _, n := range []int{-1, 0, 65} {
		if _, err := PC(n); err == nil {
			t.Errorf("a board of %d nodes", n)
		}
	}
	if _, err := New(Board{}); err == nil {
		t.Error("a board without memory")
	}
	if _, err := New(Board{Usable: []Range{{10, 5}}, Nodes: []Range{{0, 9}}}); err == nil {
		t.Error("a board with a descending range")
	}
}

func TestWindows(t *testing.T) {
	m := board(t, 1)
	a, err := m.Alloc(3*Page, Page, 0)
	if err != nil {
		t.Fatal(err)
	}
	w, err := m.Bytes(a, 3*Page)
	if err != nil {
		t.Fatal(err)
	}
	w[Page] = 7
	m.Free(a, Page)
	if _, err := m.Bytes(a, 1); err == nil {
		t.Error("a window into freed memory")
	}
	if again, err := m.Bytes(a+Page, 2*Page); err != nil || again[0] != 7 {
		t.Errorf("the rest changed when the front was freed: %v", err)
	}
	if _, err := m.Bytes(a+Page, 2*Page+1); err == nil {
		t.Error("a window beyond what was taken")
	}
}

func TestMapPages(t *testing.T) {
	m := board(t, 1)
	free := m.FreeBytes()
	a, err := m.MapPages(232, func(int) int { return 0 })
	if err != nil || a != VMallocStart {
		t.Fatalf("first area at %#x: %v", uint64(a), err)
	}
	if got := free - m.FreeBytes(); got != 232*Page {
		t.Errorf("232 pages cost %d bytes", got)
	}
	if b, err := m.MapPages(1, func(int) int { return 0 }); err != nil || b != a+232*Page {
		t.Errorf("second area at %#x: %v", uint64(b), err)
	}
	var pe *PageError
	free = m.FreeBytes()
	if _, err := m.MapPages(1<<18, func(int) int { return 0 }); !errors.As(err, &pe) || !errors.Is(err, ErrNoMemory) || uint64(pe.Page) != free/Page {
		t.Errorf("1 GiB of pages: %v, want ENOMEM at page %d", err, free/Page)
	}
	if m.FreeBytes() != free {
		t.Error("a failed MapPages kept memory")
	}
}

func TestVMAreas(t *testing.T) {
	m := board(t, 1)
	get := func(offs, sizes []uint64) percpu.Addr {
		t.Helper()
		a, err := m.GetVMAreas(offs, sizes, 2*mib)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	one := get([]uint64{0}, []uint64{2 * mib})
	if one != 0xffffe8ffffc00000 { // smp4: vmallocinfo
		t.Errorf("first area at %#x", uint64(one))
	}
	// Two areas 4 MiB apart: the higher one must go below the first, and
	// the next pair fits into the gaps.
	pair := []uint64{0, 4 * mib}
	sizes := []uint64{2 * mib, 2 * mib}
	if a := get(pair, sizes); a != one-6*mib {
		t.Errorf("first pair at %#x, want %#x", uint64(a), uint64(one-6*mib))
	}
	if a := get(pair, sizes); a != one-8*mib {
		t.Errorf("second pair at %#x, want %#x", uint64(a), uint64(one-8*mib))
	}
	for _, bad := range [][2][]uint64{{{}, {}}, {{0, 0}, {4096, 4096}}, {{4096}, {4096}}, {{0}, {0}}, {{0}, {1 << 60}}, {{1 << 62}, {4096}}} {
		if _, err := m.GetVMAreas(bad[0], bad[1], 2*mib); err == nil {
			t.Errorf("areas at %#x of %#x", bad[0], bad[1])
		}
	}
}

func TestVMAreaPages(t *testing.T) {
	m := board(t, 1)
	one, err := m.GetVMAreas([]uint64{0}, []uint64{2 * mib}, 2*mib)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Bytes(one, 1); err == nil {
		t.Error("an area has bytes before its pages are mapped")
	}
	if err := m.Map(one+Page, Page); err != nil {
		t.Fatal(err)
	}
	w, err := m.Bytes(one+Page, Page)
	if err != nil {
		t.Fatal(err)
	}
	w[0] = 1
	m.Unmap(one+Page, Page)
	if err := m.Map(one+Page, Page); err != nil || w[0] != 0 {
		t.Errorf("a page came back with its old bytes: %v", err)
	}
	m.FreeVMAreas(one, []uint64{0}, []uint64{2 * mib})
	if a, err := m.GetVMAreas([]uint64{0}, []uint64{2 * mib}, 2*mib); err != nil || a != one {
		t.Errorf("a freed area was not used again: %#x %v", uint64(a), err)
	}
}

// The allocator against a map with one entry a page, scanned from the top.
func TestAllocAgainstPageMap(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	compared := 0
	for range 20 {
		b := Board{Usable: []Range{{Page, 40 * Page}, {4096 * Page, 4600 * Page}}, Nodes: []Range{{0, 4300 * Page}, {4300 * Page, 4600 * Page}}}
		m, err := New(b)
		if err != nil {
			t.Fatal(err)
		}
		used := make([]bool, 4600)
		for i := range used {
			used[i] = i < 1 || i >= 40 && i < 4096
		}
		for _, x := range m.Reserved() {
			mark(used, x.Start/Page, (x.End+Page-1)/Page, true)
		}
		var held []Range
		for range 300 {
			if len(held) > 0 && r.Intn(3) == 0 {
				i := r.Intn(len(held))
				m.Free(percpu.Addr(DirectMap+held[i].Start*Page), (held[i].End-held[i].Start)*Page)
				mark(used, held[i].Start, held[i].End, false)
				held = slices.Delete(held, i, i+1)
				continue
			}
			size, align, node := uint64(1+r.Intn(40)), uint64(1)<<r.Intn(5), r.Intn(3)-1
			want, ok := naive(used, size, align, node)
			a, err := m.Alloc(size*Page, align*Page, node)
			if ok != (err == nil) || ok && uint64(a) != DirectMap+want*Page {
				t.Fatalf("%d pages, align %d, node %d: %#x %v, want page %#x %v", size, align, node, uint64(a), err, want, ok)
			}
			if ok {
				held = append(held, Range{want, want + size})
				mark(used, want, want+size, true)
			}
			compared++
		}
	}
	t.Logf("%d allocations compared", compared)
}

func mark(used []bool, from, to uint64, v bool) {
	for ; from < to; from++ {
		used[from] = v
	}
}

func naive(used []bool, size, align uint64, node int) (uint64, bool) {
	ends := map[int][2]uint64{-1: {0, 4600}, 0: {0, 4300}, 1: {4300, 4600}}
	for _, low := range []uint64{4096, 1} {
		for _, n := range []int{node, -1} {
			for a := ends[n][1]; a > 0; a-- {
				p := a - 1
				if p < low || p < ends[n][0] || p%align != 0 || p+size > ends[n][1] || slices.Contains(used[p:p+size], true) {
					continue
				}
				return p, true
			}
		}
	}
	return 0, false
}

func BenchmarkNew(b *testing.B) {
	pc, _ := PC(1)
	for b.Loop() {
		if _, err := New(pc); err != nil {
			b.Fatal(err)
		}
	}
}
