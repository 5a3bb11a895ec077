package lapic

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// TestConformanceAlone types the cases of testdata/conformance at APICs without a
// board around them: the verbs that concern them, and no others.
func TestConformanceAlone(t *testing.T) {
	files, err := filepath.Glob("testdata/conformance/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	cases := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		blocks := strings.Split("\n"+string(text), "\ncase:")
		for _, block := range blocks[1:] {
			cases++
			title, body, _ := strings.Cut(block, "\n")
			t.Run(filepath.Base(name)+"/"+strings.TrimSpace(title), func(t *testing.T) { typeCase(t, body) })
		}
	}
	if cases < 40 {
		t.Errorf("%d cases, want at least 40", cases)
	}
}

// typeCase types the lines of one case and compares what they print.
func typeCase(t *testing.T, body string) {
	lines := strings.Split(body, "\n")
	if !strings.HasPrefix(lines[0], "witness: ") {
		t.Fatal("a case needs a witness")
	}
	var r *rig
	for _, line := range lines[1:] {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		command, want, expects := strings.Cut(line, "→")
		command, want = strings.TrimSpace(strings.TrimPrefix(command, "!")), strings.TrimSpace(want)
		words := strings.Fields(command)
		if words[0] == "boot" {
			r = newRig(int(number(t, words[3])))
			continue
		}
		got := r.typed(t, words)
		if expects && !same(got, want) {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
	}
}

// same compares what was printed: numbers as numbers.
func same(got, want string) bool {
	a, err := strconv.ParseUint(got, 0, 64)
	b, err2 := strconv.ParseUint(want, 0, 64)
	if err == nil && err2 == nil {
		return a == b
	}
	return got == want
}

func number(t *testing.T, s string) uint64 {
	t.Helper()
	v, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// typed acts on one command and is what it prints.
func (r *rig) typed(t *testing.T, w []string) string {
	t.Helper()
	n := 0
	if i := slices.Index(w, "-cpu"); i >= 0 {
		n, w = int(number(t, w[i+1])), w[:i]
	}
	at := func(i int) uint64 { return number(t, w[i]) }
	switch w[0] {
	case "mmio":
		off, ok := r.apics[n].Claims(at(3))
		switch {
		case !ok:
			return "not claimed"
		case w[1] == "read":
			return fmt.Sprint(r.apics[n].MMIORead(off, int(at(2))))
		}
		r.apics[n].MMIOWrite(off, int(at(2)), at(4))
		return ""
	case "msr":
		return r.typedMSR(n, w[1], uint32(at(2)), w, at)
	case "msi":
		r.msi(at(1), uint32(at(2)))
		return ""
	case "irr", "isr", "tmr":
		return r.set(w[0], int(at(1)))
	case "run":
		d, err := time.ParseDuration(w[1])
		if err != nil {
			t.Fatal(err)
		}
		r.run(t, sim.Time(d))
		return ""
	case "bus":
		return r.eois()
	case "pin":
		r.apics[at(2)].SetLINT(int(w[1][4]-'0'), w[3] == "raise")
		return ""
	case "cpu":
		return r.typedCPU(t, int(at(1)), w[2:])
	}
	t.Fatalf("no verb %q", w[0])
	return ""
}

func (r *rig) typedMSR(n int, verb string, index uint32, w []string, at func(int) uint64) string {
	a := r.apics[n]
	if verb == "read" {
		v, ok := a.ReadMSR(index)
		if !ok || !a.HasMSR(index) {
			return "#GP"
		}
		return fmt.Sprint(v)
	}
	if !a.WriteMSR(index, at(3)) {
		return "#GP"
	}
	return "ok"
}

func (r *rig) typedCPU(t *testing.T, n int, w []string) string {
	t.Helper()
	a := r.apics[n]
	switch w[0] {
	case "pending":
		if v, ok := a.Pending(); ok {
			return fmt.Sprint(v)
		}
		return "none"
	case "ack":
		if _, ok := a.Pending(); !ok {
			return "none"
		}
		if len(w) > 1 {
			a.MMIOWrite(lapicreg.RegTPR, 4, number(t, w[2]))
		}
		return fmt.Sprint(a.Acknowledge())
	case "signals":
		return orNone(r.cores[n].take())
	case "local":
		names := []string{"timer", "thermal", "pmc", "lint0", "lint1", "error", "cmci"}
		a.Fire(Source(slices.Index(names, w[1])))
		return ""
	case "cr8":
		if len(w) == 1 {
			return fmt.Sprint(a.CR8())
		}
		a.SetCR8(uint8(number(t, w[1])))
		return ""
	}
	t.Fatalf("no verb cpu N %s", w[0])
	return ""
}

// set reads a vector set as a program must: eight registers, one by one.
func (r *rig) set(name string, n int) string {
	first := map[string]uint32{"irr": lapicreg.RegIRR, "isr": lapicreg.RegISR, "tmr": lapicreg.RegTMR}[name]
	var s lapicreg.Set
	for i := range s {
		s[i] = uint32(r.apics[n].MMIORead(first+uint32(i)<<4, 4))
	}
	var list []string
	for _, v := range vectors(s) {
		list = append(list, fmt.Sprintf("%#02x", v))
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// eois are the EOI broadcasts since the last call, as a case writes them.
func (r *rig) eois() string {
	got := "eoi"
	for _, line := range r.log {
		if v, ok := strings.CutPrefix(line, "eoi"); ok {
			got += v
		}
	}
	r.log = nil
	return got
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
