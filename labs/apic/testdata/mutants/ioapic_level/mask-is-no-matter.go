// Fails: a masked entry is ready again and sends nothing; an edge does not come twice
// Misconception: the mask holds back what comes from the wire; an EOI goes past it

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
		if t.Active(n) {
			t.Send(n)
		}
	}
}

// lineInterrupt is the driver's handler of a line that works by level. Every
// device on the line is looked at: any of them may have pulled.
func lineInterrupt(line level.Line, devices []level.Device) {
	for _, d := range devices {
		if seen := d.Cause(); seen != 0 {
			d.Clear(seen)
			d.Serve(seen)
		}
	}
	line.EOI()
}
