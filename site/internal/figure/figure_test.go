package figure

import (
	"encoding/xml"
	"fmt"
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
	grid := Grid{{TPR: 0x10, PPR: 0x10, Offered: "none"}, {Command: "msi <x>", Output: "a & b", Note: "n", IRR: []int{0x31, 0xff}, ISR: []int{0x45}, PPR: 0x40, Offered: "0xff"}}
	for name, d := range map[string]Drawing{
		"grid": grid.Draw(), "wide": Bits{Width: 128, Layout: reg.Layout{reg.Flag("low", 0)}, Above: reg.Layout{reg.Number("high", 31, 0)}}.Draw(),
		"sequence": seq, "flow": flow, "map": memory, "timeline": timeline().Draw(), "units": Units(layout), "unit": Unit(layout),
		"bits": Bits{Width: 64, Layout: reg.Layout{reg.Number("offset", 47, 16), reg.Flag("a flag with a long name", 3)}}.Draw(),
	} {
		wellFormed(t, name, d)
	}
}

func TestBitsAbove64(t *testing.T) {
	d := Bits{Width: 128, Layout: reg.Layout{reg.Number("low", 63, 48)}, Above: reg.Layout{reg.Number("high", 31, 0)}}.Draw()
	want := [][]string{{"127:96", "reserved", ""}, {"95:64", "high", ""}, {"63:48", "low", ""}, {"47:0", "reserved", ""}}
	if fmt.Sprint(d.Table.Rows) != fmt.Sprint(want) {
		t.Errorf("rows %q, want %q", d.Table.Rows, want)
	}
	for _, number := range []string{">127<", ">96<", ">95<", ">64<", ">63<", ">48<", ">47<", ">0<"} {
		if strings.Count(d.SVG, number) != 1 {
			t.Errorf("the bit number %s stands %d times in %s", number, strings.Count(d.SVG, number), d.SVG)
		}
	}
}

func TestGridFrames(t *testing.T) {
	g := Grid{
		{TPR: 0x20, PPR: 0x20, Offered: "none"},
		{Command: "msi", Note: "n", IRR: []int{0x31, 0x45}, ISR: []int{0x66}, PPR: 0x60, Offered: "none"},
		{IRR: []int{0x31, 0x45}, Offered: "0x45"},
		{Offered: "0x45"}, // offered, but not requested: no ring
	}
	d := g.Draw()
	if len(d.Frames) != len(g) || d.SVG != "" {
		t.Fatalf("%d frames, %q", len(d.Frames), d.SVG)
	}
	counts := func(svg string) [4]int {
		n := func(class string) int { return strings.Count(svg, `class="`+class+`"`) - 1 } // the legend has each once
		return [4]int{n("fill a"), n("fill c"), n("ring"), n("held")}
	}
	for i, want := range [][4]int{{0, 0, 0, 1}, {2, 1, 0, 1}, {2, 0, 1, 1}, {0, 0, 0, 1}} {
		if got := counts(d.Frames[i].SVG); got != want {
			t.Errorf("frame %d: requested, in service, offered, held are %v, want %v", i, got, want)
		}
	}
	if want := "IRR: 0x31 0x45. ISR: 0x66. TPR 0x00, PPR 0x60. Offered to the core: none."; d.Frames[1].Alt != want {
		t.Errorf("in words: %q, want %q", d.Frames[1].Alt, want)
	}
	for _, want := range []string{`<rect x="62" y="234" width="544" height="30" class="held"/>`, "PPR 0x10"} {
		if svg := (Grid{{PPR: 0x10}}).Draw().Frames[0].SVG; !strings.Contains(svg, want) {
			t.Errorf("PPR 0x10 does not hold back classes 0 and 1: no %s", want)
		}
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
