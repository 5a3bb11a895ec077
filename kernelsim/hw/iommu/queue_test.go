package iommu

import (
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/iommu/iommureg"
)

func TestQueue(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	b.queue(iommureg.InvalidateAll(), iommureg.WaitFor(2, uint64(doneAt)))
	if got := b.ram.Read(doneAt, 4); got != 2 {
		t.Errorf("the wait's status reads %d, want 2", got)
	}
	if h := b.get(iommureg.IQH, 8); h != 32 {
		t.Errorf("head %d after two descriptors, want 32", h)
	}
	b.queue(iommureg.Descriptor{Low: iommureg.Wait | 1<<4})
	if ics := b.get(iommureg.ICS, 4); ics != 1 {
		t.Errorf("ICS %d after a wait that interrupts, want 1", ics)
	}
	b.reg(iommureg.ICS, 4, 1)
	if ics := b.get(iommureg.ICS, 4); ics != 0 {
		t.Error("ICS is not cleared by a written one")
	}
	for range 300 { // round the end of the page
		b.queue(iommureg.InvalidateAll())
	}
	if h, tail := b.get(iommureg.IQH, 8), b.get(iommureg.IQT, 8); h != tail || h >= 4096 {
		t.Errorf("head %#x, tail %#x after a turn round the queue", h, tail)
	}
}

// TestQueueOff: without QIE nothing is carried out, and switching on begins at
// the queue's start.
func TestQueueOff(t *testing.T) {
	b := newBench(Config{})
	b.reg(iommureg.IQA, 8, uint64(queueAt))
	b.queue(iommureg.WaitFor(7, uint64(doneAt)))
	if b.ram.Read(doneAt, 4) != 0 {
		t.Error("a queue that is off was worked on")
	}
	b.reg(iommureg.GCMD, 4, iommureg.QIE)
	if b.ram.Read(doneAt, 4) != 7 {
		t.Error("what was waiting is not carried out when the queue is switched on")
	}
	b.reg(iommureg.GCMD, 4, 0)
	if h, s := b.get(iommureg.IQH, 8), b.get(iommureg.GSTS, 4); h != 0 || s != 0 {
		t.Errorf("switched off: head %d, GSTS %#x, want 0 and 0", h, s)
	}
}

// TestQueueError: what is no descriptor stops the queue; with the error
// cleared it goes on where it was.
func TestQueueError(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	b.queue(iommureg.Descriptor{Low: 0xf}, iommureg.WaitFor(3, uint64(doneAt)))
	if b.get(iommureg.FSTS, 4)&iommureg.IQE == 0 || b.ram.Read(doneAt, 4) != 0 || b.get(iommureg.IQH, 8) != 0 {
		t.Fatal("a bad descriptor did not stop the queue at itself")
	}
	b.ram.Write(queueAt, 8, iommureg.InvalidateAll().Low)
	b.reg(iommureg.FSTS, 4, iommureg.IQE)
	if b.ram.Read(doneAt, 4) != 3 || b.get(iommureg.FSTS, 4) != 0 {
		t.Error("the queue did not go on after the error was cleared")
	}
	b.reg(iommureg.IQA, 8, 0x3f00_0000) // no memory there
	b.queue(iommureg.InvalidateAll())
	if b.get(iommureg.FSTS, 4)&iommureg.IQE == 0 {
		t.Error("a queue in no memory is no error")
	}
}

// TestWaitCannotRingTheDoorbell: a status that would be written to the unit's
// own registers is lost, so that the queue ends.
func TestWaitCannotRingTheDoorbell(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	b.queue(iommureg.WaitFor(0x100, iommureg.Base+iommureg.IQT))
	if tail := b.get(iommureg.IQT, 8); tail != 16 {
		t.Errorf("the tail became %#x", tail)
	}
}

