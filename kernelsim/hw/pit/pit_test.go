package pit

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/sim"
)

var (
	_ bus.Region = (*PIT)(nil)
	_ bus.Region = portB{}
)

// out writes pairs of port and value.
func (b *bench) out(pairs ...uint64) {
	for i := 0; i < len(pairs); i += 2 {
		b.ports.Write(bus.Addr(pairs[i]), 1, pairs[i+1])
	}
}

// in wants a value of a port.
func (b *bench) in(port bus.Addr, want uint64) {
	b.t.Helper()
	if got := b.ports.Read(port, 1); got != want {
		b.t.Errorf("at tick %d port %#x reads %#x, want %#x", b.p.tick(), port, got, want)
	}
}

// count wants the value of a channel that is read in two bytes.
func (b *bench) count(n uint64, want uint64) {
	b.t.Helper()
	b.out(0x43, n<<6)
	b.in(bus.Addr(0x40+n), want&0xff)
	b.in(bus.Addr(0x40+n), want>>8)
}

// status wants the status byte of a channel.
func (b *bench) status(n uint64, want uint64) {
	b.t.Helper()
	b.out(0x43, 0xe0|2<<n)
	b.in(bus.Addr(0x40+n), want)
}

// until runs to a clock pulse.
func (b *bench) until(tick int64) {
	b.t.Helper()
	if _, err := b.eng.Run(at(tick)); err != nil {
		b.t.Fatal(err)
	}
	if got := b.p.tick(); got != tick {
		b.t.Fatalf("tick %d, want %d", got, tick)
	}
}

// heard wants the changes of the output since the last call.
func (b *bench) heard(want ...string) {
	b.t.Helper()
	if fmt.Sprint(b.log) != fmt.Sprint(want) {
		b.t.Errorf("output %v, want %v", b.log, want)
	}
	b.log = nil
}

func TestClock(t *testing.T) {
	b := newBench(t)
	for _, tt := range []struct {
		at   sim.Time
		tick int64
	}{{0, 0}, {838, 0}, {839, 1}, {1677, 2}, {sim.Second - 1, Hz - 1}, {sim.Second, Hz}, {sim.Second + 839, Hz + 1}, {1000000 * sim.Second, 1000000 * Hz}} {
		if _, err := b.eng.Run(tt.at); err != nil {
			t.Fatal(err)
		}
		if got := b.p.tick(); got != tt.tick {
			t.Errorf("at %d ns tick %d, want %d", tt.at, got, tt.tick)
		}
	}
	for _, n := range []int64{0, 1, 2, 3, Hz - 1, Hz, Hz + 1, 12345678901} {
		here, before := at(n), at(n)-1
		if ticks(here) != n || n > 0 && ticks(before) != n-1 {
			t.Errorf("tick %d begins at %d ns: there it is %d, before %d", n, here, ticks(here), ticks(before))
		}
	}
}

func TestPowerOn(t *testing.T) {
	b := newBench(t)
	b.out(0x40, 0x10, 0x40, 0x10) // a count without a control word
	b.until(5000)
	b.heard()
	b.in(0x40, 0)
	b.in(0x43, 0)
	for _, at := range []bus.Addr{0x3f, 0x44, 0x60, 0x62} {
		b.in(at, 0xff) // nobody's
	}
	b.in(0x61, 0x10) // 5000 / 18 is odd
	if b.p.change.Armed() {
		t.Error("an event waits although nothing counts")
	}
}

func TestOneEvent(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0x30)
	b.status(0, 0x70)
	b.out(0x40, 0x05, 0x40, 0x00)
	b.status(0, 0x70) // not in the counter yet
	b.until(1)
	b.status(0, 0x30)
	b.count(0, 5)
	b.until(3)
	b.count(0, 3)
	b.until(5)
	b.heard()
	b.until(6)
	b.heard("true@6") // N + 1 pulses after the write
	b.count(0, 0)
	b.status(0, 0xb0)
	b.until(8)
	b.count(0, 0xfffe) // counts on
	b.until(80000)
	b.heard()
	b.out(0x40, 0x10) // the first byte stops it
	b.heard("false@80000")
	b.until(80100)
	b.heard()
	b.out(0x40, 0x00)
	b.until(80200)
	b.heard("true@80117")
	b.out(0x43, 0x30)
	b.heard("false@80200")
}

