package lapic

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// TestDivisor is the manual's table.
func TestDivisor(t *testing.T) {
	for code, want := range map[uint32]uint32{0: 2, 1: 4, 2: 8, 3: 16, 8: 32, 9: 64, 0xa: 128, 0xb: 1, 4: 2, 0xf: 1} {
		if got := lapicreg.Divisor(code); got != want {
			t.Errorf("divide register %#x: by %d, want %d", code, got, want)
		}
	}
}

// clockRig is an APIC with clocks of odd rates.
func clockRig(bus, tsc uint64) (*rig, *APIC) {
	cfg := modern()
	cfg.BusHz, cfg.TSCHz = bus, tsc
	r := newRigOf(0, cfg, 0).enable()
	r.apics[0].MMIOWrite(lapicreg.RegDivide, 4, 0xb)
	return r, r.apics[0]
}

// ceil is the first nanosecond at which n periods of a clock have passed.
func ceil(n, hz uint64) sim.Time {
	x := new(big.Int).Mul(new(big.Int).SetUint64(n), big.NewInt(1e9))
	x.Add(x, new(big.Int).SetUint64(hz-1))
	return sim.Time(x.Div(x, new(big.Int).SetUint64(hz)).Int64())
}

// fires lets the time run to just before a moment and to it, and wants the
// timer to fire there.
func fires(t *testing.T, r *rig, at sim.Time) {
	t.Helper()
	a := r.apics[0]
	r.run(t, at-1-r.eng.Now())
	if _, ok := a.Pending(); ok {
		t.Fatalf("the timer fired before %v", at)
	}
	r.run(t, 1)
	if v, ok := a.Pending(); !ok || v != 0xee {
		t.Fatalf("the timer did not fire at %v", at)
	}
	a.Acknowledge()
	a.MMIOWrite(lapicreg.RegEOI, 4, 0)
}

// TestClocks counts with rates that are no whole nanoseconds: after a thousand
// periods nothing has been lost.
func TestClocks(t *testing.T) {
	for _, hz := range []uint64{1e9, 24_000_000, 100_000_000, 33_333_333, 1_062_500_000, 7} {
		t.Run(fmt.Sprint(hz), func(t *testing.T) {
			r, a := clockRig(hz, 2e9)
			a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0x200ee)
			a.MMIOWrite(lapicreg.RegInitial, 4, 17)
			for n := uint64(1); n <= 1000; n++ {
				fires(t, r, ceil(17*n, hz))
			}
		})
	}
}

// TestCurrentCount reads the count at random moments.
func TestCurrentCount(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		hz := 1 + rnd.Uint64N(3e9)
		r, a := clockRig(hz, 1e9)
		r.run(t, sim.Time(rnd.IntN(1e6)))
		divide, periodic := uint32(rnd.IntN(16))&0xb, rnd.IntN(2) == 0
		a.MMIOWrite(lapicreg.RegDivide, 4, uint64(divide))
		lvt := uint64(0x100ee)
		if periodic {
			lvt |= 1 << 17
		}
		a.MMIOWrite(lapicreg.RegLVTTimer, 4, lvt)
		initial, begin := uint64(1+rnd.IntN(100000)), r.eng.Now()
		a.MMIOWrite(lapicreg.RegInitial, 4, initial)
		for range 20 {
			r.run(t, sim.Time(rnd.IntN(50000)))
			passed := (floor(r.eng.Now(), hz) - floor(begin, hz)) / uint64(lapicreg.Divisor(divide))
			want := uint64(0)
			switch {
			case periodic:
				want = initial - passed%initial
			case passed < initial:
				want = initial - passed
			}
			if got := a.MMIORead(lapicreg.RegCurrent, 4); got != want {
				t.Fatalf("%d Hz, divide %#x, initial %d, periodic %v, %d passed: current %d, want %d",
					hz, divide, initial, periodic, passed, got, want)
			}
		}
	}
}

// floor is how many periods of a clock have passed.
func floor(at sim.Time, hz uint64) uint64 {
	x := new(big.Int).Mul(big.NewInt(int64(at)), new(big.Int).SetUint64(hz))
	return x.Div(x, big.NewInt(1e9)).Uint64()
}

// TestDivideWhileCounting changes the rate in the middle.
func TestDivideWhileCounting(t *testing.T) {
	r, a := clockRig(0, 0)
	a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0x200ee)
	a.MMIOWrite(lapicreg.RegInitial, 4, 100)
	r.run(t, 40)
	a.MMIOWrite(lapicreg.RegDivide, 4, 0x0) // by 2: 60 left take 120
	if got := a.MMIORead(lapicreg.RegCurrent, 4); got != 60 {
		t.Errorf("current %d, want 60", got)
	}
	fires(t, r, 160)
	if got := a.MMIORead(lapicreg.RegCurrent, 4); got != 100 {
		t.Errorf("reloaded to %d, want 100", got)
	}
	fires(t, r, 360)
	a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0xee)
	fires(t, r, 560)
	a.MMIOWrite(lapicreg.RegDivide, 4, 0xb) // expired: it stays so
	r.run(t, 1000)
	if _, ok := a.Pending(); ok || a.MMIORead(lapicreg.RegCurrent, 4) != 0 {
		t.Error("writing the divide register started an expired timer")
	}
}

