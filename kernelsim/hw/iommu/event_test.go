package iommu

import (
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/iommu/iommureg"
)

const event = "0x2 physical fixed vec=0x29"

// withEvent is a bench whose fault event message goes to APIC 2 as vector
// 0x29, once it is unmasked.
func withEvent(cfg Config, eim bool) *bench {
	b := newBench(cfg).enable(7, eim)
	b.reg(iommureg.FEDATA, 4, 0x29)
	b.reg(iommureg.FEADDR, 4, 0xfee0_2000)
	return b
}

// TestHeldBackEventIsDropped: what was reported and read meanwhile sends no
// message when the mask falls; what is still to be read does.
func TestHeldBackEventIsDropped(t *testing.T) {
	for _, tt := range []struct {
		name string
		read func(b *bench)
		ctl  uint64
		want string
	}{
		{"nothing read", func(b *bench) {}, iommureg.EventMask | iommureg.EventPend, event},
		{"all read", func(b *bench) { b.fault() }, iommureg.EventMask, ""},
		{"the overflow left", func(b *bench) { b.reg(iommureg.FRCD+8, 8, iommureg.FaultF) }, iommureg.EventMask | iommureg.EventPend, event},
		{"the record left", func(b *bench) { b.reg(iommureg.FSTS, 4, iommureg.PFO) }, iommureg.EventMask | iommureg.EventPend, event},
		{"a queue error besides", func(b *bench) {
			b.queue(iommureg.Descriptor{Low: 0xf})
			b.fault()
		}, iommureg.EventMask | iommureg.EventPend, event},
		{"the queue error read too", func(b *bench) {
			b.queue(iommureg.Descriptor{Low: 0xf})
			b.fault()
			b.ram.Write(queueAt, 8, iommureg.InvalidateAll().Low)
			b.reg(iommureg.FSTS, 4, iommureg.IQE)
		}, iommureg.EventMask, ""},
	} {
		b := withEvent(Config{}, false)
		b.write(msg(1, false), 0, 0)
		b.write(msg(2, false), 0, 0)
		tt.read(b)
		if got := b.get(iommureg.FECTL, 4); got != tt.ctl {
			t.Errorf("%s: FECTL %#x, want %#x", tt.name, got, tt.ctl)
		}
		b.reg(iommureg.FECTL, 4, 0)
		if got := b.take(); got != tt.want || b.get(iommureg.FECTL, 4) != 0 {
			t.Errorf("%s: unmasked, it sends %q and FECTL is %#x; want %q and 0", tt.name, got, b.get(iommureg.FECTL, 4), tt.want)
		}
	}
}

// TestHeldBackEventOfOneFault: freeing the only record is enough.
func TestHeldBackEventOfOneFault(t *testing.T) {
	b := withEvent(Config{}, false)
	b.write(msg(1, false), 0, 0)
	b.reg(iommureg.FRCD+8, 8, iommureg.FaultF)
	if got := b.get(iommureg.FECTL, 4); got != iommureg.EventMask {
		t.Errorf("with the record free FECTL is %#x", got)
	}
}

// TestQueueErrorRaisesEvent: a queue that stopped tells so.
func TestQueueErrorRaisesEvent(t *testing.T) {
	b := withEvent(Config{}, false)
	b.reg(iommureg.FECTL, 4, 0)
	b.queue(iommureg.Descriptor{Low: 0xf})
	if got := b.take(); got != event {
		t.Errorf("a bad descriptor sends %q, want %q", got, event)
	}
}

// TestEventDestination: bits 31:8 of a wide one are FEUADR's; its low byte is
// reserved.
func TestEventDestination(t *testing.T) {
	b := withEvent(Config{EIM: true}, true)
	b.reg(iommureg.FEUADR, 4, 0x0001_0081)
	b.reg(iommureg.FECTL, 4, 0)
	b.write(msg(1, false), 0, 0)
	if got := b.take(); got != "0x10002 physical fixed vec=0x29 wide" {
		t.Errorf("event %q", got)
	}
}

