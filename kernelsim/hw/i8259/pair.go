// Package i8259 models the two 8259A interrupt controllers of a PC, the slave
// at input 2 of the master.
package i8259

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/i8259/i8259reg"
)

// A Pair is the two chips.
type Pair struct{}

// New returns the pair in its power-on state; out is the INT pin of the
// master.
func New(out func(high bool)) *Pair { return &Pair{} }

// Replace installs another part for the acknowledge cycle; nil is the default.
func (p *Pair) Replace(a i8259reg.Acknowledger) {}

// Map puts the registers at their ports.
func (p *Pair) Map(ports *bus.Bus) error { return nil }

// SetLine drives ISA interrupt line n, 0 to 15 without 2.
func (p *Pair) SetLine(n int, high bool) {}

// INT is the level of the master's INT pin.
func (p *Pair) INT() bool { return false }

// INTA is the acknowledge cycle: the vector.
func (p *Pair) INTA() uint8 { return 0 }

// Dump is the text of the two chips as the QEMU monitor prints it.
func (p *Pair) Dump() string { return "" }

// Reset is power-on.
func (p *Pair) Reset() {}