func TestFaults(t *testing.T) {
	b := newBench(Config{Source: &bus.Source{Name: "dmar0"}}).enable(7, false)
	b.reg(iommureg.FEDATA, 4, 0x29)
	b.reg(iommureg.FEADDR, 4, 0xfee0_2000)
	b.write(msg(1, false), 0, 0x10)
	if b.take() != "" || b.get(iommureg.FECTL, 4) != iommureg.EventMask|iommureg.EventPend {
		t.Error("a masked fault event does not wait")
	}
	b.reg(iommureg.FECTL, 4, 0)
	if got := b.take(); got != "0x2 physical fixed vec=0x29" {
		t.Errorf("the event sent when the mask fell: %q", got)
	}
	b.write(msg(2, false), 0, 0x20)
	if got := b.get(iommureg.FSTS, 4); got != iommureg.PPF|iommureg.PFO {
		t.Errorf("FSTS %#x after a second fault, want PPF and PFO", got)
	}
	if got := b.take(); got != "" {
		t.Errorf("a fault while others are unread sent %q", got)
	}
	if got := b.fault(); got != "reason 0x22 index 0x1 sid 0x10" {
		t.Errorf("the record holds %q, want the first fault", got)
	}
	if got := b.get(iommureg.FSTS, 4); got != 0 {
		t.Errorf("FSTS %#x when all is read", got)
	}
	b.write(msg(3, false), 0, 0x30)
	if got := b.take(); got != "0x2 physical fixed vec=0x29" {
		t.Errorf("the next fault's event: %q", got)
	}
}

// TestTableWhereNoMemoryIs: a table that cannot be read is a fault and no
// crash.
func TestTableWhereNoMemoryIs(t *testing.T) {
	b := newBench(Config{})
	b.reg(iommureg.IRTA, 8, 0x3f00_0000|7)
	b.reg(iommureg.GCMD, 4, iommureg.SIRTP)
	b.reg(iommureg.GCMD, 4, iommureg.IRE)
	b.write(msg(1, false), 0, 0x10)
	if got := b.fault(); got != "reason 0x23 index 0x1 sid 0x10" {
		t.Errorf("fault %q", got)
	}
}

// TestTablePointerIsLatched: IRTA counts when SIRTP says so.
func TestTablePointerIsLatched(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	b.entryAt(0, entryOf(0x41, 0x100))
	b.reg(iommureg.IRTA, 8, 0x3f00_0000)
	b.write(msg(0, false), 0, 0)
	if got := b.take(); got != "0x1 physical fixed vec=0x41" {
		t.Errorf("with another IRTA written: sent %q, want the old table's entry", got)
	}
}

func TestRegisters(t *testing.T) {
	b := newBench(Config{})
	if v := b.get(iommureg.VER, 4); v != 0x10 {
		t.Errorf("VER %#x", v)
	}
	b.reg(iommureg.IRTA, 8, ^uint64(0))
	if v := b.get(iommureg.IRTA, 8); v != iommureg.PageMask|0xf {
		t.Errorf("IRTA takes %#x: EIME must not be offered", v)
	}
	b.reg(iommureg.IQA, 8, ^uint64(0))
	if v := b.get(iommureg.IQA, 8); v != iommureg.PageMask|7 {
		t.Errorf("IQA takes %#x", v)
	}
	b.reg(iommureg.CAP, 8, 0)
	if v := b.get(iommureg.CAP, 8); v != iommureg.CapValue {
		t.Errorf("CAP became %#x", v)
	}
	b.ram.Write(iommureg.Base+iommureg.GCMD+3, 1, 0xff) // not a doubleword
	if v := b.get(iommureg.GSTS, 4); v != 0 {
		t.Errorf("a byte written to GCMD made GSTS %#x", v)
	}
	b.enable(7, false)
	b.Reset()
	if v := b.get(iommureg.GSTS, 4); v != 0 || b.get(iommureg.FECTL, 4) != iommureg.EventMask {
		t.Errorf("after reset GSTS is %#x", v)
	}
}

func TestCachedTranslationAllocatesNothing(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	b.entryAt(5, entryOf(0x41, 0x100))
	b.sent = make([]lapicMessage, 0, 1000)
	m := bus.Message{Addr: bus.Addr(msg(5, false)), From: &bus.Source{}}
	n := testing.AllocsPerRun(100, func() { b.Translate(m); b.sent = b.sent[:0] })
	if n != 0 {
		t.Errorf("%v allocations for a cached translation, want 0", n)
	}
}

