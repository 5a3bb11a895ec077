package ioapic

import "bothhalves/kernelsim/hw/ioapic/ioapicreg"

// A Responder is the default ioapicreg.EOIResponder. It follows the 82093AA
// data sheet ("Remote IRR") and what Linux relies on in ioapic_ack_level
// (arch/x86/kernel/apic/io_apic.c).
type Responder struct{}

// EOIBroadcast ends the wait of every level-triggered entry with this vector,
// shared or not, masked or not. A pin that is still active asks again at once.
// An entry whose vector was changed meanwhile does not match and stays stuck.
func (Responder) EOIBroadcast(t ioapicreg.Table, vec uint8) {
	for n := range t.Len() {
		e := t.Entry(n)
		if !e.Level() || e.Vector() != vec {
			continue
		}
		t.ClearRemoteIRR(n)
		if t.Active(n) && !e.Masked() && e.HoldsLevel() {
			t.Send(n)
		}
	}
}

// table is the I/O APIC as its responder sees it.
type table struct{ io *IOAPIC }

// Len is the number of entries.
func (t table) Len() int { return len(t.io.entry) }

// Entry is entry n.
func (t table) Entry(n int) ioapicreg.RedirectionEntry { return t.io.Entry(n) }

// Active reports whether pin n is there and at its active level.
func (t table) Active(n int) bool { return n >= 0 && n < len(t.io.entry) && t.io.active(n) }

// ClearRemoteIRR makes entry n ready to send again.
func (t table) ClearRemoteIRR(n int) {
	if n >= 0 && n < len(t.io.entry) {
		t.io.entry[n] = t.io.entry[n].WithRemoteIRR(false)
	}
}

// Send sends the message of entry n.
func (t table) Send(n int) {
	if n >= 0 && n < len(t.io.entry) {
		t.io.message(n)
	}
}
