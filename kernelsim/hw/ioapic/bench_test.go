package ioapic

import (
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
)

// A bench is an I/O APIC and the messages that it sent.
type bench struct {
	t   testing.TB
	io  *IOAPIC
	log []bus.Message
}

// newBench is an I/O APIC of a version in its power-on state.
func newBench(t testing.TB, version uint8) *bench {
	b := &bench{t: t, log: make([]bus.Message, 0, 1024)}
	b.io = New(func(m bus.Message) { b.log = append(b.log, m) }, Config{Version: version, Source: &bus.Source{Name: "ioapic0"}})
	return b
}

func (b *bench) high(n uint8, v uint32) { b.set(0x11+2*n, v) }

// oneEOI answers an EOI with an entry of its own choice.
type oneEOI struct{ n int }

func (o oneEOI) EOIBroadcast(t ioapicreg.Table, vec uint8) {
	t.ClearRemoteIRR(o.n)
	if t.Active(o.n) {
		t.Send(o.n)
	}
}

func TestReplacedResponder(t *testing.T) {
	for _, n := range []int{14, 15, 24, -1} {
		b := &bench{t: t}
		b.io = New(func(m bus.Message) { b.log = append(b.log, m) }, Config{EOI: oneEOI{n}})
		b.low(14, 0x8077)
		b.low(15, 0x8078)
		b.pin("14+ 15+")
		b.sent("77", "78")
		b.io.Write(0x40, 4, 0x01)
		switch n {
		case 14:
			b.sent("77")
		case 15:
			b.sent("78")
		default:
			b.sent() // a pin that is not there does nothing
		}
		if tab := (table{b.io}); tab.Len() != 24 || tab.Entry(n) != b.io.Entry(n) {
			t.Errorf("the table has %d entries", tab.Len())
		}
		table{b.io}.Send(n)
	}
}

// TestAnswerInside ends the interrupt while its message is being sent.
func TestAnswerInside(t *testing.T) {
	var io *IOAPIC
	sent := 0
	io = New(func(m bus.Message) {
		if sent++; sent < 3 {
			io.EOI(uint8(m.Data))
		}
	}, Config{})
	io.Write(0x00, 4, 0x10)
	io.Write(0x10, 4, 0x8050)
	io.SetPin(0, true)
	if sent != 3 || !io.Entry(0).RemoteIRR() {
		t.Errorf("%d messages, remote IRR %v: want 3 and true", sent, io.Entry(0).RemoteIRR())
	}
}

func TestAllocatesNothing(t *testing.T) {
	b := newBench(t, 0)
	b.low(14, 0x8077)
	b.low(3, 0x0031)
	n := testing.AllocsPerRun(100, func() {
		b.log = b.log[:0]
		b.io.SetPin(14, true)
		b.io.SetPin(3, true)
		b.io.EOI(0x77)
		b.io.SetPin(14, false)
		b.io.Write(0x40, 4, 0x77)
		b.io.SetPin(3, false)
	})
	if n != 0 {
		t.Errorf("%v allocations in a turn of pins and EOIs, want 0", n)
	}
}

// BenchmarkLevel is a level-triggered interrupt and its EOI.
func BenchmarkLevel(b *testing.B) {
	sum := uint32(0)
	io := New(func(m bus.Message) { sum += m.Data }, Config{})
	io.Write(0x00, 4, 0x10)
	io.Write(0x10, 4, 0x8050)
	b.ReportAllocs()
	for b.Loop() {
		io.SetPin(0, true)
		io.SetPin(0, false)
		io.EOI(0x50)
	}
}

// BenchmarkEdge is an edge.
func BenchmarkEdge(b *testing.B) {
	sum := uint32(0)
	io := New(func(m bus.Message) { sum += m.Data }, Config{})
	io.Write(0x00, 4, 0x10)
	io.Write(0x10, 4, 0x0050)
	b.ReportAllocs()
	for b.Loop() {
		io.SetPin(0, true)
		io.SetPin(0, false)
	}
}