func BenchmarkTranslate(b *testing.B) {
	x := newBench(Config{}).enable(7, false)
	x.entryAt(5, entryOf(0x41, 0x100))
	m := bus.Message{Addr: bus.Addr(msg(5, false)), From: &bus.Source{}}
	b.ReportAllocs()
	for b.Loop() {
		x.Translate(m)
		x.sent = x.sent[:0]
	}
}

// TestWideEvent: with 32-bit destinations the fault event has one too.
func TestWideEvent(t *testing.T) {
	b := newBench(Config{EIM: true}).enable(7, true)
	b.reg(iommureg.FEDATA, 4, 0x29)
	b.reg(iommureg.FEADDR, 4, 0xfee0_2000)
	b.reg(iommureg.FEUADR, 4, 0x0001_0000)
	b.reg(iommureg.FECTL, 4, 0)
	b.Translate(bus.Message{Addr: bus.Addr(msg(1, false))}) // nobody has signed it
	if got := b.take(); got != "0x10002 physical fixed vec=0x29 wide" {
		t.Errorf("event %q", got)
	}
	if got := b.fault(); got != "reason 0x22 index 0x1 sid 0x0" {
		t.Errorf("fault %q", got)
	}
}

// TestOverflowStopsRecording: while PFO is set no fault is recorded, even when
// the record is free.
func TestOverflowStopsRecording(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	for i := range 3 {
		b.write(msg(i, false), 0, 0)
	}
	b.reg(iommureg.FRCD+8, 8, iommureg.FaultF)
	b.write(msg(9, false), 0, 0)
	if high := b.get(iommureg.FRCD+8, 8); high&iommureg.FaultF != 0 {
		t.Error("a fault was recorded while PFO was set")
	}
	b.reg(iommureg.FSTS, 4, iommureg.PFO)
	b.write(msg(9, false), 0, 0)
	if got := b.fault(); got != "reason 0x22 index 0x9 sid 0x0" {
		t.Errorf("after PFO was cleared: %q", got)
	}
}

// TestQueueSizes: a queue of 2^size pages ends where its size says; a tail
// beyond it is an error.
func TestQueueSizes(t *testing.T) {
	b := newBench(Config{})
	b.reg(iommureg.IQA, 8, uint64(queueAt)|1) // two pages
	b.reg(iommureg.GCMD, 4, iommureg.QIE)
	for at := uint64(0); at < 0x2000; at += iommureg.DescriptorSize {
		b.ram.Write(queueAt+bus.Addr(at), 8, iommureg.InvalidateAll().Low)
	}
	b.reg(iommureg.IQT, 4, 0x1ff0)
	b.reg(iommureg.IQT, 4, 0)
	if h, s := b.get(iommureg.IQH, 8), b.get(iommureg.FSTS, 4); h != 0 || s != 0 {
		t.Errorf("after a turn round two pages the head is %#x, FSTS %#x", h, s)
	}
	b.reg(iommureg.IQT, 4, 0x2000)
	if h, s := b.get(iommureg.IQH, 8), b.get(iommureg.FSTS, 4); h != 0 || s&iommureg.IQE == 0 {
		t.Errorf("a tail beyond two pages: head %#x, FSTS %#x, want the error and nothing done", h, s)
	}
}

// TestRecordStaysUntilCleared: writing zeros frees no record.
func TestRecordStaysUntilCleared(t *testing.T) {
	b := newBench(Config{}).enable(7, false)
	b.write(msg(1, false), 0, 0)
	b.reg(iommureg.FRCD+8, 8, 0)
	if s := b.get(iommureg.FSTS, 4); s != iommureg.PPF {
		t.Errorf("FSTS %#x after zeros were written, want PPF", s)
	}
	if b.fault() == "" {
		t.Error("the record is gone")
	}
}
