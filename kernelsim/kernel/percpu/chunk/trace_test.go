package chunk

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/percpu"
)

const traceBase = 0x10000000

// places is memory without bytes: chunk n lies at n<<32.
type places struct {
	scratch [maxAlloc]byte
	next    int
}

func (p *places) Bytes(_ percpu.Addr, n uint64) ([]byte, error) { return p.scratch[:n], nil }
func (p *places) GetVMAreas(_, _ []uint64, _ uint64) (percpu.Addr, error) {
	p.next++
	return percpu.Addr(p.next) << 32, nil
}
func (p *places) FreeVMAreas(percpu.Addr, []uint64, []uint64) {}
func (p *places) Map(percpu.Addr, uint64) error               { return nil }
func (p *places) Unmap(percpu.Addr, uint64)                   {}

// replayer does the operations of a trace and prints what came of them in the
// trace's words.
type replayer struct {
	a    *Allocator
	ptrs []percpu.Off
}

func (r *replayer) do(t *testing.T, op string) string {
	t.Helper()
	f := strings.Fields(op)
	n := make([]int, len(f))
	for i := 1; i < len(f); i++ {
		n[i], _ = strconv.Atoi(f[i])
	}
	place := ""
	switch f[0] {
	case "i":
		r.a = traceAllocator(t, n[1], n[2], n[3], n[4])
		return fmt.Sprintf("%d %d", r.a.emptyPop, r.a.populated)
	case "a":
		p, err := r.a.Alloc(Request{Size: n[1], Align: n[2], Atomic: n[3] != 0, Reserved: n[4] != 0})
		r.ptrs = append(r.ptrs, p)
		place = "- "
		if err == nil {
			at := p + traceBase
			if at>>32 == 0 {
				at = p
			}
			place = fmt.Sprintf("%x %x ", at>>32, at&0xffffffff)
		}
	case "f":
		if err := r.a.Free(r.ptrs[n[1]]); err != nil {
			t.Fatal(err)
		}
	case "b":
		r.a.Balance()
	}
	wanted := 0
	if r.a.BalanceWanted() {
		wanted = 1
	}
	return fmt.Sprintf("%s%d %d %d %d", place, r.a.emptyPop, r.a.populated, r.a.stats.Chunks-1, wanted)
}

func traceAllocator(t *testing.T, unit, static, reserved, dynamic int) *Allocator {
	t.Helper()
	a, err := New(percpu.Layout{
		Static: static, Reserved: reserved, Dynamic: dynamic, UnitSize: unit, AtomSize: pageSize, AllocSize: unit,
		Base: traceBase, Groups: []percpu.Group{{CPUs: []int{0}}},
	}, &places{})
	if err != nil {
		t.Fatal(err)
	}
	a.EnableAsync()
	return a
}

// The traces come from Linux's own functions (testdata/README.md). Every
// place, and after every step the counts of empty and populated pages and of
// chunks, must be the same.
func TestSamePlacesAsLinux(t *testing.T) {
	files, err := filepath.Glob("testdata/*.trace")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d traces: %v", len(files), err)
	}
	steps := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := &replayer{}
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			op, want, _ := strings.Cut(line, " = ")
			if got := r.do(t, op); got != want {
				t.Fatalf("%s:%d: %s: %s, Linux %s", file, i+1, op, got, want)
			}
			steps++
		}
	}
	t.Logf("%d steps compared with Linux", steps)
}
