// Package iommu is the interrupt remapping half of a VT-d unit: what stands
// between a message that a device or an IOAPIC wrote and the local APICs.
// Address translation for DMA is not modeled.
package iommu

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// Config is what differs between units.
type Config struct {
	EIM    bool        // destinations of 32 bits are offered (ECAP.EIM)
	Source *bus.Source // of the unit's own fault event message
}

// A Unit models one remapping unit ("DRHD" to Linux). It is a bus.Region of
// iommureg.Size bytes.
type Unit struct {
	bus           *bus.Bus
	send          func(*bus.Source, lapicreg.Message)
	cfg           Config
	gsts          uint32
	irta          uint64 // as written; live is what SIRTP took
	live          uint64
	iqa, iqh, iqt uint64
	ics           uint32
	fsts          uint32
	event         struct{ ctl, data, addr, up uint32 }
	fault         [2 * iommureg.FaultRecords]uint64
	cache         cache
}

// New returns a unit in its power-on state: everything off, messages pass.
// send takes what comes out.
func New(b *bus.Bus, send func(src *bus.Source, m lapicreg.Message), cfg Config) *Unit {
	u := &Unit{bus: b, send: send, cfg: cfg}
	u.Reset()
	return u
}

// Reset is the power-on state.
func (u *Unit) Reset() {
	*u = Unit{bus: u.bus, send: u.send, cfg: u.cfg}
	u.event.ctl = iommureg.EventMask
}