// TestWaits: a wait does what it says and nothing else.
func TestWaits(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	b.queue(iommureg.WaitFor(7, uint64(doneAt)|3))
	if got := b.ram.Read(doneAt, 8); got != 7 {
		t.Errorf("the status reads %#x, want 7: the address's low bits are reserved", got)
	}
	if b.get(iommureg.ICS, 4) != 0 {
		t.Error("a wait that only writes its status sets ICS too")
	}
	last := queueAt + 0xfffc
	b.queue(iommureg.WaitFor(8, uint64(last)))
	if got := b.ram.Read(last, 4); got != 8 {
		t.Errorf("the memory's last word reads %#x, want 8", got)
	}
	b.ram.Write(doneAt, 4, 1)
	b.queue(iommureg.Descriptor{Low: iommureg.Wait | 1<<4 | 9<<32, High: uint64(doneAt)})
	if got := b.ram.Read(doneAt, 4); got != 1 || b.get(iommureg.ICS, 4) != 1 {
		t.Errorf("a wait that only interrupts wrote %#x, ICS is %d", got, b.get(iommureg.ICS, 4))
	}
}

// TestCommand: software writes all bits that are to be on; a bit that does not
// change has no effect, and GSTS shows what is on.
func TestCommand(t *testing.T) {
	b := newBench(Config{})
	b.reg(iommureg.IQA, 8, uint64(queueAt))
	want := uint64(0)
	for _, tt := range []struct{ write, status uint64 }{
		{iommureg.QIE, iommureg.QIE},
		{iommureg.QIE, iommureg.QIE},
		{iommureg.QIE | iommureg.SIRTP, iommureg.QIE | iommureg.SIRTP},
		{iommureg.QIE | iommureg.IRE, iommureg.QIE | iommureg.SIRTP | iommureg.IRE},
		{iommureg.QIE | iommureg.IRE | iommureg.CFI, iommureg.QIE | iommureg.SIRTP | iommureg.IRE | iommureg.CFI},
		{iommureg.QIE, iommureg.QIE | iommureg.SIRTP},
	} {
		b.reg(iommureg.GCMD, 4, tt.write)
		if got := b.get(iommureg.GSTS, 4); got != tt.status {
			t.Errorf("after %#x was written GSTS is %#x, want %#x", tt.write, got, tt.status)
		}
		b.queue(iommureg.InvalidateAll())
		if want += iommureg.DescriptorSize; b.get(iommureg.IQH, 8) != want {
			t.Errorf("after %#x was written the head is %#x, want %#x", tt.write, b.get(iommureg.IQH, 8), want)
		}
	}
}

// TestReset: nothing of what was before counts any more, not the table, nor
// what was read from it.
func TestReset(t *testing.T) {
	b := newBench(Config{EIM: true}).enable(7, true)
	b.entryAt(2, entryOf(0x41, 1))
	b.write(msg(2, false), 0, 0)
	b.take()
	b.Reset()
	b.compat()
	if got := b.take(); got != "0x1 physical fixed vec=0x31" {
		t.Errorf("after reset a message becomes %q", got)
	}
	b.reg(iommureg.GCMD, 4, iommureg.IRE)
	if got := b.get(iommureg.GSTS, 4); got != iommureg.IRE {
		t.Errorf("after reset and IRE GSTS is %#x", got)
	}
	for index, want := range map[int]string{1: "reason 0x23 index 0x1 sid 0x0", 2: "reason 0x21 index 0x2 sid 0x0"} {
		b.write(msg(index, false), 0, 0)
		if got := b.fault(); got != want {
			t.Errorf("the table at 0 with two entries: %q, want %q", got, want)
		}
	}
	b.entryAt(2, entryOf(0x42, 0x200))
	if b.enable(7, false).write(msg(2, false), 0, 0); b.take() != "0x2 physical fixed vec=0x42" {
		t.Error("an entry that was read before the reset is still used")
	}
}

// TestOffers: what the two kinds of unit offer, and which bits of the event's
// address exist.
func TestOffers(t *testing.T) {
	for eim, want := range map[bool]string{false: "qi ir mhmv=0xf", true: "qi ir eim mhmv=0xf"} {
		b := newBench(Config{EIM: eim})
		if got := iommureg.ExtendedCapability().String(b.get(iommureg.ECAP, 8)); got != want {
			t.Errorf("ECAP of a unit with EIM %v is %q, want %q", eim, got, want)
		}
		b.reg(iommureg.FEADDR, 4, 0xffff_ffff)
		if got := b.get(iommureg.FEADDR, 4); got != 0xffff_fffc {
			t.Errorf("FEADDR takes %#x", got)
		}
		for at := bus.Addr(0x230); at < iommureg.Size; at += 8 {
			if got := b.ram.Read(iommureg.Base+at, 8); got != 0 {
				t.Errorf("offset %#x reads %#x", at, got)
			}
		}
	}
}
