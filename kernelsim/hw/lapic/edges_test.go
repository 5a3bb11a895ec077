package lapic

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// Arrive is the end of a message's way: it is seen, and it is there, whatever
// the fabric's latency.
func TestArrive(t *testing.T) {
	r := newRigOf(500, modern(), 0, 1).enable()
	defer r.eng.Close()
	p := r.eng.Proc(0)
	p.Start(r.eng.NewCoroutine(func() {
		r.fabric.Arrive(&bus.Source{Name: "bench"}, fixed(1, 0x41))
		if got := fmt.Sprint(r.got(0x41)); got != "[1]" {
			t.Errorf("at the moment of arrival %s have it", got)
		}
		r.fabric.Send(&bus.Source{Name: "bench"}, fixed(1, 0x42))
		if got := fmt.Sprint(r.got(0x42)); got != "[]" {
			t.Errorf("what takes 500 ns is already at %s", got)
		}
		for {
			p.Halt()
		}
	}))
	r.run(t, 1000)
	if got := fmt.Sprint(r.got(0x42), r.log); got != "[1] [bench dest=0x1 vector=0x41 bench dest=0x1 vector=0x42]" {
		t.Errorf("in the end: %s", got)
	}
}

// Without a latency a message is there at once, also while a processor runs.
func TestNoLatency(t *testing.T) {
	r := newRig(2).enable()
	defer r.eng.Close()
	p := r.eng.Proc(0)
	p.Start(r.eng.NewCoroutine(func() {
		r.fabric.Send(&bus.Source{}, fixed(1, 0x41))
		if got := fmt.Sprint(r.got(0x41)); got != "[1]" {
			t.Errorf("%s have it", got)
		}
		for {
			p.Halt()
		}
	}))
	r.run(t, 1000)
}

// Logical destinations of xAPIC mode, of every model: eight bits in the flat
// one, fifteen clusters of four in the other, nobody in a reserved one.
func TestLogicalModels(t *testing.T) {
	for _, dfr := range []uint32{0xf, 0x0, 0x7} {
		r := newRig(8).enable()
		ldr := func(n int) uint32 {
			if dfr == 0 {
				return uint32(n/4<<4 | 1<<(n%4))
			}
			return 1 << n
		}
		for n, a := range r.apics {
			a.MMIOWrite(lapicreg.RegDFR, 4, uint64(dfr)<<28|0xfff_ffff)
			a.MMIOWrite(lapicreg.RegLDR, 4, uint64(ldr(n))<<24)
		}
		for dest := range uint32(0x202) {
			v := uint8(0x20 + dest%0x80)
			var want []int
			for n := range r.apics {
				switch l := ldr(n); {
				case dest > 0xff: // beyond the register
				case dfr == 0xf && dest&l != 0, dfr == 0 && dest>>4 == l>>4 && dest&l&0xf != 0:
					want = append(want, n)
				}
			}
			r.fabric.Send(&bus.Source{}, lapicreg.Message{Dest: dest, Logical: true, Wide: true, Vector: v})
			if got := r.got(v); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("model %#x, destination %#x: %v have it, want %v", dfr, dest, got, want)
			}
			for _, a := range r.apics {
				a.arb.Reset()
			}
		}
	}
}

// The timer's clock goes on over the turn of a second, and what has fired
// counts no more.
func TestTimerOverASecond(t *testing.T) {
	r := newRig(1).enable()
	a := r.apics[0]
	a.MMIOWrite(lapicreg.RegDivide, 4, 0xb)
	a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0x41)
	r.run(t, 2*sim.Second+900*sim.Millisecond)
	a.MMIOWrite(lapicreg.RegInitial, 4, 400_000_000)
	r.run(t, 300*sim.Millisecond)
	if got := a.MMIORead(lapicreg.RegCurrent, 4); got != 100_000_000 {
		t.Errorf("300 ms later the count is %d, want 100000000", got)
	}
	r.run(t, 100*sim.Millisecond)
	if got := fmt.Sprint(r.got(0x41), a.MMIORead(lapicreg.RegCurrent, 4)); got != "[0] 0" {
		t.Errorf("400 ms later: %s", got)
	}
	a.MMIOWrite(lapicreg.RegDivide, 4, 0x0)
	if got := a.MMIORead(lapicreg.RegCurrent, 4); got != 0 {
		t.Errorf("a new divisor gives a count that has run out %d", got)
	}
}

