package i8259

import (
	"math/rand"
	"testing"

	"bothhalves/kernelsim/hw/bus"
)

// busAddr is a port as the bus wants it.
func busAddr(port uint64) bus.Addr { return bus.Addr(port) }

// usual is the initialization that most random sequences begin with.
func usual(icw4 byte) []byte {
	out := func(port, v byte) []byte { return []byte{162 + port, v} } // 162 % 6 == 0
	var ops []byte
	for _, o := range [][]byte{out(0, 0x11), out(1, 0x30), out(1, 0x04), out(1, icw4), out(2, 0x11), out(3, 0x38), out(3, 0x02), out(3, icw4)} {
		ops = append(ops, o...)
	}
	return ops
}

func TestPairFollowsTheRules(t *testing.T) {
	rng := rand.New(rand.NewSource(8259))
	for run := range 100 {
		var ops []byte
		if run%8 != 0 {
			ops = usual([]byte{1, 3, 0x11, 0x13}[run%4])
		}
		for range 400 {
			op, v := byte(rng.Intn(256)), byte(rng.Intn(256))
			if port := op % 6; op >= 160 && (port == 1 || port == 3) && rng.Intn(3) > 0 {
				v &= byte(rng.Intn(256)) & byte(rng.Intn(256)) // masks with few bits
			}
			ops = append(ops, op, v)
		}
		compare(t, ops)
		if t.Failed() {
			t.Fatalf("in run %d", run)
		}
	}
}

func FuzzPair(f *testing.F) {
	f.Add(append(usual(1), 0, 12, 100, 0, 0, 5, 100, 0, 164, 0x20, 162, 0x20))
	f.Add(append(usual(0x13), 0, 8, 0, 12, 100, 0, 100, 0))
	f.Fuzz(compare)
}

// TestLosesNoEdge raises unmasked lines in random order, answers in random
// order, and wants one acknowledge for each edge.
func TestLosesNoEdge(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for range 200 {
		b := started(t, 0x01)
		raised, taken := [16]int{}, [16]int{}
		high := [16]bool{}
		service := func() {
			n := b.p.INTA() - 0x30
			taken[n]++
			high[n] = false
			b.p.SetLine(int(n), false)
			if n >= 8 {
				b.out(0xa0, 0x20)
			}
			b.out(0x20, 0x20)
		}
		for range 300 {
			if n := rng.Intn(16); n != 2 && !high[n] {
				high[n] = true
				raised[n]++
				b.p.SetLine(n, true)
			}
			if rng.Intn(3) == 0 && b.p.INT() {
				service()
			}
		}
		for b.p.INT() {
			service()
		}
		if raised != taken {
			t.Fatalf("edges %v, acknowledged %v", raised, taken)
		}
	}
}
