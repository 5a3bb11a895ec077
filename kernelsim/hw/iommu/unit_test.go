package iommu

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// Where the tests' table and queue lie.
const (
	tableAt bus.Addr = 0x10_0000
	queueAt bus.Addr = 0x20_0000
	doneAt  bus.Addr = 0x20_f000
)

// A bench is a unit with memory and a record of what came out.
type bench struct {
	*Unit
	ram  *bus.Bus
	sent []lapicreg.Message
	tail uint64
}

func newBench(cfg Config) *bench {
	b := &bench{ram: bus.New()}
	mem := bus.NewRAM(0, 1<<30)
	for _, at := range []bus.Addr{tableAt, queueAt} {
		if _, err := mem.Add(at, 0x1_0000); err != nil {
			panic(err)
		}
	}
	if err := b.ram.Map("ram", 0, 1<<30, mem, 0); err != nil {
		panic(err)
	}
	b.Unit = New(b.ram, func(_ *bus.Source, m lapicreg.Message) { b.sent = append(b.sent, m) }, cfg)
	if err := b.ram.Map("dmar0", iommureg.Base, iommureg.Size, b.Unit, 1); err != nil {
		panic(err)
	}
	return b
}

// reg writes a register as software does.
func (b *bench) reg(off, size int, v uint64) { b.ram.Write(iommureg.Base+bus.Addr(off), size, v) }
func (b *bench) get(off, size int) uint64    { return b.ram.Read(iommureg.Base+bus.Addr(off), size) }

// enable takes a table of 2^(log2+1) entries and turns everything on.
func (b *bench) enable(log2 int, eim bool) *bench {
	irta := uint64(tableAt) | uint64(log2)
	if eim {
		irta |= iommureg.EIME
	}
	b.reg(iommureg.IQA, 8, uint64(queueAt))
	b.reg(iommureg.IRTA, 8, irta)
	b.reg(iommureg.GCMD, 4, iommureg.QIE)
	b.reg(iommureg.GCMD, 4, iommureg.QIE|iommureg.SIRTP)
	b.reg(iommureg.GCMD, 4, iommureg.QIE|iommureg.IRE)
	return b
}

// entry writes an entry of the table and says nothing to the unit.
func (b *bench) entryAt(i int, e iommureg.IRTE) {
	at := tableAt + bus.Addr(i*iommureg.IRTESize)
	b.ram.Write(at, 8, e.Low)
	b.ram.Write(at+8, 8, e.High)
}

// queue submits descriptors.
func (b *bench) queue(list ...iommureg.Descriptor) {
	for _, d := range list {
		b.ram.Write(queueAt+bus.Addr(b.tail), 8, d.Low)
		b.ram.Write(queueAt+bus.Addr(b.tail)+8, 8, d.High)
		b.tail = (b.tail + 16) % 4096
	}
	b.reg(iommureg.IQT, 4, b.tail)
}

// take returns what was sent since the last call.
func (b *bench) take() string {
	var words []string
	for _, m := range b.sent {
		mode := "physical"
		if m.Logical {
			mode = "logical"
		}
		w := fmt.Sprintf("%#x %s %v vec=%#x", m.Dest, mode, m.Mode, m.Vector)
		if m.Level {
			w += " level"
		}
		if m.Wide {
			w += " wide"
		}
		words = append(words, w)
	}
	b.sent = nil
	return strings.Join(words, "; ")
}

// fault is the recorded fault, "" if there is none; it is freed.
func (b *bench) fault() string {
	high := b.get(iommureg.FRCD+8, 8)
	if high&iommureg.FaultF == 0 {
		return ""
	}
	b.reg(iommureg.FRCD+8, 8, iommureg.FaultF)
	b.reg(iommureg.FSTS, 4, iommureg.PFO)
	return fmt.Sprintf("reason %#x index %#x sid %#x", high>>32&0xff, b.get(iommureg.FRCD, 8)>>48, high&0xffff)
}

// write is a function's write into the window.
func (b *bench) write(addr uint64, data uint32, who uint16) {
	b.Translate(bus.Message{Addr: bus.Addr(addr), Data: data, From: &bus.Source{Name: "dev", ID: who}})
}

// compat is a message in the compatibility format to APIC 1, vector 0x31.
func (b *bench) compat() { b.write(0xfee0_1000, 0x31, 0x10) }

func TestCompatibilityFormat(t *testing.T) {
	const passes = "0x1 physical fixed vec=0x31"
	tests := []struct {
		name     string
		eim      bool
		gcmd     uint32
		out, bad string
	}{
		{"remapping off", false, 0, passes, ""},
		{"on, CFI clear", false, iommureg.IRE, "", "reason 0x25 index 0x0 sid 0x10"},
		{"on, CFI set", false, iommureg.IRE | iommureg.CFI, passes, ""},
		{"on with 32-bit destinations, CFI set", true, iommureg.IRE | iommureg.CFI, "", "reason 0x25 index 0x0 sid 0x10"},
		{"CFI set alone", false, iommureg.CFI, passes, ""},
	}
	for _, tt := range tests {
		b := newBench(Config{EIM: true}).enable(7, tt.eim)
		b.reg(iommureg.GCMD, 4, uint64(tt.gcmd))
		b.compat()
		if out, bad := b.take(), b.fault(); out != tt.out || bad != tt.bad {
			t.Errorf("%s: sent %q fault %q, want %q and %q", tt.name, out, bad, tt.out, tt.bad)
		}
	}
}