// TestInitialCountAgain restarts a running timer, and stops it.
func TestInitialCountAgain(t *testing.T) {
	r, a := clockRig(0, 0)
	a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0xee)
	a.MMIOWrite(lapicreg.RegInitial, 4, 100)
	r.run(t, 90)
	a.MMIOWrite(lapicreg.RegInitial, 4, 50)
	fires(t, r, 140)
	a.MMIOWrite(lapicreg.RegInitial, 4, 0xffff_ffff)
	r.run(t, 1)
	a.MMIOWrite(lapicreg.RegInitial, 4, 0)
	r.run(t, 5*sim.Second)
	if _, ok := a.Pending(); ok {
		t.Error("a count of zero did not stop the timer")
	}
}

// TestFastPeriods has periods below the simulator's time unit.
func TestFastPeriods(t *testing.T) {
	for _, initial := range []uint64{1, 2, 3, 4} {
		r, a := clockRig(5_000_000_000, 0)
		a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0x200ee)
		a.MMIOWrite(lapicreg.RegInitial, 4, initial)
		for n := range uint64(20) {
			fires(t, r, sim.Time(n+1))
			if got, want := a.MMIORead(lapicreg.RegCurrent, 4), initial-5*(n+1)%initial; got != want {
				t.Errorf("initial %d, after %d ns: current %d, want %d", initial, n+1, got, want)
			}
		}
	}
}

// TestDeadlines are moments of the time stamp counter.
func TestDeadlines(t *testing.T) {
	for _, hz := range []uint64{1e9, 2_100_000_000, 333_333_333, 1000} {
		r, a := clockRig(1e9, hz)
		a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0x400ee)
		for _, tsc := range []uint64{1001, 5000, 5001, 123_456} {
			if !a.WriteMSR(lapicreg.MSRTSCDeadline, tsc) {
				t.Fatal("#GP")
			}
			if got, _ := a.ReadMSR(lapicreg.MSRTSCDeadline); got != tsc {
				t.Errorf("the deadline reads %d, want %d", got, tsc)
			}
			fires(t, r, ceil(tsc, hz))
			if got, _ := a.ReadMSR(lapicreg.MSRTSCDeadline); got != 0 {
				t.Errorf("after it fired the deadline reads %d", got)
			}
		}
	}
}

// TestDeadlineEdges are deadlines at once, never, moved, and far away.
func TestDeadlineEdges(t *testing.T) {
	r, a := clockRig(0, 0)
	pending := func() bool { _, ok := a.Pending(); return ok }
	a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0x400ee)
	r.run(t, 100)
	a.WriteMSR(lapicreg.MSRTSCDeadline, 100)
	if !pending() {
		t.Error("a deadline that is now did not fire")
	}
	a.Acknowledge()
	a.MMIOWrite(lapicreg.RegEOI, 4, 0)
	a.WriteMSR(lapicreg.MSRTSCDeadline, 200)
	a.WriteMSR(lapicreg.MSRTSCDeadline, 300)
	fires(t, r, 300)
	a.WriteMSR(lapicreg.MSRTSCDeadline, ^uint64(0))
	if got, _ := a.ReadMSR(lapicreg.MSRTSCDeadline); got != ^uint64(0) || pending() {
		t.Errorf("the farthest deadline reads %#x, pending %v", got, pending())
	}
	a.WriteMSR(lapicreg.MSRTSCDeadline, 400)
	a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0x500ee) // masked
	r.run(t, 200)
	if got, _ := a.ReadMSR(lapicreg.MSRTSCDeadline); got != 0 || pending() {
		t.Errorf("masked: the deadline reads %d, pending %v", got, pending())
	}
	a.MMIOWrite(lapicreg.RegLVTTimer, 4, 0x600ee) // the reserved mode: no timer
	a.WriteMSR(lapicreg.MSRTSCDeadline, 700)
	a.MMIOWrite(lapicreg.RegInitial, 4, 10)
	r.run(t, 1000)
	if got, _ := a.ReadMSR(lapicreg.MSRTSCDeadline); got != 0 || pending() {
		t.Error("the reserved mode has a timer")
	}
	if got := a.MMIORead(lapicreg.RegInitial, 4); got != 0 {
		t.Errorf("in it the initial count reads %d", got)
	}
}

// TestWhen is exact, and ends at Forever.
func TestWhen(t *testing.T) {
	for _, tt := range []struct {
		n, hz uint64
		want  sim.Time
	}{{0, 1, 0}, {1, 1, sim.Second}, {1, 3, 333_333_334}, {3, 3, sim.Second}, {5, 1e9, 5},
		{1 << 63, 1e9, sim.Forever}, {^uint64(0), 1, sim.Forever}, {1<<63 - 1, 1e9, sim.Forever},
		{1<<63 - 2, 1e9, sim.Forever - 1}} {
		if got := when(tt.n, tt.hz); got != tt.want {
			t.Errorf("when(%d, %d) = %d, want %d", tt.n, tt.hz, int64(got), int64(tt.want))
		}
	}
}

// TestTimerIsATimer: a machine with nothing but an APIC timer ahead is idle.
func TestTimerIsATimer(t *testing.T) {
	r, a := clockRig(0, 0)
	a.MMIOWrite(lapicreg.RegInitial, 4, 100)
	if idle, err := r.eng.RunIdle(sim.Second); err != nil || !idle || r.eng.Now() >= 100 {
		t.Errorf("idle %v at %v, error %v", idle, r.eng.Now(), err)
	}
	a.MMIOWrite(lapicreg.RegInitial, 4, 0)
	if r.apics[0].timer.ev.Armed() {
		t.Error("the event is armed without a count")
	}
}
