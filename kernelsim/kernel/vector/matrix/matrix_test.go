package matrix

import (
	"errors"
	"fmt"
	"math/rand"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
)

// TestRecordedMatrix does what the kernel did in the recorded runs, as its
// tracepoints tell, and compares every choice and every book.
func TestRecordedMatrix(t *testing.T) {
	for name, cpus := range map[string]int{"smp4": 4, "smp4-nvme2": 4, "smp8": 8, "smp12-physflat": 12} {
		text, err := os.ReadFile("testdata/" + name + ".matrix")
		if err != nil {
			t.Fatal(err)
		}
		var got string
		m := New(cpus, 0x20, 0xec)
		m.Observe = func(ev *Event) { got = ev.String() }
		facts := 0
		for line := range strings.Lines(string(text)) {
			var on, bit, n int
			fmt.Sscanf(line, "%d", &on)
			want := strings.TrimSpace(line[4:])
			kind, rest, _ := strings.Cut(want, ": ")
			fmt.Sscanf(rest, "bit=%d cpu=%d", &bit, &n)
			got = "(nothing)"
			replay(m, strings.TrimPrefix(kind, "irq_matrix_"), on, bit, n)
			if got != want {
				t.Fatalf("%s event %d:\n got %s\nwant %s", name, facts, got, want)
			}
			facts++
		}
		if facts < 100 {
			t.Errorf("%s: only %d events", name, facts)
		}
	}
}

// replay does what one event tells. Where a vector is chosen only the mask is
// given: it is the matrix's to choose.
func replay(m *Matrix, kind string, on, bit, n int) {
	all := cpumask.FirstN(len(m.maps))
	switch kind {
	case "online":
		m.Online(on)
	case "assign_system":
		m.AssignSystem(bit, false)
	case "assign":
		m.Assign(n, bit)
	case "reserve":
		m.Reserve()
	case "remove_reserved":
		m.RemoveReserved()
	case "reserve_managed":
		m.ReserveManaged(cpumask.Of(n))
	case "remove_managed":
		m.RemoveManaged(cpumask.Of(n))
	case "alloc_managed":
		m.AllocManaged(cpumask.Of(n))
	case "alloc":
		mask := all
		if m.online == len(m.maps) && m.mostAvailable(all) != n {
			mask = cpumask.Of(n) // a move that somebody has asked for
		}
		m.Alloc(mask, m.reserved > 0)
	case "free":
		m.Free(n, bit, m.maps[n].reserved.has(bit))
	}
}

// A naive is a second matrix: who has each vector of each processor, in plain
// words.
type naive struct {
	owner  [][256]string // "", system, alloc, kept, managed (kept and in use)
	online []bool
	// unseen is what Linux does not count: vectors kept on a processor that
	// was online once and is not now stay in its number of free ones.
	unseen []int
}

func (x *naive) free(n int) (count, lowest int) {
	lowest = -1
	for v := 0xeb; v >= 0x20; v-- {
		if x.owner[n][v] == "" {
			count++
			lowest = v
		}
	}
	return count, lowest
}

func (x *naive) managed(n int) (used, lowest int) {
	lowest = -1
	for v := 0xeb; v >= 0x20; v-- {
		switch x.owner[n][v] {
		case "managed":
			used++
		case "kept":
			lowest = v
		}
	}
	return used, lowest
}

// see notes a vector that was kept or given up unseen.
func (x *naive) see(n, d int) {
	if !x.online[n] {
		x.unseen[n] += d
	}
}

// alloc is the rule: most free vectors, then the lowest number; the lowest
// vector.
func (x *naive) alloc(mask cpumask.Mask) (n, v int) {
	n, v = -1, -1
	most := 0
	for id := range mask.All() {
		count, low := x.free(id)
		if count += x.unseen[id]; x.online[id] && count > most {
			most, n, v = count, id, low
		}
	}
	return n, v
}

// allocManaged is the rule: fewest managed vectors in use, then the highest
// number.
func (x *naive) allocManaged(mask cpumask.Mask) (n, v int) {
	n, v = -1, -1
	least := 1 << 30
	for id := range mask.All() {
		if used, low := x.managed(id); x.online[id] && used <= least {
			least, n, v = used, id, low
		}
	}
	return n, v
}

// TestAgainstNaive does random things to both matrices.
func TestAgainstNaive(t *testing.T) {
	for seed := range int64(30) {
		rnd := rand.New(rand.NewSource(seed))
		cpus := 1 + rnd.Intn(6)
		m, x := New(cpus, 0x20, 0xec), &naive{owner: make([][256]string, cpus), online: make([]bool, cpus), unseen: make([]int, cpus)}
		for _, v := range []int{0x20, 0x80, 0x32} {
			m.AssignSystem(v, false)
			for n := range cpus {
				x.owner[n][v] = "system"
			}
		}
		for n := range cpus {
			m.Online(n)
			x.online[n] = true
		}
		for step := range 3000 {
			what := random(rnd, m, x, cpus)
			if bad := differ(m, x); bad != "" {
				t.Fatalf("seed %d step %d, %s: %s", seed, step, what, bad)
			}
		}
	}
}

