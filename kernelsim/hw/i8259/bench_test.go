package i8259

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/hw/bus"
)

// A bench is a pair at its ports, with what its INT pin did.
type bench struct {
	t     testing.TB
	p     *Pair
	ports *bus.Bus
	log   []byte // '+' up, '-' down
}

// newBench is a pair in its power-on state.
func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, ports: bus.New().Ports(), log: make([]byte, 0, 64)}
	b.p = New(func(high bool) {
		if high {
			b.log = append(b.log, '+')
		} else {
			b.log = append(b.log, '-')
		}
	})
	if err := b.p.Map(b.ports); err != nil {
		t.Fatal(err)
	}
	return b
}

// started is a pair that was initialized as Linux does: bases 0x30 and 0x38,
// nothing masked.
func started(t testing.TB, icw4 uint8) *bench {
	t.Helper()
	b := newBench(t)
	b.out(0x20, 0x11, 0x21, 0x30, 0x21, 0x04, 0x21, uint64(icw4))
	b.out(0xa0, 0x11, 0xa1, 0x38, 0xa1, 0x02, 0xa1, uint64(icw4))
	return b
}

func (b *bench) down(lines ...int) { b.lines(false, lines) }

func (b *bench) lines(high bool, lines []int) {
	for _, n := range lines {
		b.p.SetLine(n, high)
	}
}

func (b *bench) isr(master, slave uint8) { b.t.Helper(); b.registers("ISR", 0x0b, master, slave) }

func (b *bench) registers(name string, ocw3 uint64, master, slave uint8) {
	b.t.Helper()
	b.out(0x20, ocw3, 0xa0, ocw3)
	if m, s := b.in(0x20), b.in(0xa0); m != master || s != slave {
		b.t.Errorf("%s = %02x %02x, want %02x %02x", name, m, s, master, slave)
	}
}

func TestAllocatesNothing(t *testing.T) {
	b := started(t, 0x01)
	n := testing.AllocsPerRun(100, func() {
		b.log = b.log[:0]
		b.p.SetLine(12, true)
		b.p.INTA()
		b.out(0xa0, 0x64, 0x20, 0x62)
		b.p.SetLine(12, false)
	})
	if n != 0 {
		t.Errorf("%v allocations in a turn of line, acknowledge and EOI, want 0", n)
	}
}

func BenchmarkPairAck(b *testing.B) {
	p := New(nil)
	master, slave := &port{p, &p.master}, &port{p, &p.slave}
	for i, v := range []uint64{0x11, 0x30, 0x04, 0x01} {
		master.Write(uint32(min(i, 1)), 1, v)
	}
	for i, v := range []uint64{0x11, 0x38, 0x02, 0x01} {
		slave.Write(uint32(min(i, 1)), 1, v)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.SetLine(12, true)
		if v := p.INTA(); v != 0x3c {
			b.Fatal(fmt.Sprintf("%#x", v))
		}
		slave.Write(0, 1, 0x64)
		master.Write(0, 1, 0x62)
		p.SetLine(12, false)
	}
}
