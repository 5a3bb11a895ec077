package ioapic

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
)

// set writes the register at an index.
func (b *bench) set(index uint8, v uint32) {
	b.io.Write(0x00, 4, uint64(index))
	b.io.Write(0x10, 4, uint64(v))
}

// get reads it.
func (b *bench) get(index uint8) uint32 {
	b.io.Write(0x00, 4, uint64(index))
	return uint32(b.io.Read(0x10, 4))
}

// low and high write the halves of entry n.
func (b *bench) low(n uint8, v uint32) { b.set(0x10+2*n, v) }

// entry wants the low half of entry n.
func (b *bench) entry(n uint8, want uint32) {
	b.t.Helper()
	if got := b.get(0x10 + 2*n); got != want {
		b.t.Errorf("entry %d reads %#x, want %#x", n, got, want)
	}
}

// sent wants the messages since the last call: "31" or "fee01004:31".
func (b *bench) sent(want ...string) {
	b.t.Helper()
	var got []string
	for i, m := range b.log {
		s := fmt.Sprintf("%02x", m.Data&0xff)
		if i < len(want) && strings.Contains(want[i], ":") {
			s = fmt.Sprintf("%x:%x", m.Addr, m.Data)
		}
		if m.From != b.io.cfg.Source {
			s += " from somebody else"
		}
		got = append(got, s)
	}
	b.log = b.log[:0]
	if fmt.Sprint(got) != fmt.Sprint(want) {
		b.t.Errorf("messages %v, want %v", got, want)
	}
}

// pin drives pins up and down: "5+ 5- 6+".
func (b *bench) pin(moves string) {
	for _, m := range strings.Fields(moves) {
		var n int
		var way byte
		fmt.Sscanf(m, "%d%c", &n, &way)
		b.io.SetPin(n, way == '+')
	}
}

func TestPowerOn(t *testing.T) {
	b := newBench(t, 0)
	if b.io.Pins() != 24 {
		t.Errorf("%d pins, want 24", b.io.Pins())
	}
	for index, want := range map[uint8]uint32{0: 0, 1: 0x170020, 2: 0, 3: 0, 0x0f: 0,
		0x10: 0x10000, 0x11: 0, 0x3e: 0x10000, 0x3f: 0, 0x40: 0, 0xff: 0} {
		if got := b.get(index); got != want {
			t.Errorf("register %#x reads %#x, want %#x", index, got, want)
		}
	}
	b.pin("0+ 23+ 24+ 99+")
	b.io.SetPin(-1, true)
	b.sent()
	if e := b.io.Entry(24); e != ioapicreg.ResetEntry {
		t.Errorf("entry of no pin = %#x", e)
	}
	if e := b.io.Entry(-1); e != ioapicreg.ResetEntry {
		t.Errorf("entry of no pin = %#x", e)
	}
}

func TestConfig(t *testing.T) {
	tests := []struct {
		cfg     Config
		pins    int
		version uint32
		id      uint32
	}{
		{Config{}, 24, 0x170020, 0},
		{Config{ID: 9, Version: 0x11}, 24, 0x170011, 0x0900_0000},
		{Config{ID: 0x1f, Pins: 1}, 1, 0x20, 0x0f00_0000},
		{Config{Pins: 120}, 120, 0x770020, 0},
		{Config{Pins: 121}, 120, 0x770020, 0},
		{Config{Pins: -3}, 24, 0x170020, 0},
	}
	for _, tt := range tests {
		b := &bench{t: t, io: New(func(bus.Message) {}, tt.cfg)}
		if b.io.Pins() != tt.pins || b.get(1) != tt.version || b.get(0) != tt.id || b.get(2) != tt.id {
			t.Errorf("%+v: %d pins, version %#x, ID %#x, arbitration %#x", tt.cfg, b.io.Pins(), b.get(1), b.get(0), b.get(2))
		}
		last := uint8(0x10 + 2*(tt.pins-1))
		b.set(last+1, 0x4200_0000)
		b.set(last, 0x31)
		if e := b.io.Entry(tt.pins - 1); e != 0x4200_0000_0000_0031 {
			t.Errorf("%+v: last entry %#x", tt.cfg, e)
		}
	}
}

