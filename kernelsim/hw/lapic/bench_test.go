package lapic

import (
	"testing"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// BenchmarkInterrupt is one interrupt from the message to its EOI.
func BenchmarkInterrupt(b *testing.B) {
	for _, n := range []int{1, 256} {
		b.Run(map[int]string{1: "cpus=1", 256: "cpus=256"}[n], func(b *testing.B) {
			r := newRig(n).enable()
			r.fabric.observers = nil
			a, m := r.apics[n/2], fixed(uint32(n/2), 0x51)
			b.ReportAllocs()
			for b.Loop() {
				r.fabric.Send(nil, m)
				a.Pending()
				a.Acknowledge()
				a.MMIOWrite(lapicreg.RegEOI, 4, 0)
			}
		})
	}
}

// BenchmarkSend is a message alone: physical, in an x2APIC cluster, to all.
func BenchmarkSend(b *testing.B) {
	for _, bb := range []struct {
		name string
		m    lapicreg.Message
	}{
		{"physical", lapicreg.Message{Dest: 200, Wide: true, Vector: 0x51}},
		{"cluster", lapicreg.Message{Dest: 0xc_0001, Wide: true, Logical: true, Vector: 0x51}},
		{"all-256", lapicreg.Message{Dest: lapicreg.Broadcast, Wide: true, Vector: 0x51}},
		{"lowest-256", lapicreg.Message{Dest: lapicreg.Broadcast, Wide: true, Mode: lapicreg.LowestPriority, Vector: 0x51}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			r := newRig(256).enable().x2()
			r.fabric.observers = nil
			b.ReportAllocs()
			for b.Loop() {
				r.fabric.Send(nil, bb.m)
			}
		})
	}
}

// BenchmarkArbiter is the decision alone, with ten requests waiting.
func BenchmarkArbiter(b *testing.B) {
	arb := NewArbiter()
	for v := range uint8(10) {
		arb.Accept(0x20+v*9, false)
	}
	b.ReportAllocs()
	for b.Loop() {
		arb.Accept(0xd1, false)
		arb.Deliverable(0)
		arb.Acknowledge(0)
		arb.EOI()
	}
}

// BenchmarkTimer is the write of a one-shot timer's count.
func BenchmarkTimer(b *testing.B) {
	a := newRig(1).enable().apics[0]
	b.ReportAllocs()
	for b.Loop() {
		a.MMIOWrite(lapicreg.RegInitial, 4, 1000)
	}
}
