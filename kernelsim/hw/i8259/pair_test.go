package i8259

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/i8259/i8259reg"
)

var (
	_ bus.Region            = (*port)(nil)
	_ bus.Region            = (*elcr)(nil)
	_ i8259reg.Acknowledger = Cascade{}
)

// out writes pairs of port and value.
func (b *bench) out(pairs ...uint64) {
	for i := 0; i < len(pairs); i += 2 {
		b.ports.Write(bus.Addr(pairs[i]), 1, pairs[i+1])
	}
}

// in reads a port.
func (b *bench) in(p bus.Addr) uint8 { return uint8(b.ports.Read(p, 1)) }

// up raises lines, down lowers them.
func (b *bench) up(lines ...int) { b.lines(true, lines) }

// inta wants a vector from the acknowledge cycle.
func (b *bench) inta(want uint8) {
	b.t.Helper()
	if got := b.p.INTA(); got != want {
		b.t.Errorf("INTA gives %#02x, want %#02x", got, want)
	}
}

// irr, isr want the registers of the two chips, master first.
func (b *bench) irr(master, slave uint8) { b.t.Helper(); b.registers("IRR", 0x0a, master, slave) }

// int wants a level of the INT pin.
func (b *bench) int(want bool) {
	b.t.Helper()
	if got := b.p.INT(); got != want {
		b.t.Errorf("INT = %v, want %v", got, want)
	}
}

