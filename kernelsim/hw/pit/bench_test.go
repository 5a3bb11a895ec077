package pit

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/sim"
)

// A bench is a timer at its ports and the changes of channel 0's output.
type bench struct {
	t     testing.TB
	eng   *sim.Engine
	p     *PIT
	ports *bus.Bus
	log   []string
}

func newBench(t testing.TB) *bench {
	b := &bench{t: t, eng: sim.New(1), ports: bus.New().Ports()}
	b.p = New(b.eng, func(high bool) {
		b.log = append(b.log, fmt.Sprintf("%v@%d", high, b.p.tick()))
	})
	if err := b.p.Map(b.ports); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMapTaken(t *testing.T) {
	for _, at := range []bus.Addr{0x43, 0x61} {
		b := newBench(t)
		ports := bus.New().Ports()
		if err := ports.Map("other", at, 1, b.p, 0); err != nil {
			t.Fatal(err)
		}
		if err := b.p.Map(ports); err == nil {
			t.Errorf("port %#x was taken, and Map did not say so", at)
		}
	}
}

func TestLayouts(t *testing.T) {
	if got, want := Control().String(0x34), "rate both-bytes channel-0"; got != want {
		t.Errorf("shows %q, want %q", got, want)
	}
	if got, want := Control().String(0xb1), "bcd one-event both-bytes channel-2"; got != want {
		t.Errorf("shows %q, want %q", got, want)
	}
	if got, want := PortBBits().String(0x31), "gate-2 refresh output-2"; got != want {
		t.Errorf("shows %q, want %q", got, want)
	}
	for _, l := range []interface{ Check(int) error }{Control(), PortBBits()} {
		if err := l.Check(8); err != nil {
			t.Error(err)
		}
	}
}

// FuzzPIT writes anything at any time: nothing panics, the engine does not
// spin, and what the output tells agrees with what it is.
func FuzzPIT(f *testing.F) {
	f.Add([]byte{3, 0x34, 0, 10, 0, 0, 200, 200, 3, 0x36, 0, 1, 0, 0, 200, 200})
	f.Add([]byte{3, 0xb0, 2, 10, 2, 0, 4, 1, 4, 0, 3, 0xc2})
	f.Fuzz(func(t *testing.T, ops []byte) {
		high := false
		eng := sim.New(1)
		p := New(eng, func(to bool) {
			if to == high {
				t.Fatalf("the output tells %v twice", to)
			}
			high = to
		})
		for ; len(ops) >= 2; ops = ops[2:] {
			switch op, v := ops[0], uint64(ops[1]); {
			case op < 64:
				p.Write(uint32(op&3), 1, v)
			case op < 80:
				p.Read(uint32(op&3), 1)
			case op < 96:
				portB{p}.Write(0, 1, v)
			default:
				if _, err := eng.Run(eng.Now() + sim.Time(v)*300); err != nil {
					t.Fatal(err)
				}
			}
			if got := p.ch[0].output(p.tick()); got != high {
				t.Fatalf("the output is %v and told %v", got, high)
			}
		}
	})
}

func TestTickAllocatesNothing(t *testing.T) {
	eng := sim.New(1)
	n := 0
	p := New(eng, func(bool) { n++ })
	for _, w := range [][2]uint64{{3, 0x34}, {0, 0x9c}, {0, 0x2e}} {
		p.Write(uint32(w[0]), 1, w[1])
	}
	next := sim.Time(0)
	allocs := testing.AllocsPerRun(100, func() {
		next += 10 * sim.Millisecond
		eng.Run(next)
	})
	if allocs != 0 || n < 200 {
		t.Errorf("%v allocations in %d changes, want 0", allocs, n)
	}
}

func BenchmarkTick(b *testing.B) {
	eng := sim.New(1)
	p := New(eng, nil)
	for _, w := range [][2]uint64{{3, 0x34}, {0, 0x9c}, {0, 0x2e}} {
		p.Write(uint32(w[0]), 1, w[1])
	}
	next := sim.Time(0)
	b.ReportAllocs()
	for b.Loop() {
		next += 11932 * sim.Second / Hz
		eng.Run(next)
	}
}
