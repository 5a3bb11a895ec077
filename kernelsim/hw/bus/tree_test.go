package bus

import (
	"fmt"
	"math/rand"
	"strings"
	"testing"
)

// A wish is a mapping that a test asks for.
type wish struct {
	name       string
	base, last Addr
	prio       int
	number     uint64 // what its region answers
}

// naive is who answers at an address: of those that lie there the one of the
// highest priority. 0xff is nobody.
func naive(all []wish, a Addr) uint64 {
	answer, prio := uint64(0xff), -1000
	for _, w := range all {
		if w.base <= a && a <= w.last && w.prio > prio {
			answer, prio = w.number, w.prio
		}
	}
	return answer
}

// TestOverlapsAgainstRule maps and unmaps at random, at the end of the address
// space too, and asks at every address.
func TestOverlapsAgainstRule(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for range 300 {
		b, from := New(), []Addr{0, 0x1000, ^Addr(0) - 63}[rng.Intn(3)]
		var all []wish
		for n := range 2 + rng.Intn(9) {
			lo := rng.Intn(64)
			w := wish{fmt.Sprint("r", n), from + Addr(lo), from + Addr(lo+rng.Intn(64-lo)), rng.Intn(4) - 1, uint64(n)}
			if b.Map(w.name, w.base, uint64(w.last-w.base)+1, &probe{answer: w.number}, w.prio) == nil {
				all = append(all, w)
			}
			if k := rng.Intn(12); k < len(all) {
				b.Unmap(all[k].name)
				all = append(all[:k], all[k+1:]...)
			}
			for i := range Addr(64) {
				if got, want := b.Read(from+i, 1), naive(all, from+i); got != want {
					t.Fatalf("at %#x answers %d, want %d, of\n%s", from+i, got, want, b.Tree())
				}
			}
		}
	}
}

// TestHiddenBordersDoNotSplit: an access to one region arrives whole, also
// where another one that it hides begins or ends.
func TestHiddenBordersDoNotSplit(t *testing.T) {
	b, top := New(), &probe{answer: 0x1234_5678}
	mapped(t, b, "low", 0x104, 8, &probe{}, 0)
	mapped(t, b, "top", 0x100, 0x20, top, 1)
	mapped(t, b, "lowest", 0x102, 3, &probe{}, -1)
	for _, a := range []Addr{0x100, 0x101, 0x102, 0x103, 0x10a, 0x11c} {
		b.Write(a, 4, 7)
		if got := b.Read(a, 4); got != 0x1234_5678 {
			t.Errorf("at %#x 4 bytes read as %#x", a, got)
		}
		if got, want := top.take(), fmt.Sprintf("w4@%x=7 r4@%x", a-0x100, a-0x100); got != want {
			t.Errorf("at %#x arrives %q, want %q", a, got, want)
		}
	}
	if !b.Unmap("top") {
		t.Fatal("top was not mapped")
	}
	b.Write(0x108, 4, 1)
	if got := top.take(); got != "" {
		t.Errorf("what was unmapped sees %q", got)
	}
}

// TestTreeOrder: by address, the higher priority first, in order of mapping
// where both are alike; nothing is said of messages that nobody takes.
func TestTreeOrder(t *testing.T) {
	b := New()
	mapped(t, b, "late", 0x2000, 1, &probe{}, 9)
	mapped(t, b, "under", 0x1000, 0x10, &probe{}, 1)
	mapped(t, b, "first", 0, 0x10, &probe{}, 0)
	mapped(t, b, "over", 0x1000, 0x20, &probe{}, 2)
	mapped(t, b, "middle", 0x1000, 0x30, &probe{}, 0)
	var order []string
	for _, line := range strings.Split(strings.TrimSpace(b.Tree()), "\n")[2:] {
		order = append(order, line[strings.LastIndex(line, " ")+1:])
	}
	if got := strings.Join(order, " "); got != "first over under middle late" {
		t.Errorf("the order is %s", got)
	}
}