// entryOf is a present entry for anybody.
func entryOf(v uint8, dest uint32, set ...uint64) iommureg.IRTE {
	e := iommureg.IRTE{Low: 1 | uint64(v)<<16 | uint64(dest)<<32}
	for _, bits := range set {
		e.Low |= bits
	}
	return e
}

func TestRemap(t *testing.T) {
	sid := func(e iommureg.IRTE, svt, sq uint8, id uint16) iommureg.IRTE { return e.ForSource(svt, sq, id) }
	tests := []struct {
		name     string
		eim      bool
		irte     iommureg.IRTE // at index 5
		addr     uint64
		data     uint32
		out, bad string
	}{
		{"8-bit destination in bits 15:8", false, entryOf(0x41, 0x300), msg(5, false), 0, "0x3 physical fixed vec=0x41", ""},
		{"logical", false, entryOf(0x41, 0x300, 1<<2), msg(5, false), 0, "0x3 logical fixed vec=0x41", ""},
		{"redirection hint", false, entryOf(0x41, 0x300, 1<<2, 1<<3), msg(5, false), 0, "0x3 logical lowest vec=0x41", ""},
		{"level", false, entryOf(0x41, 0x300, 1<<4), msg(5, false), 0, "0x3 physical fixed vec=0x41 level", ""},
		{"NMI", false, entryOf(0, 0x300, 4<<5), msg(5, false), 0, "0x3 physical nmi vec=0x0", ""},
		{"32-bit destination", true, entryOf(0x41, 0x1_0203), msg(5, false), 0, "0x10203 physical fixed vec=0x41 wide", ""},
		{"beyond 8 bits in xAPIC mode", false, entryOf(0x41, 0x1_0200), msg(5, false), 0, "", "reason 0x24 index 0x5 sid 0x10"},
		{"low bits in xAPIC mode", false, entryOf(0x41, 3), msg(5, false), 0, "", "reason 0x24 index 0x5 sid 0x10"},
		{"data is not looked at", false, entryOf(0x41, 0x300), msg(5, false), 0xdead_c0ff, "0x3 physical fixed vec=0x41", ""},
		{"subhandle added", false, entryOf(0x41, 0x300), msg(3, true), 2, "0x3 physical fixed vec=0x41", ""},
		{"subhandle with upper data", false, entryOf(0x41, 0x300), msg(3, true), 0x1_0002, "", "reason 0x20 index 0x5 sid 0x10"},
		{"reserved address bits", false, entryOf(0x41, 0x300), msg(5, false) | 1, 0, "", "reason 0x20 index 0x5 sid 0x10"},
		{"not present", false, iommureg.IRTE{Low: entryOf(0x41, 0x300).Low &^ 1}, msg(5, false), 0, "", "reason 0x22 index 0x5 sid 0x10"},
		{"not present, FPD", false, iommureg.IRTE{Low: 2}, msg(5, false), 0, "", ""},
		{"reserved bit 12", false, entryOf(0x41, 0x300, 1<<12), msg(5, false), 0, "", "reason 0x24 index 0x5 sid 0x10"},
		{"reserved bit 24", false, entryOf(0x41, 0x300, 1<<24), msg(5, false), 0, "", "reason 0x24 index 0x5 sid 0x10"},
		{"posted format", false, entryOf(0x41, 0x300, 1<<15), msg(5, false), 0, "", "reason 0x24 index 0x5 sid 0x10"},
		{"software's bits", false, entryOf(0x41, 0x300, 0xf00), msg(5, false), 0, "0x3 physical fixed vec=0x41", ""},
		{"reserved, FPD", false, entryOf(0x41, 0x300, 1<<12, 2), msg(5, false), 0, "", ""},
		{"SVT 3", false, sid(entryOf(0x41, 0x300), 3, 0, 0x10), msg(5, false), 0, "", "reason 0x24 index 0x5 sid 0x10"},
		{"beyond the table", false, entryOf(0x41, 0x300), msg(256, false), 0, "", "reason 0x21 index 0x100 sid 0x10"},
		{"index bit 15", false, entryOf(0x41, 0x300), msg(0x8005, false), 0, "", "reason 0x21 index 0x8005 sid 0x10"},
		{"sum beyond 16 bits", false, entryOf(0x41, 0x300), msg(0xffff, true), 6, "", "reason 0x21 index 0x5 sid 0x10"},
		{"its own requester", false, sid(entryOf(0x41, 0x300), 1, 0, 0x10), msg(5, false), 0, "0x3 physical fixed vec=0x41", ""},
		{"another requester", false, sid(entryOf(0x41, 0x300), 1, 0, 0x11), msg(5, false), 0, "", "reason 0x26 index 0x5 sid 0x10"},
		{"another requester, FPD", false, sid(entryOf(0x41, 0x300, 2), 1, 0, 0x11), msg(5, false), 0, "", ""},
		{"SQ 1 leaves out bit 2", false, sid(entryOf(0x41, 0x300), 1, 1, 0x14), msg(5, false), 0, "0x3 physical fixed vec=0x41", ""},
		{"SQ 1 compares bit 1", false, sid(entryOf(0x41, 0x300), 1, 1, 0x12), msg(5, false), 0, "", "reason 0x26 index 0x5 sid 0x10"},
		{"SQ 2 leaves out bits 2:1", false, sid(entryOf(0x41, 0x300), 1, 2, 0x16), msg(5, false), 0, "0x3 physical fixed vec=0x41", ""},
		{"SQ 2 compares bit 0", false, sid(entryOf(0x41, 0x300), 1, 2, 0x11), msg(5, false), 0, "", "reason 0x26 index 0x5 sid 0x10"},
		{"SQ 3 leaves out bits 2:0", false, sid(entryOf(0x41, 0x300), 1, 3, 0x17), msg(5, false), 0, "0x3 physical fixed vec=0x41", ""},
		{"SQ 3 compares bit 3", false, sid(entryOf(0x41, 0x300), 1, 3, 0x18), msg(5, false), 0, "", "reason 0x26 index 0x5 sid 0x10"},
		{"bus in range", false, sid(entryOf(0x41, 0x300), 2, 0, 0x0002), msg(5, false), 0, "0x3 physical fixed vec=0x41", ""},
		{"bus out of range", false, sid(entryOf(0x41, 0x300), 2, 0, 0x0102), msg(5, false), 0, "", "reason 0x26 index 0x5 sid 0x10"},
	}
	for _, tt := range tests {
		b := newBench(Config{EIM: true}).enable(7, tt.eim)
		b.entryAt(5, tt.irte)
		b.write(tt.addr, tt.data, 0x10)
		if out, bad := b.take(), b.fault(); out != tt.out || bad != tt.bad {
			t.Errorf("%s: sent %q fault %q, want %q and %q", tt.name, out, bad, tt.out, tt.bad)
		}
	}
}