func TestFifteenLinesInOrder(t *testing.T) {
	b := started(t, 0x01)
	b.up(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
	b.irr(0xff, 0xff)
	for _, n := range []uint8{0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 7} {
		b.int(true)
		b.inta(0x30 + n)
		b.int(false)
		if n >= 8 {
			b.isr(0x04, 1<<(n-8))
			b.out(0xa0, 0x60+uint64(n-8), 0x20, 0x62)
		} else {
			b.isr(1<<n, 0)
			b.out(0x20, 0x60+uint64(n))
		}
	}
	b.isr(0, 0)
	b.irr(0, 0)
	b.int(false)
	if want := strings.Repeat("+-", 15); string(b.log) != want {
		t.Errorf("INT went %s, want %s", b.log, want)
	}
}

func TestLinesThatAreNone(t *testing.T) {
	b := started(t, 0x01)
	b.up(2, -1, 16, 99)
	b.irr(0, 0)
	b.int(false)
}

func TestHigherInterruptsLower(t *testing.T) {
	b := started(t, 0x01)
	b.up(5)
	b.inta(0x35)
	b.up(6)
	b.int(false)
	b.up(3)
	b.int(true)
	b.inta(0x33)
	b.isr(0x28, 0)
	b.out(0x20, 0x20) // non-specific: the higher one ends
	b.isr(0x20, 0)
	b.int(false)
	b.out(0x20, 0x20)
	b.inta(0x36)
}

func TestEdgeMustStay(t *testing.T) {
	b := started(t, 0x01)
	b.up(5)
	b.int(true)
	b.down(5)
	b.int(false)
	b.inta(0x37)
	b.isr(0, 0)
	b.up(5)
	b.up(5) // still the same edge
	b.inta(0x35)
	b.out(0x20, 0x65)
	b.int(false) // high, but used up
	b.irr(0, 0)
	b.down(5)
	b.up(5)
	b.irr(0x20, 0)
	b.inta(0x35)
}

func TestLevel(t *testing.T) {
	b := started(t, 0x01)
	b.out(0x4d0, 0xff, 0x4d1, 0xff)
	if m, s := b.in(0x4d0), b.in(0x4d1); m != 0xf8 || s != 0xde {
		t.Errorf("ELCR = %02x %02x, want f8 de: the others are always edges", m, s)
	}
	b.up(5, 12)
	b.inta(0x3c)
	b.irr(0x20, 0x10) // levels stay
	b.out(0xa0, 0x64)
	b.out(0x20, 0x62)
	b.inta(0x3c) // the level asks again
	b.down(12)
	b.out(0xa0, 0x64, 0x20, 0x62)
	b.inta(0x35)
	b.down(5)
	b.out(0x20, 0x65)
	b.int(false)
	b.up(5)
	b.int(true)
	b.out(0x4d0, 0x00) // becomes an edge, which is there too
	b.int(true)
	b.inta(0x35)
	b.out(0x20, 0x65)
	b.int(false)
	b.out(0x4d0, 0x20) // a level again: high is enough
	b.int(true)
}

func TestSpurious(t *testing.T) {
	b := started(t, 0x01)
	b.inta(0x37)
	b.isr(0, 0)
	b.up(12)
	b.down(12)
	b.int(true) // the master keeps the edge of the slave's INT
	b.irr(0x04, 0)
	b.inta(0x3f)
	b.isr(0x04, 0)
	b.out(0x20, 0x62)
	b.isr(0, 0)
	b.int(false)
	b.up(7)
	b.inta(0x37) // a real one has its ISR bit
	b.isr(0x80, 0)
	b.out(0x20, 0x67)
	b.up(6)
	b.out(0x21, 0x40) // masked after it was signaled
	b.inta(0x37)
	b.isr(0, 0)
	b.irr(0x40, 0)
}

func TestMask(t *testing.T) {
	b := started(t, 0x01)
	b.out(0x21, 0xff, 0xa1, 0xff)
	if m, s := b.in(0x21), b.in(0xa1); m != 0xff || s != 0xff {
		t.Errorf("masks read %02x %02x", m, s)
	}
	b.up(1, 9)
	b.int(false)
	b.irr(0x02, 0x02) // IRR shows masked requests, but the slave's INT is low
	b.out(0xa1, 0x00)
	b.irr(0x06, 0x02)
	b.int(false)
	b.out(0x21, 0xfb)
	b.inta(0x39)
	b.out(0x21, 0xf9)
	b.inta(0x31)
}

func TestReset(t *testing.T) {
	b := started(t, 0x13)
	b.out(0x4d0, 0x20, 0x4d1, 0x02, 0xa1, 0xf0, 0x20, 0xc2, 0x20, 0x0b)
	b.up(5, 9)
	b.p.Reset()
	want := "pic0: irr=00 imr=00 isr=00 hprio=0 irq_base=00 rr_sel=0 elcr=00 fnm=0\n" +
		"pic1: irr=00 imr=00 isr=00 hprio=0 irq_base=00 rr_sel=0 elcr=00 fnm=0\n"
	if got := b.p.Dump(); got != want {
		t.Errorf("after reset:\n%swant:\n%s", got, want)
	}
	b.int(false)
	b.up(5) // no new edge: the wire was high all the time
	b.int(false)
	b.out(0x4d0, 0xff)
	if got := b.in(0x4d0); got != 0xf8 {
		t.Errorf("ELCR after reset takes %#x", got)
	}
	b.int(true)
}

func TestWordAccess(t *testing.T) {
	b := started(t, 0x01)
	b.ports.Write(0x20, 2, 0x5a0b)
	b.up(0)
	b.inta(0x30)
	if got := b.ports.Read(0x20, 2); got != 0x5a01 {
		t.Errorf("both ports read %#x, want the ISR and the mask 0x5a01", got)
	}
	if got := b.ports.Read(0x4d0, 2); got != 0 {
		t.Errorf("both ELCR read %#x", got)
	}
}

func TestMapTaken(t *testing.T) {
	for _, at := range []bus.Addr{0x21, 0xa0, 0x4d0, 0x4d1} {
		b := newBench(t)
		ports := bus.New().Ports()
		if err := ports.Map("other", at, 1, &port{b.p, &b.p.master}, 0); err != nil {
			t.Fatal(err)
		}
		if err := b.p.Map(ports); err == nil {
			t.Errorf("port %#x was taken, and Map did not say so", at)
		}
	}
}

// TestAckSaysSpurious asks the default part itself.
func TestAckSaysSpurious(t *testing.T) {
	tests := []struct {
		name     string
		do       func(b *bench)
		vec      uint8
		spurious bool
	}{
		{"nothing", func(b *bench) {}, 0x37, true},
		{"master", func(b *bench) { b.up(7) }, 0x37, false},
		{"slave", func(b *bench) { b.up(15) }, 0x3f, false},
		{"slave gone", func(b *bench) { b.up(15); b.down(15) }, 0x3f, true},
		{"no such slave", func(b *bench) { b.out(0x20, 0x11, 0x21, 0x30, 0x21, 0x10, 0x21, 1); b.up(4) }, 0xff, false},
	}
	for _, tt := range tests {
		b := started(t, 0x01)
		tt.do(b)
		if vec, spurious := (Cascade{}).Ack(&b.p.master, &b.p.slave); vec != tt.vec || spurious != tt.spurious {
			t.Errorf("%s: Ack gives %#x, %v, want %#x, %v", tt.name, vec, spurious, tt.vec, tt.spurious)
		}
	}
}

// TestPortsThatAreNot: the ports beside the pair are nobody's.
func TestPortsThatAreNot(t *testing.T) {
	b := started(t, 0x01)
	for _, at := range []bus.Addr{0x1f, 0x22, 0x9f, 0xa2, 0x4cf, 0x4d2} {
		if got := b.in(at); got != 0xff {
			t.Errorf("port %#x reads %#x", at, got)
		}
	}
}

// fixedAck answers every cycle with one vector.
type fixedAck struct{}

func (fixedAck) Ack(m, s i8259reg.Chip) (uint8, bool) { m.Serve(3); return 0x99, false }

func TestReplace(t *testing.T) {
	b := started(t, 0x01)
	b.p.Replace(fixedAck{})
	b.inta(0x99)
	b.isr(0x08, 0)
	b.p.Replace(nil)
	b.inta(0x37)
	New(nil).SetLine(1, true) // nobody listens
}

func TestLayouts(t *testing.T) {
	tests := []struct{ got, want string }{
		{i8259reg.ICW1().String(0x11), "needs-icw4 icw1"},
		{i8259reg.ICW1().String(0x1e), "single interval-4 level icw1"},
		{i8259reg.ICW4().String(0x03), "8086 auto-eoi not-buffered"},
		{i8259reg.ICW4().String(0x1d), "8086 buffered-master special-fully-nested"},
		{i8259reg.OCW2().String(0x62), "level=0x2 ocw2 specific-eoi"},
		{i8259reg.OCW2().String(0x20), "level=0x0 ocw2 eoi"},
		{i8259reg.OCW2().String(0xe7), "level=0x7 ocw2 rotate-specific-eoi"},
		{i8259reg.OCW3().String(0x0b), "isr ocw3 no-change"},
		{i8259reg.OCW3().String(0x6e), "irr poll ocw3 on"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("shows %q, want %q", tt.got, tt.want)
		}
	}
	for i, l := range []interface{ Check(int) error }{i8259reg.ICW1(), i8259reg.ICW4(), i8259reg.OCW2(), i8259reg.OCW3()} {
		if err := l.Check(8); err != nil {
			t.Errorf("layout %d: %v", i, err)
		}
	}
}

// TestDumpAsRecorded puts the pair into each recorded state and wants the
// recorded line.
func TestDumpAsRecorded(t *testing.T) {
	data, err := os.ReadFile("testdata/oracle.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for line := range strings.Lines(string(data)) {
		var chip, irr, imr, isr, hprio, base, sel, elcr, fnm int
		n, _ := fmt.Sscanf(line, "pic%d: irr=%x imr=%x isr=%x hprio=%d irq_base=%x rr_sel=%d elcr=%x fnm=%d",
			&chip, &irr, &imr, &isr, &hprio, &base, &sel, &elcr, &fnm)
		if n != 9 {
			continue
		}
		lines++
		b := newBench(t)
		cmd := uint64(0x20 + chip*0x80)
		b.out(cmd, 0x11, cmd+1, uint64(base), cmd+1, 0, cmd+1, 1, cmd+1, uint64(imr), 0x4d0+uint64(chip), uint64(elcr))
		for i := range 8 {
			if irr>>i&1 != 0 {
				b.up(8*chip + i)
			}
		}
		if got := strings.SplitAfter(b.p.Dump(), "\n")[chip]; got != line {
			t.Errorf("shows   %srecorded %s", got, line)
		}
	}
	if lines != 6 {
		t.Errorf("compared %d lines, want 6", lines)
	}
}

// The flags of a dump are 0 and 1, as the monitor prints them.
func TestDumpFlags(t *testing.T) {
	b := started(t, 0x11) // special fully nested
	b.out(0x20, 0x0b)     // the command port reads the ISR
	dump := b.p.Dump()
	for _, want := range []string{"rr_sel=1 ", "rr_sel=0 ", "fnm=1\n"} {
		if !strings.Contains(dump, want) {
			t.Errorf("lacks %q:\n%s", want, dump)
		}
	}
}

// Lines that do not exist lead nowhere: the cascade's, and numbers beyond 15.
func TestNoSuchLine(t *testing.T) {
	b := started(t, 0x01)
	for _, n := range []int{-256, -1, 2, 16, 256, 258, 264} {
		b.p.SetLine(n, true)
		b.int(false)
		b.irr(0, 0)
	}
}
