// Package ioapic models the I/O APIC: the 82093AA, and its successors in the
// chipsets since ICH. It has up to 120 pins, one redirection entry for each,
// and turns what happens at a pin into a write to 0xfeexxxxx, a message like
// that of any other device.
//
// What decides:
//
//   - An edge counts at an unmasked entry alone. An edge at a masked one is
//     lost; unmasking does not bring it back.
//   - A level-triggered entry sends while its pin is active, it is not masked
//     and its remote IRR is clear. Remote IRR is set with the message: the
//     serial APIC bus told the sender when a local APIC accepted, a posted
//     write does not, so here the send is the acceptance. An EOI of the
//     entry's vector clears it.
//
// Not modelled: the serial bus and its arbitration, and with it any wait
// before a message leaves: the delivery status bit reads 0.
package ioapic

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
)

// A Config says which I/O APIC to build.
type Config struct {
	ID      uint8                  // bits 27:24 of the ID register after reset
	Pins    int                    // 1 to 120; 0: the usual 24
	Version uint8                  // 0: 0x20; below 0x20 there is no EOI register
	Source  *bus.Source            // who writes the messages
	EOI     ioapicreg.EOIResponder // what an EOI does; nil: Responder
}

// An IOAPIC is one I/O APIC: a bus.Region of ioapicreg.Size bytes.
type IOAPIC struct {
	cfg   Config
	send  func(bus.Message)
	id    uint32 // the ID register
	index uint8  // IOREGSEL
	entry []ioapicreg.RedirectionEntry
	high  []bool // level of each pin, whatever its polarity
}

var (
	_ bus.Region      = (*IOAPIC)(nil)
	_ ioapicreg.Table = table{}
)

// New returns an I/O APIC in its power-on state that hands its messages to
// send.
func New(send func(bus.Message), cfg Config) *IOAPIC {
	if cfg.Pins <= 0 {
		cfg.Pins = 24
	}
	cfg.Pins = min(cfg.Pins, ioapicreg.MaxPins)
	if cfg.Version == 0 {
		cfg.Version = ioapicreg.VersionICH
	}
	if cfg.EOI == nil {
		cfg.EOI = Responder{}
	}
	io := &IOAPIC{
		cfg: cfg, send: send,
		entry: make([]ioapicreg.RedirectionEntry, cfg.Pins),
		high:  make([]bool, cfg.Pins),
	}
	io.Reset()
	return io
}

// Reset is power-on: every entry is masked. The wires at the pins are not
// part of the chip: their levels stay.
func (io *IOAPIC) Reset() {
	io.id = uint32(io.cfg.ID) << 24 & ioapicreg.WritableID
	io.index = 0
	for n := range io.entry {
		io.entry[n] = ioapicreg.ResetEntry
	}
}

// Pins is the number of pins.
func (io *IOAPIC) Pins() int { return len(io.entry) }

// Entry is redirection entry n; a pin that is not there has a masked one.
func (io *IOAPIC) Entry(n int) ioapicreg.RedirectionEntry {
	if n < 0 || n >= len(io.entry) {
		return ioapicreg.ResetEntry
	}
	return io.entry[n]
}

// SetPin drives pin n. Only a change acts, and only one to the level that the
// entry's polarity calls active.
func (io *IOAPIC) SetPin(n int, high bool) {
	if n < 0 || n >= len(io.high) || io.high[n] == high {
		return
	}
	io.high[n] = high
	if !io.active(n) {
		return
	}
	if io.entry[n].HoldsLevel() {
		io.service(n)
	} else if !io.entry[n].Masked() {
		io.message(n)
	}
}

// EOI takes the EOI broadcast of a local APIC.
func (io *IOAPIC) EOI(v uint8) { io.cfg.EOI.EOIBroadcast(table{io}, v) }

// active reports whether pin n is at its active level.
func (io *IOAPIC) active(n int) bool { return io.high[n] != io.entry[n].ActiveLow() }

// service sends for pin n if it is a level that waits to be sent.
func (io *IOAPIC) service(n int) {
	e := io.entry[n]
	if e.HoldsLevel() && io.active(n) && !e.Masked() && !e.RemoteIRR() {
		io.message(n)
	}
}

// message sends the message of entry n. Remote IRR is set first, so that
// whoever answers at once finds the entry as it will be.
func (io *IOAPIC) message(n int) {
	e := io.entry[n]
	if !e.Sends() {
		return
	}
	if e.HoldsLevel() {
		io.entry[n] = e.WithRemoteIRR(true)
	}
	addr, data := e.Message()
	io.send(bus.Message{Addr: bus.Addr(addr), Data: data, From: io.cfg.Source})
}
