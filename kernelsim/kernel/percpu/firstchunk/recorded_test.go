package firstchunk_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/memblock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/percpu/firstchunk"
	"bothhalves/kernelsim/kernel/percpu/image"
)

// A run is what testdata keeps of one recorded boot.
type run struct {
	name     string
	board    memblock.Board
	reserved []memblock.Range
	cpuNode  map[int]int
	alloc    string
	dmesg    []string
	gs       []percpu.Addr
}

func readRun(t *testing.T, file string) *run {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pc, err := memblock.PC(1)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{name: filepath.Base(file), cpuNode: map[int]int{}, board: memblock.Board{Kernel: pc.Kernel}}
	for _, line := range strings.Split(string(text), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		r.take(t, word, rest)
	}
	if len(r.board.Nodes) == 0 {
		r.board.Nodes = pc.Nodes
	}
	return r
}

func (r *run) take(t *testing.T, word, rest string) {
	t.Helper()
	switch word {
	case "usable":
		b := &r.board
		b.Usable = append(b.Usable, wholePages(span(t, rest)))
	case "ramdisk":
		r.board.Initrd = span(t, rest)
	case "nodedata", "node":
		id, at, _ := strings.Cut(rest, " ")
		if word == "nodedata" {
			r.reserved = append(r.reserved, span(t, at))
		} else if n := int(id[0] - '0'); n == len(r.board.Nodes) {
			r.board.Nodes = append(r.board.Nodes, span(t, at))
		} else {
			r.board.Nodes[n].End = span(t, at).End // SRAT lists a node's memory around the hole
		}
	case "cpunode":
		var cpu, node int
		fmt.Sscan(rest, &cpu, &node)
		r.cpuNode[cpu] = node
	case "percpu_alloc":
		r.alloc = rest
	case "dmesg":
		r.dmesg = append(r.dmesg, strings.Trim(rest, `"`))
	case "gs":
		var a uint64
		fmt.Sscanf(rest, "%x", &a)
		r.gs = append(r.gs, percpu.Addr(a))
	}
}

func span(t *testing.T, s string) memblock.Range {
	t.Helper()
	var r memblock.Range
	if n, err := fmt.Sscanf(s, "0x%x-0x%x", &r.Start, &r.End); n != 2 {
		t.Fatalf("%q: %v", s, err)
	}
	r.End++
	return r
}

// wholePages rounds as Linux does, and leaves page 0 out ("e820: update").
func wholePages(r memblock.Range) memblock.Range {
	return memblock.Range{Start: max(r.Start, memblock.Page), End: r.End / memblock.Page * memblock.Page}
}

func (r *run) request(t testing.TB) *percpu.SetupRequest {
	t.Helper()
	m, err := memblock.New(r.board)
	if err != nil {
		t.Fatal(err)
	}
	return &percpu.SetupRequest{
		Section: image.Default().Section(),
		CPUs:    len(r.gs), Nodes: len(r.board.Nodes),
		Node:   func(cpu int) int { return r.cpuNode[cpu] },
		Memory: m, Alloc: r.alloc,
	}
}

// Every recorded run: the printed lines, the GS base of each CPU, and what
// was reserved before.
func TestRecordedRuns(t *testing.T) {
	files, err := filepath.Glob("testdata/*-*.txt")
	if err != nil || len(files) < 13 {
		t.Fatalf("%d recorded runs: %v", len(files), err)
	}
	facts := 0
	for _, file := range files {
		r := readRun(t, file)
		t.Run(r.name, func(t *testing.T) { facts += r.compare(t) })
	}
	t.Logf("%d recorded facts compared in %d runs", facts, len(files))
	if facts < 137 {
		t.Errorf("only %d facts were compared: the recordings hold more", facts)
	}
}

func (r *run) compare(t *testing.T) (facts int) {
	req := r.request(t)
	reserved := req.Memory.(*memblock.Memory).Reserved()
	for _, want := range r.reserved {
		facts++
		if !contains(reserved, want) {
			t.Errorf("NODE_DATA recorded at %#x-%#x, reserved %#x", want.Start, want.End, reserved)
		}
	}
	areas, err := firstchunk.Setup(req)
	if err != nil {
		t.Fatal(err)
	}
	var printed []string
	for _, m := range areas.(percpu.Describer).Layout().Messages {
		printed = append(printed, m.Text)
	}
	facts += len(r.dmesg)
	if got, want := strings.Join(printed, "\n"), strings.Join(r.dmesg, "\n"); got != want {
		t.Errorf("printed:\n%s\nrecorded:\n%s", got, want)
	}
	for cpu, want := range r.gs {
		facts++
		if got := areas.Offset(cpu); got != want {
			t.Errorf("CPU %d: GS base %#x, recorded %#x", cpu, uint64(got), uint64(want))
		}
	}
	return facts
}

func contains(rs []memblock.Range, r memblock.Range) bool {
	for _, x := range rs {
		if x == r {
			return true
		}
	}
	return false
}

// The default board is the recorded one.
func TestDefaultBoardIsRecorded(t *testing.T) {
	r := readRun(t, "testdata/smp-boot-smp4.txt")
	pc, err := memblock.PC(1)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(pc) != fmt.Sprint(r.board) {
		t.Errorf("PC(1) is %#x, recorded %#x", pc, r.board)
	}
}