func TestRate(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0x34)
	b.heard("true@0")
	b.out(0x40, 0x0a, 0x40, 0x00)
	b.until(1)
	b.count(0, 10)
	b.until(10)
	b.count(0, 1)
	b.heard("false@10")
	b.until(11)
	b.heard("true@11")
	b.count(0, 10)
	b.until(14)
	b.out(0x40, 0x04, 0x40, 0x00) // takes effect at the end of the period
	b.status(0, 0xf4)
	b.until(19)
	b.heard()
	b.until(30)
	b.heard("false@20", "true@21", "false@24", "true@25", "false@28", "true@29")
	b.status(0, 0xb4)
	b.until(100_000)
	if len(b.log) != (100_000-30)/2 {
		t.Errorf("%d changes", len(b.log))
	}
	b.log = nil
	b.out(0x43, 0x3c)      // 6 is 2
	b.heard("true@100000") // it was the low pulse of a period
	b.out(0x40, 0x03, 0x40, 0x00)
	b.until(100_005)
	b.heard("false@100003", "true@100004")
}

func TestSquare(t *testing.T) {
	tests := []struct {
		word, n uint64
		counts  []uint64 // from tick 1 on
		want    []string
	}{
		{0x36, 6, []uint64{6, 4, 2, 6, 4, 2, 6}, []string{"true@0", "false@4", "true@7", "false@10", "true@13"}},
		{0x36, 5, []uint64{4, 2, 0, 4, 2, 4}, []string{"true@0", "false@4", "true@6", "false@9", "true@11"}},
		{0x3e, 2, []uint64{2, 2, 2}, []string{"true@0", "false@2", "true@3", "false@4", "true@5", "false@6", "true@7", "false@8", "true@9", "false@10", "true@11", "false@12", "true@13"}},
	}
	for _, tt := range tests {
		b := newBench(t)
		b.out(0x43, tt.word, 0x40, tt.n, 0x40, 0)
		for i, want := range tt.counts {
			b.until(int64(i) + 1)
			b.count(0, want)
		}
		b.until(13)
		if tt.n == 5 {
			b.until(13)
		}
		b.heard(tt.want...)
	}
}

func TestStrobe(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0x38)
	b.heard("true@0")
	b.out(0x40, 0x03, 0x40, 0x00)
	b.until(20)
	b.heard("false@4", "true@5")
	if b.p.change.Armed() {
		t.Error("an event waits although the strobe is over")
	}
	b.count(0, 0xfff0)
	b.out(0x40, 0x02, 0x40, 0x00)
	b.until(30)
	b.heard("false@23", "true@24")
}

func TestModesWithoutMeaning(t *testing.T) {
	for _, mode := range []uint64{1, 5} {
		b := newBench(t)
		b.out(0x43, 0x30|mode<<1, 0x40, 0x02, 0x40, 0x00)
		b.until(20)
		b.heard("true@0")
	}
}

func TestByteAccess(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0x10, 0x40, 0x20)
	b.until(1)
	b.in(0x40, 0x20)
	b.in(0x40, 0x20)
	b.until(2)
	b.in(0x40, 0x1f)
	b.out(0x43, 0x00)
	b.until(4)
	b.in(0x40, 0x1f) // latched
	b.in(0x40, 0x1d) // and gone with one read
	b.out(0x43, 0x20, 0x40, 0x02)
	b.until(5)
	b.in(0x40, 0x02)
	b.until(6)
	b.in(0x40, 0x01)
	b.until(4 + 1 + 0x200)
	b.heard("true@517")
}

