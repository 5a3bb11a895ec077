package metronome

import (
	"slices"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/sim"
)

const (
	at      = 0xfebf_0000
	tableAt = 0xfebf_4000
)

// A bench is a device with the entries whose messages came, and when.
type bench struct {
	*Device
	t    *testing.T
	bus  *bus.Bus
	said []sent
}

type sent struct {
	entry uint32
	when  sim.Time
}

// newBench makes a device with three entries, all of them unmasked, whose data
// is their number.
func newBench(t *testing.T) *bench {
	t.Helper()
	x := &bench{t: t, bus: bus.New()}
	x.Device = New(sim.New(1), x.bus, pcie.MakeBDF(0, 6, 0), 3)
	x.bus.OnMessage(func(m bus.Message) { x.said = append(x.said, sent{m.Data, x.eng.Now()}) })
	if err := pcie.NewRoot(x.bus).Attach(x.Func, func(int, bool) {}); err != nil {
		t.Fatal(err)
	}
	x.ConfigWrite(0x10, 4, at)
	x.ConfigWrite(0x14, 4, tableAt)
	x.ConfigWrite(0x04, 2, 6)
	x.ConfigWrite(msix+2, 2, 1<<15)
	for k := range bus.Addr(3) {
		x.bus.Write(tableAt+16*k, 4, 0xfee0_0000)
		x.bus.Write(tableAt+16*k+8, 4, uint64(k))
		x.bus.Write(tableAt+16*k+12, 4, 0)
	}
	return x
}

// want lets time pass and compares what was said meanwhile.
func (x *bench) want(what string, d sim.Time, want ...sent) {
	x.t.Helper()
	x.said = nil
	if _, err := x.eng.Run(x.eng.Now() + d); err != nil {
		x.t.Fatal(err)
	}
	if !slices.Equal(x.said, want) {
		x.t.Errorf("%s: said %v, want %v", what, x.said, want)
	}
}

// beat reads an entry's register.
func (x *bench) beat(k int, count, first uint64) {
	x.t.Helper()
	if v := x.bus.Read(at+Beat+8*bus.Addr(k), 8); v>>32 != count || v&0xffff_ffff != first {
		x.t.Errorf("entry %d: %d beats, the first at %d; want %d at %d", k, v>>32, v&0xffff_ffff, count, first)
	}
}

func (x *bench) play(period, entries, beats uint64) {
	x.bus.Write(at+Period, 8, period)
	x.bus.Write(at+Entries, 8, entries)
	x.bus.Write(at+Beats, 8, beats)
}

func TestBeats(t *testing.T) {
	x := newBench(t)
	x.play(100, 0b101, 2)
	x.want("before the first", 99)
	x.want("two beats on two entries", 1000, sent{0, 100}, sent{2, 100}, sent{0, 200}, sent{2, 200})
	x.beat(0, 2, 100)
	x.beat(0, 0, 0)
	x.beat(1, 0, 0)
	x.play(10, 0b010, 1000)
	x.want("some of many", 25, sent{1, 1109}, sent{1, 1119})
	x.play(0, 0, 0)
	x.want("stopped", 100)
	x.beat(1, 2, 1109)
}

func TestStrike(t *testing.T) {
	x := newBench(t)
	x.eng.Run(7)
	x.Strike(1)
	x.Strike(1)
	x.want("at once", 10) // what was said before does not count
	x.beat(1, 2, 7)
}

func TestReset(t *testing.T) {
	x := newBench(t)
	x.play(10, 1, 5)
	x.Strike(0)
	x.Reset()
	x.want("reset", 100)
	if x.Registers().Get(Beat) != 0 || x.Registers().Get(Entries) != 0 {
		t.Errorf("after a reset:\n%v", x.Registers())
	}
	if err := BeatLayout().Check(64); err != nil {
		t.Error(err)
	}
}
