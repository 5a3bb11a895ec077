package figure

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/reg"
)

func wellFormed(t *testing.T, name string, d Drawing) {
	t.Helper()
	text := d.HTML("id", "title <x>", "desc & more")
	in := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := in.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, text)
		}
	}
	if d.H <= 0 || d.W != width || len(d.Table.Rows) == 0 {
		t.Errorf("%s: %d by %d with %d rows", name, d.W, d.H, len(d.Table.Rows))
	}
	for _, row := range d.Table.Rows {
		if len(row) != len(d.Table.Head) {
			t.Errorf("%s: a row %q under %q", name, row, d.Table.Head)
		}
	}
}

func timeline() Timeline {
	return Timeline{From: 100, To: 1100, Lanes: []Lane{
		{Name: "CPU 0", Spans: []Span{{100, 1100, "task", "a<b", 0}, {300, 302, "irq", "timer", 1}}, Marks: []Mark{{300, "tick"}, {301, "tock"}, {900, "end"}}},
		{Name: "CPU 1", Spans: []Span{{100, 1100, "idle", "", 0}}},
	}}
}

func TestDrawings(t *testing.T) {
	seq, err := Sequence("lanes: A, B & C\nA -> B & C: x < y\nB & C -> A: back\nA: by itself, at some length that has to be broken\nB & C -> B & C: self")
	if err != nil {
		t.Fatal(err)
	}
	flow, err := Flow("one | note\ntwo")
	if err != nil {
		t.Fatal(err)
	}
	memory, err := MemoryMap("0x10-0x1f a | b\ngap\n0x0-0xf c")
	if err != nil {
		t.Fatal(err)
	}
	layout := percpu.Layout{Kind: "page", Static: 5000, Reserved: 8192, Dynamic: 12000, UnitSize: 28672, AllocSize: 4096, Groups: []percpu.Group{{CPUs: []int{0, 1}}}}
	for name, d := range map[string]Drawing{
		"sequence": seq, "flow": flow, "map": memory, "timeline": timeline().Draw(), "units": Units(layout), "unit": Unit(layout),
		"bits": Bits{Width: 64, Layout: reg.Layout{reg.Number("offset", 47, 16), reg.Flag("a flag with a long name", 3)}}.Draw(),
	} {
		wellFormed(t, name, d)
	}
}

func TestBadText(t *testing.T) {
	for _, text := range []string{"", "lanes: A\nB: x", "A: x", "lanes: A\nno colon", "lanes: A\nA -> B: x"} {
		if _, err := Sequence(text); err == nil {
			t.Errorf("Sequence(%q) draws something", text)
		}
	}
	for _, text := range []string{"", "gap", "10-20 x", "0x10 x"} {
		if _, err := MemoryMap(text); err == nil {
			t.Errorf("MemoryMap(%q) draws something", text)
		}
	}
	if _, err := Flow(" \n"); err == nil {
		t.Error("an empty flow draws something")
	}
}

func TestCut(t *testing.T) {
	cut, err := timeline().Cut("150ns", "300ns", "0", "tick")
	if err != nil {
		t.Fatal(err)
	}
	if cut.From != 250 || cut.To != 400 || len(cut.Lanes) != 1 || len(cut.Lanes[0].Marks) != 1 || cut.Lanes[0].Spans[0] != (Span{250, 400, "task", "a<b", 0}) {
		t.Errorf("%+v", cut)
	}
	for _, bad := range [][4]string{{"x"}, {"", "x"}, {"9ns", "3ns"}, {"", "", "", "("}} {
		if _, err := timeline().Cut(bad[0], bad[1], bad[2], bad[3]); err == nil {
			t.Errorf("%q cuts", bad)
		}
	}
	if w := timeline().Window(200, 0); w.From != 200 || w.To != 1100 {
		t.Errorf("window %d to %d", w.From, w.To)
	}
}

func TestNiceStep(t *testing.T) {
	for total, want := range map[int64]int64{1: 1, 9: 2, 100: 20, 1000: 200, 5_000_000: 1_000_000, 0: 1} {
		if got := niceStep(total); got != want {
			t.Errorf("niceStep(%d) = %d, want %d", total, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int]string{0: "0 B", 1000: "1000 B", 1024: "1 KiB", 2 << 20: "2 MiB", 1<<20 + 1024: "1025 KiB"} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
}
