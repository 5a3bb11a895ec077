package bus

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/reg"
)

var (
	_ Region = (*RAM)(nil)
	_ Region = (*reg.Map)(nil)
)

// A probe is a region that answers with its own number and notes accesses.
type probe struct {
	answer uint64
	log    []string
}

func (p *probe) Read(off uint32, size int) uint64 {
	p.log = append(p.log, fmt.Sprintf("r%d@%x", size, off))
	return p.answer
}

func (p *probe) Write(off uint32, size int, v uint64) {
	p.log = append(p.log, fmt.Sprintf("w%d@%x=%x", size, off, v))
}

func (p *probe) take() string {
	s := strings.Join(p.log, " ")
	p.log = nil
	return s
}

// mapped is Map for a test that wants it to succeed.
func mapped(t *testing.T, b *Bus, name string, base Addr, size uint64, r Region, prio int) {
	t.Helper()
	if err := b.Map(name, base, size, r, prio); err != nil {
		t.Fatal(err)
	}
}

func TestPriorityDecidesOverlap(t *testing.T) {
	b := New()
	mapped(t, b, "low", 0x1000, 0x1000, &probe{answer: 1}, 0)
	mapped(t, b, "high", 0x1400, 0x100, &probe{answer: 2}, 1)
	mapped(t, b, "beyond", 0x1f00, 0x200, &probe{answer: 3}, -1)
	tests := []struct {
		a    Addr
		want uint64
	}{
		{0x0fff, 0xff}, {0x1000, 1}, {0x13ff, 1}, {0x1400, 2}, {0x14ff, 2}, {0x1500, 1},
		{0x1fff, 1}, {0x2000, 3}, {0x20ff, 3}, {0x2100, 0xff},
	}
	for _, tt := range tests {
		if got := b.Read(tt.a, 1); got != tt.want {
			t.Errorf("at %#x answers %d, want %d", tt.a, got, tt.want)
		}
	}
	mapped(t, b, "wide", 0, 0x100, &probe{answer: 4}, 0)
	mapped(t, b, "first byte", 0, 1, &probe{answer: 5}, 1)
	if got := b.Read(0, 2); got != 0x0405 {
		t.Errorf("at 0 and 1 answer %#x, want 5 and 4", got)
	}
	if !b.Unmap("high") || b.Unmap("high") {
		t.Error("Unmap removes a mapping once")
	}
	if got := b.Read(0x1400, 1); got != 1 {
		t.Errorf("with high gone, %d answers at 0x1400, want 1", got)
	}
}

func TestAccessReachesRegion(t *testing.T) {
	b, p, q := New(), &probe{answer: 0xab}, &probe{answer: 0xcd}
	mapped(t, b, "p", 0x100, 0x10, p, 0)
	mapped(t, b, "q", 0x110, 0x10, q, 0)
	b.Write(0x104, 4, 0xffff_ffff_0000_0007)
	if got := p.take(); got != "w4@4=7" {
		t.Errorf("a write arrives as %q: want its offset, and only its bytes", got)
	}
	b.Write(0x10c, 4, 1)
	if got := p.take(); got != "w4@c=1" {
		t.Errorf("a write to the last bytes arrives as %q, want it whole", got)
	}
	if got := b.Read(0x10e, 4); got != 0xcdcd_abab {
		t.Errorf("a read across a border = %#x", got)
	}
	b.Write(0x10f, 2, 0x2211)
	if got := p.take() + "|" + q.take(); got != "r1@e r1@f w1@f=11|r1@0 r1@1 w1@0=22" {
		t.Errorf("accesses across a border arrive as %q", got)
	}
	for _, size := range []int{0, 3, 16, -4} {
		b.Write(0x100, size, 1)
		if got := b.Read(0x100, size); got != 0 || p.take() != "" {
			t.Errorf("an access of %d bytes was answered with %#x", size, got)
		}
	}
}

