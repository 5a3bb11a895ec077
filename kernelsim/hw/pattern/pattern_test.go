package pattern

import (
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/sim"
)

const at = 0xfebf_0000

// A bench is a device with what it said: P and p for the pin that rises and
// falls, m for a message.
type bench struct {
	*Device
	t    *testing.T
	bus  *bus.Bus
	said string
}

func newBench(t *testing.T, mode uint64) *bench {
	t.Helper()
	x := &bench{t: t, bus: bus.New()}
	x.Device = New(sim.New(1), x.bus, pcie.MakeBDF(0, 6, 0), 1)
	x.bus.OnMessage(func(bus.Message) { x.said += "m" })
	err := pcie.NewRoot(x.bus).Attach(x.Func, func(_ int, high bool) { x.said += map[bool]string{true: "P", false: "p"}[high] })
	if err != nil {
		t.Fatal(err)
	}
	x.enable()
	x.put(Mode, mode)
	return x
}

// enable gives the device its addresses; by every mode but Ack, its message.
func (x *bench) enable() {
	x.ConfigWrite(0x10, 4, at)
	x.ConfigWrite(0x04, 2, 6)
	x.ConfigWrite(msi+4, 4, 0xfee0_0000)
}

func (x *bench) put(off bus.Addr, v uint64) {
	x.bus.Write(at+off, 4, v)
	if off == Mode && v != Ack {
		x.ConfigWrite(msi+2, 2, 1)
	}
}

// happen lets n events happen, all of them.
func (x *bench) happen(n int) {
	x.t.Helper()
	x.Raise(n)
	if _, err := x.eng.Run(x.eng.Now() + sim.Time(n)*Apart); err != nil {
		x.t.Fatal(err)
	}
}

// want compares what was said since the last call, and the count of events.
func (x *bench) want(what, said string, events uint64) {
	x.t.Helper()
	if got := x.bus.Read(at+Events, 4); x.said != said || got != events {
		x.t.Errorf("%s: said %q at %d events, want %q at %d", what, x.said, got, said, events)
	}
	x.said = ""
}

func TestAck(t *testing.T) {
	x := newBench(t, Ack)
	x.happen(3)
	x.want("three events", "P", 3)
	x.put(Status, 0)
	x.want("a zero acknowledges nothing", "", 3)
	x.put(Status, 1)
	x.want("acknowledged", "p", 3)
	x.put(Arm, 1)
	x.put(Mask, 1)
	x.happen(1)
	x.want("the other registers mean nothing", "P", 4)
	x.put(Mode, Never)
	x.want("another mode", "p", 4)
}

func TestArm(t *testing.T) {
	x := newBench(t, Once)
	x.happen(1)
	x.want("not armed yet", "", 1)
	x.put(Arm, 0)
	x.want("armed by a driver that has seen none", "m", 1)
	x.happen(3)
	x.want("the message is spent", "", 4)
	x.put(Arm, 3)
	x.want("one came since the driver looked", "m", 4)
	x.put(Arm, 4)
	x.want("it has seen all", "", 4)
	x.happen(2)
	x.want("two events, one message", "m", 6)
}

func TestMask(t *testing.T) {
	x := newBench(t, Masked)
	x.happen(2)
	x.want("not masked", "mm", 2)
	x.put(Mask, 1)
	x.happen(2)
	x.want("masked", "", 4)
	x.put(Mask, 0)
	x.want("one message for what was held", "m", 4)
	x.put(Mask, 1)
	x.put(Mask, 0)
	x.want("nothing was held", "", 4)
	x.put(Mask, 1)
	x.happen(1)
	x.put(Mode, Masked)
	x.want("begun anew", "", 5)
}

func TestNever(t *testing.T) {
	x := newBench(t, Never)
	x.Raise(2)
	x.Raise(1)
	x.want("the first at once", "m", 1)
	if _, err := x.eng.Run(2 * Apart); err != nil {
		t.Fatal(err)
	}
	x.want("the others one after another", "mm", 3)
	x.Raise(0)
	x.want("no event", "", 3)
}

func TestReset(t *testing.T) {
	x := newBench(t, Ack)
	x.Raise(5)
	x.Reset()
	if _, err := x.eng.Run(10 * Apart); err != nil {
		t.Fatal(err)
	}
	x.enable()
	x.want("reset", "Pp", 0)
	if got := ModeLayout().String(Masked); x.Registers().Get(Status) != 0 || got != "mask" {
		t.Errorf("status %v, and the third mode is called %q", x.Registers(), got)
	}
	if err := ModeLayout().Check(32); err != nil {
		t.Error(err)
	}
}
