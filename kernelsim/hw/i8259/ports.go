package i8259

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/i8259/i8259reg"
)

// Map puts the registers at their ports.
func (p *Pair) Map(ports *bus.Bus) error {
	for _, r := range []struct {
		name string
		base bus.Addr
		size uint64
		to   bus.Region
	}{
		{"pic", i8259reg.MasterCommand, 2, &port{p, &p.master}},
		{"pic", i8259reg.SlaveCommand, 2, &port{p, &p.slave}},
		{"elcr", i8259reg.MasterELCR, 1, &elcr{p, &p.master}},
		{"elcr", i8259reg.SlaveELCR, 1, &elcr{p, &p.slave}},
	} {
		if err := ports.Map(r.name, r.base, r.size, r.to, 0); err != nil {
			return err
		}
	}
	return nil
}

// A port is the two ports of one chip. An access of both is one of each, the
// lower first.
type port struct {
	p *Pair
	c *chip
}

// Read reads the command port (0) or the data port (1).
func (r *port) Read(off uint32, size int) uint64 {
	var v uint64
	for i := range uint32(min(size, 2)) {
		v |= uint64(r.c.read(off+i == 1)) << (8 * i)
	}
	r.p.settle()
	return v
}

// Write writes the command port or the data port.
func (r *port) Write(off uint32, size int, v uint64) {
	for i := range uint32(min(size, 2)) {
		if off+i == 1 {
			r.c.data(uint8(v >> (8 * i)))
		} else {
			r.c.command(uint8(v >> (8 * i)))
		}
	}
	r.p.settle()
}

// An elcr is the edge/level control register of one chip.
type elcr struct {
	p *Pair
	c *chip
}

// Read reads the register.
func (r *elcr) Read(uint32, int) uint64 { return uint64(r.c.level) }

// Write writes it, but for the inputs that are always edges.
func (r *elcr) Write(_ uint32, _ int, v uint64) {
	r.c.level = uint8(v) &^ r.c.fixed
	r.p.settle()
}