func TestNobodyAnswers(t *testing.T) {
	b := New()
	for size, want := range map[int]uint64{1: 0xff, 2: 0xffff, 4: 0xffff_ffff, 8: ^uint64(0)} {
		b.Write(0x1234, size, 0)
		if got := b.Read(0x1234, size); got != want {
			t.Errorf("a read of %d bytes = %#x, want %#x", size, got, want)
		}
	}
	top := ^Addr(0)
	mapped(t, b, "top", top, 1, &probe{answer: 1}, 0)
	if got := b.Read(top, 2); got != 0xff01 {
		t.Errorf("a read past the last address = %#x, want 0xff01", got)
	}
}

func TestMapRefuses(t *testing.T) {
	b := New()
	mapped(t, b, "ioapic", 0xfec0_0000, 0x1000, &probe{}, 0)
	ram := NewRAM(0x1000, 0x1000)
	tests := []struct {
		name string
		base Addr
		size uint64
		r    Region
		prio int
		want string
	}{
		{"twin", 0xfec0_0fff, 1, &probe{}, 0, `overlaps "ioapic" at 0xfec00000-0xfec00fff with the same priority 0`},
		{"above", 0xfec0_0fff, 1, &probe{}, 1, ""},
		{"before", 0xfebf_ffff, 1, &probe{}, 0, ""},
		{"into", 0xfebf_fff0, 0x11, &probe{}, 0, `overlaps "ioapic"`},
		{"next", 0xfec0_1000, 1, &probe{}, 0, ""},
		{"none", 0, 0, &probe{}, 0, "no address range"},
		{"wraps", ^Addr(0), 2, &probe{}, 0, "no address range"},
		{"nil", 0, 1, nil, 0, "no region"},
		{"widest", 0, 1 << 32, &probe{}, 8, ""},
		{"wide", 0, 1<<32 + 1, &probe{}, 9, "split the region"},
		{"ram", 0x1000, 0x1000, ram, 2, ""},
		{"ram2", 0x1800, 0x1000, ram, 3, "not inside the RAM's 0x1000-0x1fff"},
	}
	for _, tt := range tests {
		err := b.Map(tt.name, tt.base, tt.size, tt.r, tt.prio)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.want)
		}
	}
}

func TestMessages(t *testing.T) {
	b, chip := New(), &probe{answer: 5}
	mapped(t, b, "apic", MessageBase, 0x1000, chip, 0)
	b.DMAWrite(0xfee0_1000, 4, 0x31) // nobody has asked for messages: lost
	var got []Message
	b.OnMessage(func(m Message) { got = append(got, m) })
	b.DMAWrite(0xfee0_1000, 4, 0xffff_0000_0031)
	b.DMAWrite(MessageLast-3, 4, 0x40)
	b.DMAWrite(0xfee0_1002, 4, 1) // not aligned
	b.DMAWrite(0xfee0_1000, 8, 1) // not a doubleword
	b.DMAWrite(0xfeef_ffff+1, 4, 1)
	b.Write(0xfee0_00b0, 4, 0) // a processor's write reaches its own APIC
	want := []Message{{Addr: 0xfee0_1000, Data: 0x31}, {Addr: 0xfeef_fffc, Data: 0x40}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("messages %v, want %v", got, want)
	}
	if log := chip.take(); log != "w4@b0=0" {
		t.Errorf("the chip saw %q, want the processor's write alone", log)
	}
	mapped(t, b, "end", MessageLast-7, 8, chip, 0)
	b.DMAWrite(MessageLast, 1, 1)
	for _, a := range []Addr{MessageLast - 7, MessageLast} {
		if v := b.DMARead(a, 1); v != 0xff || chip.take() != "" {
			t.Errorf("a device's read at %#x = %#x, want all ones", a, v)
		}
	}
	if v := b.DMARead(MessageBase, 8); v != ^uint64(0) {
		t.Errorf("a device's read of 8 bytes = %#x, want all ones", v)
	}
	if v := b.DMARead(MessageBase, 4); v != 0xffff_ffff || chip.take() != "" {
		t.Errorf("a device's read of the window = %#x, want all ones", v)
	}
	if v := b.DMARead(0x10, 2); v != 0xffff {
		t.Errorf("a device's read elsewhere = %#x", v)
	}
	if v := b.DMARead(MessageBase, 3); v != 0 {
		t.Errorf("a device's read of 3 bytes = %#x", v)
	}
	ram := NewRAM(0x1000, 0x100)
	if _, err := ram.Add(0x1000, 0x100); err != nil {
		t.Fatal(err)
	}
	mapped(t, b, "ram", 0x1000, 0x100, ram, 0)
	src := &Source{"00:05.0", 0x28}
	b.DMAWriteFrom(src, 0x1010, 4, 0x1_2345_6789)
	if v := b.DMARead(0x1010, 8); v != 0x2345_6789 {
		t.Errorf("a device wrote 0x23456789 to memory and reads %#x", v)
	}
	if b.DMAWriteFrom(src, 0xfee0_0000, 4, 1); got[len(got)-1].From != src {
		t.Error("a message forgets who wrote it")
	}
}

