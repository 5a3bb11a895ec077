package trace_test

import (
	"testing"

	"bothhalves/kernelsim/trace"
)

// The ring keeps the last records, in order and under their positions, while
// it grows and after it is full.
func TestRingKeepsTheLast(t *testing.T) {
	for _, limit := range []int{1, 1024, 4096} {
		r := trace.NewRing(limit)
		size := max(limit, 1024)
		for i := range 3*size + 5 {
			if i%2 == 0 {
				r.Add(trace.Record{A: uint32(i)})
			} else {
				*r.Next() = trace.Record{A: uint32(i)}
			}
			if i%997 == 0 || i == 3*size+4 {
				check(t, r, i+1, size)
			}
		}
	}
}

func check(t *testing.T, r *trace.Ring, total, size int) {
	t.Helper()
	if int(r.Total()) != total || r.Len() != min(total, size) {
		t.Fatalf("%d records, %d kept; want %d and %d", r.Total(), r.Len(), total, min(total, size))
	}
	want := uint64(total - r.Len())
	for pos, rec := range r.From(0) {
		if pos != want || uint64(rec.A) != pos {
			t.Fatalf("position %d holds record %d, want position %d", pos, rec.A, want)
		}
		want++
	}
	if want != uint64(total) {
		t.Fatalf("From ended at %d of %d", want, total)
	}
}

func TestFrom(t *testing.T) {
	r := trace.NewRing(1024)
	for i := range 10 {
		r.Add(trace.Record{A: uint32(i)})
	}
	n := 0
	for range r.From(7) {
		n++
	}
	for range r.From(10) {
		t.Error("a record behind the last")
	}
	for range r.From(0) {
		break
	}
	if n != 3 {
		t.Errorf("%d records from position 7 of 10", n)
	}
}

func TestNames(t *testing.T) {
	n := trace.NewRing(1).Names()
	a, b := n.ID("a"), n.ID("b")
	if a == b || n.ID("a") != a || n.Text(a) != "a" || n.Text(b) != "b" || n.ID("") != 0 || n.Text(99) != "" {
		t.Error("names and numbers do not go together")
	}
	n.SetComm(7, "seven")
	if n.Comm(7) != "seven" || n.Comm(6) != "<...>" || n.Comm(99) != "<...>" {
		t.Errorf("comms %q %q %q", n.Comm(7), n.Comm(6), n.Comm(99))
	}
}

func TestKindsHaveNames(t *testing.T) {
	seen := map[trace.Info]bool{}
	for _, k := range trace.Kinds() {
		if k.Info().System == "" || k.String() == "" || seen[k.Info()] {
			t.Errorf("kind %d is called %q, or another one is", k, k.Info())
		}
		seen[k.Info()] = true
	}
	if trace.Kind(255).String() != "" || len(trace.Kinds()) == 0 {
		t.Error("an unknown kind has a name")
	}
}

func TestAddAllocatesNothing(t *testing.T) {
	r := trace.NewRing(1024)
	if n := testing.AllocsPerRun(5000, func() { r.Add(trace.Record{A: 1}) }); n != 0 {
		t.Errorf("%v allocations a record", n)
	}
}

// BenchmarkAdd is a record into the ring; with the kernel's context around it
// see BenchmarkTraceRecord of kernelsim.
func BenchmarkAdd(b *testing.B) {
	r := trace.NewRing(1 << 16)
	b.ReportAllocs()
	for b.Loop() {
		r.Add(trace.Record{A: 1, B: 2, C: 3})
	}
}

// TestKinds: every kind has a place of its own under events/.
func TestKinds(t *testing.T) {
	seen := map[trace.Info]trace.Kind{}
	for _, k := range trace.Kinds() {
		info := k.Info()
		if info.System == "" || info.Event == "" || seen[info] != trace.None {
			t.Errorf("kind %d is at %+v, as kind %d", k, info, seen[info])
		}
		seen[info] = k
	}
}
