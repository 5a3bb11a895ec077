package board

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A recordedFunc is a function of a recorded run.
type recordedFunc struct {
	bdf       pcie.BDF
	pin, line int
	bars      []recordedBAR
}

// A recordedBAR is a register of it and the address that firmware gave it.
type recordedBAR struct {
	n             int
	kind          string
	size, address uint64
}

// A recordedRun is a machine and its functions.
type recordedRun struct {
	name, machine string
	funcs         []recordedFunc
}

func readRuns(t *testing.T) (runs []recordedRun) {
	t.Helper()
	f, err := os.Open("testdata/bars.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		line := s.Text()
		words := strings.Fields(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if words[0] == "run" {
			runs = append(runs, recordedRun{name: words[1], machine: words[2]})
			continue
		}
		run := &runs[len(runs)-1]
		if len(words) == 3 {
			bdf, err := pcie.ParseBDF(words[0])
			if err != nil {
				t.Fatal(err)
			}
			fn := recordedFunc{bdf: bdf}
			fmt.Sscan(words[1]+" "+words[2], &fn.pin, &fn.line)
			run.funcs = append(run.funcs, fn)
			continue
		}
		var b recordedBAR
		if _, err := fmt.Sscanf(line, "%d %s %v %v", &b.n, &b.kind, &b.size, &b.address); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		fn := &run.funcs[len(run.funcs)-1]
		fn.bars = append(fn.bars, b)
	}
	return runs
}

// barKinds are the kinds as the table names them.
func barKinds() map[string]pcie.BARKind {
	return map[string]pcie.BARKind{"io": pcie.IO, "mem32": pcie.Memory32, "mem64": pcie.Memory64,
		"pref32": pcie.Prefetch32, "pref64": pcie.Prefetch64}
}

// plugged is a board with a run's functions, before firmware runs.
func plugged(t *testing.T, run recordedRun) *Board {
	t.Helper()
	b := bareOf(t, run.machine)
	for _, fn := range run.funcs {
		if b.PCI.Func(fn.bdf) != nil {
			continue
		}
		f := pcie.NewFunc(b.Bus, fn.bdf, pcie.Header{Name: "recorded", Vendor: 1, Device: 1, Pin: uint8(fn.pin)})
		for _, r := range fn.bars {
			f.AddBAR(r.n, barKinds()[r.kind], r.size, nil)
		}
		if err := b.PCI.Attach(f, nil); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// bareOf is a board with its chipset alone.
func bareOf(t *testing.T, machine string) *Board {
	t.Helper()
	b := &Board{Bus: bus.New(), cfg: Config{Machine: machine}}
	b.PCI = pcie.NewRoot(b.Bus)
	for _, p := range chipset(machine) {
		if err := b.PCI.Attach(p.shape.build(b.Bus, p.bdf), nil); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// TestFirmwarePlacesAsRecorded holds the algorithm against every recorded run
// without a bridge: each address, each Interrupt Line.
func TestFirmwarePlacesAsRecorded(t *testing.T) {
	runs, bars := readRuns(t), 0
	for _, run := range runs {
		b := plugged(t, run)
		if err := b.assignBARs(); err != nil {
			t.Fatal(err)
		}
		for _, fn := range run.funcs {
			f := b.PCI.Func(fn.bdf)
			for _, r := range fn.bars {
				bars++
				if at, size, _ := f.BAR(r.n); uint64(at) != r.address || size != r.size {
					t.Errorf("%s: %v BAR %d is at %#x size %#x, recorded %#x size %#x", run.name, fn.bdf, r.n, at, size, r.address, r.size)
				}
			}
			if got := f.ConfigRead(pcireg.CommandReg, 2); got&^pcireg.CommandMaster != 0x0103 {
				t.Errorf("%s: %v has command %#04x, recorded 0x0103 before drivers", run.name, fn.bdf, got)
			}
			if got := int(f.ConfigRead(pcireg.InterruptLine, 1)); got != fn.line {
				t.Errorf("%s: %v has Interrupt Line %d, recorded %d", run.name, fn.bdf, got, fn.line)
			}
		}
	}
	if len(runs) < 15 || bars < 60 {
		t.Errorf("%d runs with %d registers were compared: the table has lost some", len(runs), bars)
	}
	t.Logf("%d runs, %d registers compared", len(runs), bars)
}

// TestFirmwareOverlapsNothing plugs in as much as fits: every window is
// aligned to its size, and no two overlap.
func TestFirmwareOverlapsNothing(t *testing.T) {
	for seed := range 200 {
		b := bareOf(t, PC)
		x := uint32(seed)*2654435761 + 1
		next := func(n int) int { x = x*1664525 + 1013904223; return int(x>>8) % n }
		for dev := 2; dev < 2+1+next(25); dev++ {
			f := pcie.NewFunc(b.Bus, pcie.MakeBDF(0, dev, 0), pcie.Header{Vendor: 1, Device: 1, Pin: 1})
			for n := 0; n < 6; n++ {
				switch next(5) {
				case 0:
					f.AddBAR(n, pcie.IO, 4<<next(7), nil)
				case 1:
					f.AddBAR(n, pcie.Memory32, 16<<next(16), nil)
				case 2:
					f.AddBAR(n, pcie.Prefetch32, 16<<next(16), nil)
				case 3:
					if n < 5 {
						f.AddBAR(n, pcie.Prefetch64, 16<<next(16), nil)
						n++
					}
				}
			}
			if err := b.PCI.Attach(f, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.assignBARs(); err != nil {
			t.Fatal(err)
		}
		checkWindows(t, seed, b)
	}
}

// checkWindows looks for windows that are not mapped, not aligned, or on one
// another.
func checkWindows(t *testing.T, seed int, b *Board) {
	t.Helper()
	type span struct{ from, to uint64 }
	var io, mem []span
	for _, f := range b.PCI.Funcs() {
		for n := range 6 {
			at, size, mapped := f.BAR(n)
			if size == 0 {
				continue
			}
			if !mapped || uint64(at)%size != 0 {
				t.Fatalf("seed %d: %v BAR %d at %#x size %#x mapped %v", seed, f.BDF(), n, at, size, mapped)
			}
			s := span{uint64(at), uint64(at) + size}
			if f.ConfigRead(uint16(0x10+4*n), 4)&1 != 0 {
				io = append(io, s)
			} else {
				mem = append(mem, s)
			}
		}
	}
	for _, list := range [][]span{io, mem} {
		slices.SortFunc(list, func(a, b span) int { return int(int64(a.from) - int64(b.from)) })
		for i := range len(list) - 1 {
			if list[i].to > list[i+1].from {
				t.Fatalf("seed %d: windows %#x and %#x overlap", seed, list[i], list[i+1])
			}
		}
	}
}
