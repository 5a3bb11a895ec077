// Fails: what happens between the look at a device and the clearing is served, too
// Misconception: clearing comes before serving; what is cleared does not matter

package apic

import (
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"

	"bothhalves/labs/apic/level"
)

// A responder is what the I/O APIC does when an interrupt has ended.
type responder struct{}

// EOIBroadcast hears that an interrupt with this vector has ended at some
// local APIC, and that it was level triggered. It may make entries of the
// table ready to send again.
func (responder) EOIBroadcast(t ioapicreg.Table, vec uint8) {
	for n := range t.Len() {
		e := t.Entry(n)
		if !e.Level() || e.Vector() != vec {
			continue
		}
		t.ClearRemoteIRR(n)
		if t.Active(n) && !e.Masked() {
			t.Send(n)
		}
	}
}

// lineInterrupt is the driver's handler of a line that works by level. Every
// device on the line is looked at: any of them may have pulled.
func lineInterrupt(line level.Line, devices []level.Device) {
	for _, d := range devices {
		if seen := d.Cause(); seen != 0 {
			d.Clear(0xffffffff)
			d.Serve(seen)
		}
	}
	line.EOI()
}
