// Package ioapic models the I/O APIC (82093AA, and the ones in chipsets since
// ICH): 24 pins, a redirection entry for each, and messages to the local
// APICs.
package ioapic

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
)

// A Config says which I/O APIC to build.
type Config struct {
	ID      uint8
	Pins    int                    // 0: 24
	Version uint8                  // 0: 0x20; 0x11 has no EOI register
	Source  *bus.Source            // who writes the messages
	EOI     ioapicreg.EOIResponder // nil: the default one
}

// An IOAPIC is one I/O APIC. It is a bus.Region.
type IOAPIC struct{}

// New returns an I/O APIC in its power-on state.
func New(send func(bus.Message), cfg Config) *IOAPIC { return &IOAPIC{} }

// Read answers a read of the register window.
func (io *IOAPIC) Read(off uint32, size int) uint64 { return 0 }

// Write takes a write to the register window.
func (io *IOAPIC) Write(off uint32, size int, v uint64) {}

// SetPin drives pin n.
func (io *IOAPIC) SetPin(n int, high bool) {}

// EOI takes an EOI broadcast.
func (io *IOAPIC) EOI(v uint8) {}

// Entry is redirection entry n.
func (io *IOAPIC) Entry(n int) ioapicreg.RedirectionEntry { return 0 }

// Dump is the text of the entries as the QEMU monitor prints them.
func (io *IOAPIC) Dump() string { return "" }

// Reset is power-on.
func (io *IOAPIC) Reset() {}