// random does one thing to both. Its text tells what, with what was wrong.
func random(rnd *rand.Rand, m *Matrix, x *naive, cpus int) string {
	var mask cpumask.Mask
	for n := range cpus {
		if rnd.Intn(2) == 0 {
			mask.Add(n)
		}
	}
	n, v := rnd.Intn(cpus), 0x20+rnd.Intn(0xec-0x20)
	switch rnd.Intn(9) {
	case 0, 1, 2:
		wantN, wantV := x.alloc(mask)
		gotN, gotV, err := m.Alloc(mask, false)
		if (wantV < 0) != (err != nil) || err == nil && (gotN != wantN || gotV != wantV) {
			return fmt.Sprintf("WRONG alloc %s: CPU %d vector %d, %v; want %d, %d", mask, gotN, gotV, err, wantN, wantV)
		}
		if err == nil {
			x.owner[gotN][gotV] = "alloc"
		}
		return "alloc"
	case 3:
		return reserveManaged(m, x, mask)
	case 4:
		wantN, wantV := x.allocManaged(mask)
		gotN, gotV, err := m.AllocManaged(mask)
		if (wantV < 0) != (err != nil) || err == nil && (gotN != wantN || gotV != wantV) {
			return fmt.Sprintf("WRONG alloc managed %s: CPU %d vector %d, %v; want %d, %d", mask, gotN, gotV, err, wantN, wantV)
		}
		if err == nil {
			x.owner[gotN][gotV] = "managed"
		}
		return "alloc managed"
	case 5, 6:
		managed := x.owner[n][v] == "managed"
		m.Free(n, v, managed)
		switch x.owner[n][v] {
		case "alloc":
			x.owner[n][v] = ""
		case "managed":
			x.owner[n][v] = "kept"
		}
		return "free"
	case 7:
		m.RemoveManaged(mask)
		for id := range mask.All() {
			if _, low := x.managed(id); low >= 0 {
				x.owner[id][low] = ""
				x.see(id, -1)
			}
		}
		return "remove managed"
	}
	if x.online[n] {
		m.Offline(n)
	} else {
		m.Online(n)
	}
	x.online[n] = !x.online[n]
	return "online or offline"
}

func reserveManaged(m *Matrix, x *naive, mask cpumask.Mask) string {
	err := m.ReserveManaged(mask)
	for id := range mask.All() {
		if _, low := x.free(id); low < 0 {
			if !errors.Is(err, errno.ENOSPC) {
				return "WRONG reserve managed: no error"
			}
			return "reserve managed"
		}
	}
	if err != nil {
		return "WRONG reserve managed: " + err.Error()
	}
	for id := range mask.All() {
		_, low := x.free(id)
		x.owner[id][low] = "kept"
		x.see(id, 1)
	}
	return "reserve managed"
}

// differ compares the books of both.
func differ(m *Matrix, x *naive) string {
	available := 0
	for n := range x.owner {
		cm := &m.maps[n]
		free, _ := x.free(n)
		free += x.unseen[n]
		if x.online[n] {
			available += free
			if cm.available != free {
				return fmt.Sprintf("CPU %d has %d available, want %d", n, cm.available, free)
			}
		}
		for v := range 256 {
			o := x.owner[n][v]
			if cm.alloc.has(v) != (o == "alloc" || o == "managed") || cm.reserved.has(v) != (o == "kept" || o == "managed") {
				return fmt.Sprintf("CPU %d vector %d is %q", n, v, o)
			}
		}
	}
	if m.available != available {
		return fmt.Sprintf("%d available in all, want %d", m.available, available)
	}
	return ""
}

func TestMatrixText(t *testing.T) {
	m := New(2, 0x20, 0xec)
	m.AssignSystem(0x20, false)
	m.Online(0)
	m.Online(1)
	m.Alloc(cpumask.Of(1), false)
	m.Alloc(cpumask.Of(1), false)
	m.ReserveManaged(cpumask.Of(0))
	want := "Online bitmaps:        2\nGlobal available:    403\nGlobal reserved:       0\nTotal allocated:       2\n" +
		"System: 1: 32\n | CPU | avl | man | mac | act | vectors\n     0   202     1     0    0  \n     1   201     0     0    2  33-34\n"
	if got := m.Show(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if _, _, err := m.Alloc(cpumask.Mask{}, false); err != errno.EINVAL {
		t.Errorf("an empty mask: %v", err)
	}
	if _, _, err := m.AllocManaged(cpumask.Mask{}); err != errno.EINVAL {
		t.Errorf("an empty mask: %v", err)
	}
}
