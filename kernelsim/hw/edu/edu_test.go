package edu

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
)

// TestRegisters: the registers, the pin and the message are those of QEMU's
// device.
func TestRegisters(t *testing.T) {
	const at = 0xfea0_0000
	pins := ""
	b := bus.New()
	d := New(b, 10<<3, 1)
	if err := pcie.NewRoot(b).Attach(d.Func, func(pin int, high bool) { pins += fmt.Sprint(pin, high, " ") }); err != nil {
		t.Fatal(err)
	}
	d.ConfigWrite(0x10, 4, at)
	d.ConfigWrite(0x04, 2, 6)
	put := func(off bus.Addr, v uint64) { b.Write(at+off, 4, v) }
	check := func(what, pin string, status uint64) {
		t.Helper()
		if got := strings.TrimSpace(pins); got != pin || b.Read(at+Status, 4) != status {
			t.Errorf("%s: pin %q, status %#x; want %q, %#x", what, got, b.Read(at+Status, 4), pin, status)
		}
		pins = ""
	}
	if b.Read(at+ID, 4) != 0x0100_00ed || d.ConfigRead(0, 4) != 0x11e8_1234 || d.ConfigRead(8, 4) != 0x00ff_0010 {
		t.Error("the identification is not that of QEMU's device")
	}
	put(Liveness, 0x1234_5678)
	if b.Read(at+Liveness, 4) != 0xedcb_a987 {
		t.Error("it does not live")
	}
	put(Raise, 0)
	check("nothing raised", "", 0)
	put(Raise, 5)
	check("raised", "1 true", 5)
	put(Ack, 1)
	check("one of two acknowledged", "", 4)
	put(Ack, 4)
	check("both acknowledged", "1 false", 0)
	put(Status, 1)
	check("the status cannot be written", "", 0)
	put(Raise, 1)
	d.Reset()
	d.ConfigWrite(0x10, 4, at)
	d.ConfigWrite(0x04, 2, 6)
	check("reset", "1 true 1 false", 0)

	sent := 0
	b.OnMessage(func(bus.Message) { sent++ })
	d.ConfigWrite(msi+4, 4, 0xfee0_0000)
	d.ConfigWrite(msi+2, 2, 1)
	put(Raise, 1)
	put(Raise, 1)
	check("by message", "", 1)
	if sent != 2 {
		t.Errorf("%d messages, want one for each write", sent)
	}
}