// A deadline that has passed reads as 0; one that no clock reaches is for ever.
func TestDeadlineEnds(t *testing.T) {
	r := newRig(1).enable()
	a := r.apics[0]
	a.MMIOWrite(lapicreg.RegLVTTimer, 4, 2<<lapicreg.LVTTimerShift|0x42)
	a.WriteMSR(lapicreg.MSRTSCDeadline, 5000)
	r.run(t, 6000)
	if v, ok := a.ReadMSR(lapicreg.MSRTSCDeadline); v != 0 || !ok || fmt.Sprint(r.got(0x42)) != "[0]" {
		t.Errorf("after it has fired the deadline reads %d, %v; vector 0x42 at %v", v, ok, r.got(0x42))
	}
	if got := when(1<<64/10+1, 100_000_000); got != sim.Forever {
		t.Errorf("2^64/10 periods of 100 MHz end at %v", got)
	}
}

// An event at a pin is one pulse of its own polarity, and leaves it inactive.
func TestPulseOfEitherPolarity(t *testing.T) {
	for n, reg := range []uint32{lapicreg.RegLVTLINT0, lapicreg.RegLVTLINT1} {
		for _, low := range []uint64{0, lapicreg.LVTActiveLow} {
			r := newRig(1).enable()
			a := r.apics[0]
			other := lapicreg.RegLVTLINT0 + lapicreg.RegLVTLINT1 - reg
			a.MMIOWrite(uint32(other), 4, lapicreg.LVTMasked|(low^lapicreg.LVTActiveLow))
			a.MMIOWrite(reg, 4, 4<<lapicreg.LVTModeShift|low)
			r.cores[0].take()
			a.Fire(LINT0 + Source(n))
			if got := r.cores[0].take(); got != "NMI" || a.pin[n] != (low != 0) {
				t.Errorf("LINT%d, active low %v: %q, and the pin is high: %v", n, low != 0, got, a.pin[n])
			}
			a.Fire(LINT0 + Source(n))
			if got := r.cores[0].take(); got != "NMI" {
				t.Errorf("LINT%d, active low %v: the second event is %q", n, low != 0, got)
			}
		}
	}
}

// Where the local APIC is switched off, LINT0 is the INTR pin: what the 8259A
// pair holds up is seen at once, what stands at the NMI pin is not.
func TestSwitchedOffSeesThePIC(t *testing.T) {
	for n, want := range []string{"EXTINT", ""} {
		r := newRig(1)
		r.apics[0].SetLINT(n, true)
		r.cores[0].take()
		r.apics[0].WriteMSR(lapicreg.MSRBase, lapicreg.DefaultPage|lapicreg.BaseBSP)
		if got := r.cores[0].take(); got != want {
			t.Errorf("with LINT%d high it sees %q, want %q", n, got, want)
		}
	}
}

// In xAPIC mode a logical destination says nothing of IDs: an APIC with a
// large one is reached too, also when it is the last that is in that mode.
func TestLogicalWithLargeIDs(t *testing.T) {
	for legacy := 1; legacy <= 3; legacy++ {
		r := newRigOf(0, modern(), 0, 0x20, 0x21)
		for _, a := range r.apics[:3-legacy] {
			a.WriteMSR(lapicreg.MSRBase, a.base|lapicreg.BaseX2APIC)
		}
		r.enable()
		var all []int
		for n := 3 - legacy; n < 3; n++ {
			r.apics[n].MMIOWrite(lapicreg.RegLDR, 4, 1<<(24+n))
			all = append(all, n)
		}
		r.fabric.Send(&bus.Source{}, lapicreg.Message{Dest: 4, Logical: true, Vector: 0x41})
		if got := fmt.Sprint(r.got(0x41)); got != "[2]" {
			t.Errorf("%d in xAPIC mode: destination 4 reaches %s", legacy, got)
		}
		r.fabric.Send(&bus.Source{}, lapicreg.Message{Dest: 0xfe, Logical: true, Wide: true, Vector: 0x42})
		r.fabric.Send(&bus.Source{}, lapicreg.Message{Dest: 0xff, Logical: true, Wide: true, Vector: 0x43})
		if got, want := fmt.Sprint(r.got(0x43)), fmt.Sprint(all); legacy == 3 && got != want {
			t.Errorf("%d in xAPIC mode: all eight bits reach %s, want %s", legacy, got, want)
		}
	}
}