// msg is a remappable address.
func msg(index int, shv bool) uint64 {
	a := uint64(0xfee0_0010) | uint64(index&0x7fff)<<5 | uint64(index>>15)<<2
	if shv {
		a |= 1 << 3
	}
	return a
}

// TestMultiMessage: one address and data that differ in their low bits reach
// entries in a row, each with a vector and a processor of its own.
func TestMultiMessage(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	for i := range 4 {
		b.entryAt(8+i, entryOf(uint8(0x40+0x11*i), uint32(i)<<8))
	}
	addr, data := iommureg.ComposeMSI(8, 0)
	for i := range 4 {
		b.write(addr, data|uint32(i), 0)
	}
	want := "0x0 physical fixed vec=0x40; 0x1 physical fixed vec=0x51; 0x2 physical fixed vec=0x62; 0x3 physical fixed vec=0x73"
	if got := b.take(); got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// TestForgottenInvalidation: a changed entry is not seen before the unit is
// told to forget it.
func TestForgottenInvalidation(t *testing.T) {
	send := func(b *bench) string { b.write(msg(5, false), 0, 0); return b.take() }
	for name, d := range map[string]iommureg.Descriptor{
		"this index": iommureg.InvalidateIndex(5, 0), "a block of indices": iommureg.InvalidateIndex(4, 1), "all": iommureg.InvalidateAll(),
	} {
		b := newBench(Config{}).enable(7, false)
		b.entryAt(5, entryOf(0x41, 0x100))
		first := send(b)
		b.entryAt(5, entryOf(0x42, 0x200))
		if stale := send(b); stale != first {
			t.Errorf("before invalidation: %q, want the old %q", stale, first)
		}
		b.queue(iommureg.InvalidateIndex(6, 0))
		if stale := send(b); stale != first {
			t.Errorf("after invalidation of another index: %q, want the old %q", stale, first)
		}
		b.queue(d)
		if got := send(b); got != "0x2 physical fixed vec=0x42" {
			t.Errorf("after invalidation of %s: %q", name, got)
		}
	}
}

// TestNotPresentIsNotCached: an entry that becomes present needs no
// invalidation, one that is taken away does.
func TestNotPresentIsNotCached(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	b.write(msg(5, false), 0, 0)
	if b.fault() == "" {
		t.Error("an entry that is not present let a message pass")
	}
	b.entryAt(5, entryOf(0x41, 0x100))
	b.write(msg(5, false), 0, 0)
	b.entryAt(5, iommureg.IRTE{})
	b.write(msg(5, false), 0, 0)
	if got := b.take(); got != "0x1 physical fixed vec=0x41; 0x1 physical fixed vec=0x41" {
		t.Errorf("sent %q: want the message twice, the second time from the cache", got)
	}
}