func TestTree(t *testing.T) {
	b := New()
	mapped(t, b, "ioapic", 0xfec0_0000, 0x1000, &probe{}, 0)
	mapped(t, b, "pc.ram", 0, 0x800_0000, NewRAM(0, 0x800_0000), 0)
	mapped(t, b, "vga", 0xa_0000, 0x2_0000, &probe{}, 1)
	mapped(t, b, "rom", 0xa_0000, 0x1_0000, &probe{}, 2)
	b.OnMessage(func(Message) {})
	want := `address-space: memory
  0000000000000000-ffffffffffffffff (prio 0, i/o): system
    0000000000000000-0000000007ffffff (prio 0, ram): pc.ram
    00000000000a0000-00000000000affff (prio 2, i/o): rom
    00000000000a0000-00000000000bffff (prio 1, i/o): vga
    00000000fec00000-00000000fec00fff (prio 0, i/o): ioapic
    00000000fee00000-00000000feefffff (prio 4096, i/o): apic-msi
`
	if got := b.Tree(); got != want {
		t.Errorf("tree:\n%swant:\n%s", got, want)
	}
}

func TestAccessAllocatesNothing(t *testing.T) {
	b := New()
	ram := NewRAM(0, 1<<32)
	if _, err := ram.Add(0x1000, 0x1000); err != nil {
		t.Fatal(err)
	}
	regs := reg.Must(reg.New("regs", 4, reg.Register{Name: "R", Size: 4, Count: 4, RW: 0xff}))
	mapped(t, b, "ram", 0, 1<<32, ram, 0)
	mapped(t, b, "regs", 0x8000, 0x10, regs, 1)
	sum := uint64(0)
	b.OnMessage(func(m Message) { sum += uint64(m.Data) })
	n := testing.AllocsPerRun(100, func() {
		b.Write(0x1008, 8, 7)
		b.Write(0x8004, 4, 7)
		b.Write(0x800e, 4, 7) // from the registers into RAM without memory
		sum += b.Read(0x1008, 8) + b.Read(0x8004, 4) + b.Read(0x800e, 4)
		b.DMAWrite(MessageBase, 4, 1)
		w, _ := b.Bytes(0x1000, 64)
		sum += uint64(w[8])
	})
	if n != 0 {
		t.Errorf("%v allocations in a turn of reads and writes, want 0", n)
	}
}

func BenchmarkBusWriteRAM(b *testing.B) {
	bus, ram := New(), NewRAM(0, 1<<30)
	ram.Add(0, 1<<20)
	bus.Map("ram", 0, 1<<30, ram, 0)
	b.ReportAllocs()
	for b.Loop() {
		bus.Write(0x1000, 8, 7)
	}
}