func TestWritesKeepReadOnlyBits(t *testing.T) {
	b := newBench(t, 0)
	b.set(0, 0xffff_ffff)
	b.set(1, 0xffff_ffff)
	b.set(2, 0)
	b.set(3, 0xffff_ffff)
	b.high(0, 0xffff_ffff)
	b.low(0, 0xffff_ffff)
	for index, want := range map[uint8]uint32{0: 0x0f00_0000, 1: 0x170020, 2: 0x0f00_0000, 3: 0, 0x10: 0x1afff, 0x11: 0xffff_0000} {
		if got := b.get(index); got != want {
			t.Errorf("register %#x reads %#x, want %#x", index, got, want)
		}
	}
	b.low(0, 0)
	b.high(0, 0)
	if e := b.io.Entry(0); e != 0 {
		t.Errorf("entry of zeros reads %#x", e)
	}
}

func TestAccessSizes(t *testing.T) {
	b := newBench(t, 0)
	b.io.Write(0x00, 1, 0x12)
	b.io.Write(0x10, 4, 0x31)
	for _, size := range []int{1, 2, 8} {
		b.io.Write(0x10, size, 0x77)
		if got := b.io.Read(0x10, size); got != 0 {
			t.Errorf("the window read with %d bytes gives %#x", size, got)
		}
	}
	b.io.Write(0x14, 4, 0x77)
	b.io.Write(0x08, 4, 0x77)
	if got := b.io.Read(0x10, 4); got != 0x31 {
		t.Errorf("entry reads %#x, want 0x31", got)
	}
	b.io.Write(0x00, 4, 0xabcd_ef12)
	if got := b.io.Read(0x00, 4); got != 0x12 {
		t.Errorf("the index reads %#x, want its eight bits", got)
	}
	for _, off := range []uint32{0x04, 0x0c, 0x14, 0x20, 0x40, 0x100, 0xffc} {
		if got := b.io.Read(off, 4); got != 0 {
			t.Errorf("offset %#x reads %#x", off, got)
		}
	}
}

func TestMessageBits(t *testing.T) {
	tests := []struct {
		high, low uint32
		want      string
	}{
		{0x0100_0000, 0x0031, "fee01000:31"},
		{0x0100_0000, 0x0831, "fee01004:31"},
		{0xff00_0000, 0x8077, "feeff000:c077"},
		{0x0300_0000, 0x2931, "fee0300c:131"}, // lowest priority: redirection hint
		{0x0300_0000, 0x2200, "fee03000:200"}, // SMI
		{0x0300_0000, 0x2400, "fee03000:400"}, // NMI
		{0x0300_0000, 0xa400, "fee03000:400"}, // an edge, even if called level
		{0x0300_0000, 0x2500, "fee03000:500"}, // INIT
		{0x0000_0000, 0x2700, "fee00000:700"}, // ExtINT
		{0x0025_0000, 0x2031, "fee00250:31"},  // remappable: index 0x12
		{0xffff_0000, 0x2831, "feeffff4:31"},
	}
	for _, tt := range tests {
		b := newBench(t, 0)
		b.high(3, tt.high)
		b.low(3, tt.low)
		if b.sent(); tt.low&0x2000 != 0 {
			b.pin("3+ 3-")
		} else {
			b.pin("3+")
		}
		b.sent(tt.want)
	}
}

func TestReservedModesSendNothing(t *testing.T) {
	for _, mode := range []uint32{3, 6} {
		b := newBench(t, 0)
		b.low(3, 0x8031|mode<<8)
		b.low(4, 0x0031|mode<<8)
		b.pin("3+ 4+")
		b.sent()
		b.entry(3, 0x8031|mode<<8)
	}
}

func TestEdge(t *testing.T) {
	b := newBench(t, 0)
	b.low(5, 0x0040)
	b.pin("5+ 5+")
	b.sent("40")
	b.entry(5, 0x0040)
	b.pin("5-")
	b.sent()
	b.pin("5+ 5- 5+")
	b.sent("40", "40")
	b.io.EOI(0x40)
	b.sent()
	b.low(5, 0x1_0040)
	b.pin("5- 5+")
	b.low(5, 0x0040)
	b.sent() // an edge while masked is lost
	b.low(5, 0x2040)
	b.sent() // a register write is no edge
	b.pin("5-")
	b.sent("40") // active low
	b.pin("5+")
	b.sent()
}