func TestLatch(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0x34, 0x40, 0x00, 0x40, 0x00) // 65536
	b.until(1)
	b.count(0, 0)
	b.until(2)
	b.out(0x43, 0x00)
	b.until(300)
	b.out(0x43, 0x00) // a second latch command changes nothing
	b.in(0x40, 0xff)
	b.until(400)
	b.in(0x40, 0xff)
	b.in(0x40, 0x71) // 0xfe71 as it runs
	b.until(700)
	b.in(0x40, 0xfd)
	b.out(0x43, 0xc2) // status and count
	b.until(800)
	b.out(0x43, 0xe2) // again: the first stays
	b.in(0x40, 0xb4)
	b.in(0x40, 0x45)
	b.in(0x40, 0xfd)
	b.out(0x43, 0xd2) // count alone
	b.until(900)
	b.in(0x40, 0xe1)
	b.in(0x40, 0xfc)
	b.in(0x41, 0)     // channel 1 was not meant
	b.out(0x43, 0xce) // channels 0, 1 and 2
	b.in(0x41, 0x40)
	b.in(0x42, 0x40)
	b.in(0x40, 0xb4)
	b.out(0x43, 0xf2) // nothing
	b.until(901)
	b.in(0x40, 0x7d)
}

func TestBCD(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0x31, 0x40, 0x34, 0x40, 0x12)
	b.until(1)
	b.count(0, 0x1234)
	b.until(36)
	b.count(0, 0x1199)
	b.until(1236)
	b.heard("true@1235")
	b.count(0, 0x9999)
	b.out(0x43, 0x35, 0x40, 0x00, 0x40, 0x00)
	b.until(1238)
	b.count(0, 0x9999)
	b.until(11237)
	b.heard("false@11236", "true@11237")
	b.status(0, 0xb5)
}

func TestChannel2(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0xb0, 0x42, 0x0a, 0x42, 0x00)
	b.until(10)
	b.in(0x61, 0x00)
	b.count(2, 10) // the gate is low
	b.out(0x61, 0xf1)
	b.in(0x61, 0x01)
	b.until(13)
	b.count(2, 7)
	b.out(0x61, 0x02)
	b.until(17)
	b.in(0x61, 0x02)
	b.count(2, 7)
	b.out(0x61, 0x0d)
	b.out(0x61, 0x0d) // no change
	b.until(23)
	b.in(0x61, 0x1d)
	b.until(24)
	b.in(0x61, 0x3d) // counted ten pulses in all
	b.until(36)
	b.out(0x61, 0x01)
	b.in(0x61, 0x21) // "unknown reason 21"
	b.until(54)
	b.in(0x61, 0x31) // or 31
	b.heard()
}

func TestGateOfPeriodic(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0xb4, 0x42, 0x04, 0x42, 0x00, 0x61, 0x01) // started by the gate
	b.until(1)
	b.count(2, 4)
	b.until(4)
	b.in(0x61, 0x01)
	b.out(0x61, 0x00)
	b.in(0x61, 0x20) // a low gate forces the output high
	b.out(0x42, 0x06, 0x42, 0x00)
	b.until(7)
	b.out(0x61, 0x01)
	b.status(2, 0xf4)
	b.until(8)
	b.count(2, 6)
	b.status(2, 0xb4)
	b.until(13)
	b.in(0x61, 0x01)
	b.until(14)
	b.count(2, 6)
}

func TestReset(t *testing.T) {
	b := newBench(t)
	b.out(0x43, 0x34, 0x40, 0x0a, 0x40, 0x00, 0x61, 0x0f)
	b.p.Reset()
	b.heard("true@0", "false@0")
	b.until(100)
	b.heard()
	b.in(0x61, 0x10)
	New(b.eng, nil).Write(3, 1, 0x34) // nobody listens
}
