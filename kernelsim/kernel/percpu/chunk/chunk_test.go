package chunk_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/memblock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/chunk"
	"bothhalves/kernelsim/kernel/percpu/firstchunk"
	"bothhalves/kernelsim/kernel/percpu/image"
)

// world is a machine's per-CPU memory without the machine.
type world struct {
	t     testing.TB
	mem   *memblock.Memory
	areas percpu.Areas
	a     *chunk.Allocator
	cpus  int
}

func newWorld(t testing.TB, cpus, nodes int, alloc string) *world {
	t.Helper()
	b, err := memblock.PC(nodes)
	if err != nil {
		t.Fatal(err)
	}
	mem, err := memblock.New(b)
	if err != nil {
		t.Fatal(err)
	}
	areas, err := firstchunk.Setup(&percpu.SetupRequest{
		Section: image.Default().Section(), CPUs: cpus, Nodes: nodes, Alloc: alloc, Memory: mem,
		Node: func(cpu int) int { return cpu * nodes / cpus },
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := chunk.New(areas.(percpu.Describer).Layout(), mem)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, mem, areas, a, cpus}
}

func (w *world) bytes(cpu int, p percpu.Off, n int) []byte {
	w.t.Helper()
	b, err := w.mem.Bytes(w.areas.Addr(cpu, p), uint64(n))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) mustAlloc(r chunk.Request) percpu.Off {
	w.t.Helper()
	p, err := w.a.Alloc(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// What each recorded run says of chunks: where the second one lies, and the
// Percpu line, which counts pages of all units, used or not. The recorded
// systems had 3 more pages populated than the first chunk's by then, the one
// with percpu_alloc=page 8.
func TestRecordedChunks(t *testing.T) {
	text, err := os.ReadFile("testdata/recorded.txt")
	if err != nil {
		t.Fatal(err)
	}
	facts := 0
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var name, alloc string
		var cpus, kb int
		var start, end uint64
		if n, _ := fmt.Sscanf(line, "%s %d %s %d 0x%x-0x%x", &name, &cpus, &alloc, &kb, &start, &end); n != 6 {
			continue
		}
		w := newWorld(t, cpus, 1, alloc)
		l := w.areas.(percpu.Describer).Layout()
		units, more := len(l.Groups[0].CPUs), map[string]int{"embed": 3, "page": 8}[alloc]
		if got := w.a.MeminfoKB() + 4*more*units; got != kb {
			t.Errorf("%s: Percpu %d kB with %d pages more, recorded %d", name, got, more, kb)
		}
		for len(w.a.Chunks()) < 3 {
			w.mustAlloc(chunk.Request{Size: 4096, Align: 4096})
		}
		var second percpu.Addr
		for _, c := range w.a.Chunks() {
			if c.Kind == "dynamic" {
				second = c.Base
			}
		}
		if uint64(second) != start || uint64(second)+uint64(units*l.UnitSize) != end {
			t.Errorf("%s: second chunk at %#x with %d units of %d, recorded %#x-%#x", name, uint64(second), units, l.UnitSize, start, end)
		}
		facts += 3
	}
	t.Logf("%d recorded facts compared", facts)
	if facts != 27 {
		t.Errorf("%d facts compared, the recordings hold 27", facts)
	}
}

func TestFirstAllocationFollowsTheReserve(t *testing.T) {
	w := newWorld(t, 4, 1, "")
	if p := w.mustAlloc(chunk.Request{Size: 8, Align: 8}); p != 217088+8192 {
		t.Errorf("first dynamic variable at %d, want behind the static and reserved parts", p)
	}
	if p := w.mustAlloc(chunk.Request{Size: 8, Align: 8, Reserved: true}); p != 217088 {
		t.Errorf("first module variable at %d, want behind the static part", p)
	}
}

// Modules share 8 KB; when it is used up, loading fails with ENOMEM.
func TestReservedChunkFills(t *testing.T) {
	w := newWorld(t, 2, 1, "")
	w.mustAlloc(chunk.Request{Size: 8000, Align: 64, Reserved: true})
	_, err := w.a.Alloc(chunk.Request{Size: 200, Align: 8, Reserved: true})
	var f *chunk.Failure
	if !errors.As(err, &f) || !errors.Is(err, chunk.ErrNoMemory) {
		t.Fatalf("error %v, want ENOMEM", err)
	}
	want := "percpu: allocation failed, size=200 align=8 atomic=0, alloc from reserved chunk failed"
	if len(f.Messages) != 1 || f.Messages[0].Text != want {
		t.Errorf("printed %v, want %s", f.Messages, want)
	}
	w.mustAlloc(chunk.Request{Size: 192, Align: 8, Reserved: true})
}

func TestIllegalRequests(t *testing.T) {
	w := newWorld(t, 1, 1, "")
	for _, c := range []chunk.Request{
		{Size: 0, Align: 8}, {Size: -4, Align: 8}, {Size: 32769, Align: 8}, {Size: 1 << 62, Align: 8},
		{Size: 8, Align: 8192}, {Size: 8, Align: 12}, {Size: 8, Align: -8}, {Size: 8, Align: -1 << 63},
	} {
		_, err := w.a.Alloc(c)
		var f *chunk.Failure
		if !errors.As(err, &f) || !f.Warn || !strings.HasPrefix(f.Reason, "illegal size (") {
			t.Errorf("%+v: %v, want the WARN", c, err)
		}
		c.NoWarn = true
		if _, err := w.a.Alloc(c); !errors.As(err, &f) || f.Warn || len(f.Messages) != 0 {
			t.Errorf("%+v: warned in spite of __GFP_NOWARN", c)
		}
	}
	for _, c := range []chunk.Request{{Size: 32768, Align: 4096}, {Size: 1, Align: 0}, {Size: 1, Align: 1}} {
		w.mustAlloc(c)
	}
}

func TestFreeRefuses(t *testing.T) {
	w := newWorld(t, 2, 1, "")
	p := w.mustAlloc(chunk.Request{Size: 64, Align: 8})
	for _, bad := range []percpu.Off{1, 8, 217080, 217088, p + 4, p + 1, p + 64, p - 4, 1 << 40, ^percpu.Off(0)} {
		if err := w.a.Free(bad); err == nil {
			t.Errorf("freed %#x, where nothing begins", uint64(bad))
		}
	}
	if err := w.a.Free(p); err != nil {
		t.Error(err)
	}
	if err := w.a.Free(p); err == nil {
		t.Error("freed twice")
	}
	if err := w.a.Free(0); err != nil {
		t.Errorf("free_percpu(NULL): %v", err)
	}
}

// A caller that cannot wait gets what is populated, no more; the failure has
// the worker stock up, then it is served.
func TestAtomicUsesWhatIsPopulated(t *testing.T) {
	w := newWorld(t, 4, 1, "")
	w.a.EnableAsync()
	atomic := chunk.Request{Size: 4096, Align: 8, Atomic: true}
	served := 0
	var err error
	for ; err == nil && served < 100; served++ {
		_, err = w.a.Alloc(atomic)
	}
	var f *chunk.Failure
	if served-1 != 7 || !errors.As(err, &f) || f.Reason != "atomic alloc failed, no space left" || len(f.Messages) != 0 {
		t.Fatalf("%d pages served, then %v; want the 7 of the first chunk", served-1, err)
	}
	if !w.a.BalanceWanted() {
		t.Fatal("no worker was asked to stock up")
	}
	w.a.Balance()
	if w.a.BalanceWanted() || w.a.EmptyPopulated() != 4 {
		t.Errorf("%d empty populated pages after balancing, want 4", w.a.EmptyPopulated())
	}
	if _, err := w.a.Alloc(atomic); err != nil {
		t.Error(err)
	}
}

func TestWarningsStopAfterTen(t *testing.T) {
	w := newWorld(t, 1, 1, "")
	w.mustAlloc(chunk.Request{Size: 8192, Align: 4, Reserved: true})
	lines := 0
	for range 20 {
		_, err := w.a.Alloc(chunk.Request{Size: 4, Align: 4, Reserved: true})
		var f *chunk.Failure
		if !errors.As(err, &f) {
			t.Fatal(err)
		}
		lines += len(f.Messages)
	}
	if lines != 11 {
		t.Errorf("%d lines printed, want ten warnings and the last word", lines)
	}
}

func TestBadLayouts(t *testing.T) {
	w := newWorld(t, 2, 1, "")
	good := w.areas.(percpu.Describer).Layout()
	for i, spoil := range []func(l *percpu.Layout){
		func(l *percpu.Layout) { l.Groups = nil },
		func(l *percpu.Layout) { l.Static = 0 },
		func(l *percpu.Layout) { l.Static = -4096 },
		func(l *percpu.Layout) { l.Reserved = -8 },
		func(l *percpu.Layout) { l.Reserved = 6 },
		func(l *percpu.Layout) { l.Dynamic = 0 },
		func(l *percpu.Layout) { l.UnitSize = 4096 },
		func(l *percpu.Layout) { l.UnitSize++ },
		func(l *percpu.Layout) { l.UnitSize, l.Dynamic = 1<<50, 1<<49 },
		func(l *percpu.Layout) { l.Static = 1 << 62; l.Dynamic = 1 << 62 },
		func(l *percpu.Layout) { l.Base++ },
	} {
		l := good
		spoil(&l)
		if _, err := chunk.New(l, w.mem); err == nil {
			t.Errorf("layout %d was taken", i)
		}
	}
	if _, err := chunk.New(good, nil); err == nil {
		t.Error("no memory was taken")
	}
}

// out is memory that ends after some pages.
type out struct {
	*memblock.Memory
	left *int
}

func (m out) Map(at percpu.Addr, size uint64) error {
	if *m.left -= int(size / 4096); *m.left < 0 {
		return errors.New("no page")
	}
	return m.Memory.Map(at, size)
}

// When pages run out for one CPU, those of the others go back and the space
// is free again.
func TestNoPages(t *testing.T) {
	w := newWorld(t, 4, 1, "")
	left := 10
	a, err := chunk.New(w.areas.(percpu.Describer).Layout(), out{w.mem, &left})
	if err != nil {
		t.Fatal(err)
	}
	before := w.mem.FreeBytes()
	_, err = a.Alloc(chunk.Request{Size: 32768, Align: 8})
	var f *chunk.Failure
	if !errors.As(err, &f) || f.Reason != "failed to populate" {
		t.Fatalf("error %v, want failed to populate", err)
	}
	if w.mem.FreeBytes() != before || a.Stats().Live != 0 {
		t.Errorf("%d bytes and %d allocations are lost", before-w.mem.FreeBytes(), a.Stats().Live)
	}
}
