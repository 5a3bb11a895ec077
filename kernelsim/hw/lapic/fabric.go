package lapic

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// A Fabric leads interrupt messages to the local APICs.
type Fabric struct{}

// NewFabric returns a fabric without APICs.
func NewFabric(eng *sim.Engine, latency sim.Time) *Fabric { return &Fabric{} }

// Traffic is one message or EOI broadcast on the fabric.
type Traffic struct {
	From      *bus.Source // who sent it; nil if nobody said
	Time      sim.Time
	EOI       bool             // an EOI broadcast: Message.Vector alone counts
	Message   lapicreg.Message // else
	Shorthand lapicreg.Shorthand
}

// Send sends a message to the APICs that match its destination.
func (f *Fabric) Send(src *bus.Source, m lapicreg.Message) {}

// OnEOI installs a receiver of EOI broadcasts.
func (f *Fabric) OnEOI(fn func(v uint8)) {}

// Observe installs a witness of every message and EOI broadcast.
func (f *Fabric) Observe(fn func(Traffic)) {}
