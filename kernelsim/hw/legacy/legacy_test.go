package legacy

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
)

// A bench is a device at 0xfebf0000 with what its pin did.
type bench struct {
	*Device
	bus *bus.Bus
	pin string
}

func newBench(t *testing.T) *bench {
	t.Helper()
	x := &bench{bus: bus.New()}
	x.Device = New(x.bus, pcie.MakeBDF(0, 6, 0), 2)
	err := pcie.NewRoot(x.bus).Attach(x.Func, func(pin int, high bool) { x.pin += fmt.Sprint(pin, high, " ") })
	if err != nil {
		t.Fatal(err)
	}
	x.ConfigWrite(0x10, 4, 0xfebf_0000)
	x.ConfigWrite(0x04, 2, 2)
	return x
}

func (x *bench) put(off bus.Addr, v uint64) { x.bus.Write(0xfebf_0000+off, 4, v) }
func (x *bench) get(off bus.Addr) uint64    { return x.bus.Read(0xfebf_0000+off, 4) }

// The interrupt handler of a driver in its parts: is it mine, clear what I saw
// and no more, come again for what came since.
func TestHandlerOnALevel(t *testing.T) {
	x := newBench(t)
	step := func(what, pin string, cause uint64) {
		t.Helper()
		if got := strings.TrimSpace(x.pin); got != pin || x.get(Cause) != cause {
			t.Errorf("%s: pin %q, cause %#x, want %q, %#x", what, got, x.get(Cause), pin, cause)
		}
		x.pin = ""
	}
	x.Raise(1)
	step("masked after a reset", "", 1)
	x.put(Cause, 1)
	x.put(Mask, 0xffff_fff0)
	step("unmasked with nothing to say", "", 0)
	x.Raise(1)
	step("raised", "2 true", 1)
	seen := x.get(Cause)
	x.Raise(2)
	step("another cause", "", 3)
	x.put(Cause, seen)
	step("cleared what was seen", "", 2)
	x.put(Cause, 0x8000_0000)
	step("cleared what is not there", "", 2)
	x.put(Cause, 2)
	step("cleared the rest", "2 false", 0)
	x.Raise(0x10)
	step("a masked cause", "", 0x10)
	x.put(Mask, 0)
	step("unmasked", "2 true", 0x10)
	x.put(Mask, 0x10)
	step("masked", "2 false", 0x10)
	x.put(Raise, 4)
	step("self-test", "2 true", 0x14)
	if x.get(Raise) != 0 || x.get(0xffc) != 0 || x.ConfigRead(6, 2) != 8 || x.ConfigRead(0x3d, 1) != 2 {
		t.Error("the raise register, the rest of the BAR or the status is wrong")
	}
	x.ConfigWrite(4, 2, 0x402)
	step("INTx disabled", "2 false", 0x14)
	x.ConfigWrite(4, 2, 2)
	step("INTx enabled", "2 true", 0x14)
	x.Reset()
	if x.pin != "2 false " || x.Registers().Get(Cause) != 0 || x.Registers().Get(Mask) != 0xffff_ffff {
		t.Errorf("after a reset: pin %q, %v", x.pin, x.Registers())
	}
	if err := CauseLayout().Check(32); err != nil {
		t.Error(err)
	}
}
