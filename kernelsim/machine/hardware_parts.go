package machine

import (
	"slices"
	"strings"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/i8259/i8259reg"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// WithArbiter replaces the heart of every local APIC: f makes one each.
func WithArbiter(f func() lapicreg.Arbiter) Part {
	return func(p *Parts) { p.Board.Arbiter = f }
}

// WithPIC replaces what answers the 8259A pair's acknowledge cycles.
func WithPIC(a i8259reg.Acknowledger) Part { return func(p *Parts) { p.Board.PIC = a } }

// WithEOIBroadcast replaces what the IOAPIC does with an EOI broadcast.
func WithEOIBroadcast(r ioapicreg.EOIResponder) Part {
	return func(p *Parts) { p.Board.EOI = r }
}

// WithMSIX replaces the part of each MSI-X function that decides which entry
// sends and which waits: f makes one for a function's entries.
func WithMSIX(f func(pcireg.Entries) pcireg.Vectors) Part {
	return func(p *Parts) { p.Board.Vectors = f }
}

// boardConfig is the board that the kernel's machine stands on.
func (m *Machine) boardConfig(b *bus.Bus) board.Config {
	return board.Config{Machine: m.cfg.Board, Bus: b,
		X2APIC: m.cfg.X2APIC, TSCDeadline: m.cfg.TSCDeadline,
		IntRemap: slices.Contains(strings.Fields(m.cfg.Append), "intremap=on"),
		Latency:  ipiLatency, Devices: m.cfg.Devices, Parts: m.parts.Board}
}