func TestLevel(t *testing.T) {
	b := newBench(t, 0)
	b.low(14, 0x8077)
	b.pin("14+")
	b.sent("77")
	b.entry(14, 0xc077)
	b.pin("14- 14+")
	b.sent()
	b.io.EOI(0x76)
	b.entry(14, 0xc077)
	b.io.EOI(0x77)
	b.sent("77") // still active
	b.entry(14, 0xc077)
	b.pin("14-")
	b.io.EOI(0x77)
	b.sent()
	b.entry(14, 0x8077)
	b.pin("14+")
	b.sent("77")
}

func TestLevelMasked(t *testing.T) {
	b := newBench(t, 0)
	b.low(14, 0x1_8077)
	b.pin("14+")
	b.sent()
	b.low(14, 0x8077)
	b.sent("77")
	b.low(14, 0x1_8077)
	b.entry(14, 0x1_c077) // masking leaves remote IRR
	b.io.EOI(0x77)
	b.sent()
	b.entry(14, 0x1_8077)
	b.pin("14-")
	b.low(14, 0x8077)
	b.sent()
	b.low(14, 0xa077) // active low: it is active now
	b.sent("77")
	b.pin("14+")
	b.io.EOI(0x77)
	b.sent()
}

func TestSharedVectorAndStuckEntry(t *testing.T) {
	b := newBench(t, 0)
	b.low(10, 0x8050)
	b.low(11, 0x8050)
	b.low(12, 0x8051)
	b.pin("10+ 11+ 12+ 11-")
	b.sent("50", "50", "51")
	b.io.EOI(0x50)
	b.sent("50") // both are cleared, one is still active
	b.entry(10, 0xc050)
	b.entry(11, 0x8050)
	b.entry(12, 0xc051)
	b.low(12, 0x8061) // another vector while remote IRR is set
	b.io.EOI(0x51)
	b.entry(12, 0xc061)
	b.sent()
	b.low(12, 0x1_0061) // Linux's way out: masked and edge
	b.entry(12, 0x1_0061)
	b.low(12, 0x8061)
	b.sent("61")
	b.high(10, 0x0700_0000) // another destination is harmless
	b.io.EOI(0x50)
	b.sent("fee07000:c050")
}

func TestLevelBitOfOtherModes(t *testing.T) {
	b := newBench(t, 0)
	b.low(4, 0x8431) // NMI
	b.pin("4+")
	b.sent("31")
	b.entry(4, 0x8431)
	b.io.EOI(0x31)
	b.sent()
	b.low(4, 0x8031) // fixed now, and active
	b.sent("31")
	b.low(4, 0x8431)
	b.entry(4, 0xc431)
	b.io.EOI(0x31)
	b.entry(4, 0x8431)
	b.sent()
	b.low(4, 0x8131)
	b.sent("31")
	b.entry(4, 0xc131)
}

func TestEOIRegister(t *testing.T) {
	for _, tt := range []struct {
		version uint8
		want    []string
		entry   uint32
	}{{0x11, nil, 0xc077}, {0x1f, nil, 0xc077}, {0x20, []string{"77"}, 0xc077}, {0x21, []string{"77"}, 0xc077}} {
		b := newBench(t, tt.version)
		b.low(14, 0x8077)
		b.pin("14+")
		b.sent("77")
		b.io.Write(0x40, 1, 0x77)
		b.io.Write(0x44, 4, 0x77)
		b.sent()
		b.io.Write(0x40, 4, 0xffff_ff77)
		b.sent(tt.want...)
		b.entry(14, tt.entry)
		b.io.EOI(0x77) // the broadcast works in every version
		b.sent("77")
	}
}

func TestReset(t *testing.T) {
	b := newBench(t, 0)
	b.set(0, 0x0500_0000)
	b.low(14, 0x8077)
	b.pin("14+ 15+")
	b.io.Reset()
	if b.io.Read(0, 4) != 0 || b.get(0) != 0 {
		t.Error("index and ID stay after reset")
	}
	b.entry(14, 0x1_0000)
	b.sent("77")
	b.low(14, 0x8078) // the wire is still high
	b.low(15, 0x0079)
	b.sent("78")
}
