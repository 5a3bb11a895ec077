// Package iommu is the interrupt remapping half of a VT-d unit: what stands
// between a message that a device or an IOAPIC wrote and the local APICs.
// Address translation for DMA is not modeled.
package iommu

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/reg"
)

// Config is what differs between units.
type Config struct {
	EIM    bool        // destinations of 32 bits are offered (ECAP.EIM)
	Source *bus.Source // of the unit's own fault event message
}

// A Unit models one remapping unit ("DRHD" to Linux). It is a bus.Region of
// iommureg.Size bytes.
type Unit struct {
	bus   *bus.Bus
	send  func(*bus.Source, lapicreg.Message)
	cfg   Config
	regs  *reg.Map
	gsts  uint32 // a copy of GSTS: every message asks it
	live  uint64 // IRTA as the last SIRTP took it
	cache cache
}

// New returns a unit in its power-on state: everything off, messages pass.
// send takes what comes out.
func New(b *bus.Bus, send func(src *bus.Source, m lapicreg.Message), cfg Config) *Unit {
	u := &Unit{bus: b, send: send, cfg: cfg}
	u.regs = u.registers()
	return u
}

// Reset is the power-on state.
func (u *Unit) Reset() {
	u.regs.Reset()
	u.gsts, u.live, u.cache = 0, 0, cache{}
}

// Read answers a read of the registers; see bus.Region.
func (u *Unit) Read(off uint32, size int) uint64 { return u.regs.Read(off, size) }

// Write takes a write to the registers. Only aligned writes of 4 or 8 bytes
// are ones that the manual allows; others change nothing.
func (u *Unit) Write(off uint32, size int, v uint64) {
	if (size == 4 || size == 8) && off%uint32(size) == 0 {
		u.regs.Write(off, size, v)
	}
}

// String dumps the registers.
func (u *Unit) String() string { return u.regs.String() }
