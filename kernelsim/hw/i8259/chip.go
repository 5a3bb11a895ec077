package i8259

import (
	"math/bits"

	"bothhalves/kernelsim/hw/i8259/i8259reg"
)

// A chip is one 8259A. Sets of inputs are bytes, bit n for input n.
type chip struct {
	line  uint8 // levels of the inputs
	latch uint8 // inputs whose edge has not been used up
	held  uint8 // inputs whose edge is kept when the line falls
	level uint8 // edge/level control register
	fixed uint8 // its bits that cannot be changed

	imr, isr uint8
	first    uint8 // the input with the highest priority; the others follow
	base     uint8 // vector of input 0
	icw3     uint8 // master: set of inputs with a slave; slave: its number

	next     step // what the next write to the data port is
	needICW4 bool
	single   bool
	autoEOI  bool
	nested   bool // special fully nested mode
	special  bool // special mask mode
	rotate   bool // rotate in automatic EOI mode
	readISR  bool // a read of the command port gives ISR, not IRR
	poll     bool // the next read is an acknowledge cycle
}

var _ i8259reg.Chip = (*chip)(nil)

// set drives input n. A rising edge is latched. It is forgotten when the line
// falls again: the data sheet wants an input high until the acknowledge cycle
// ("Edge and Level Triggered Modes"), and the one that was not gives a
// spurious vector. QEMU and KVM keep such an edge.
func (c *chip) set(n uint8, high bool) {
	bit := uint8(1) << n
	switch {
	case high && c.line&bit == 0:
		c.line |= bit
		c.latch |= bit
	case !high:
		c.line &^= bit
		c.latch &^= bit &^ c.held
	}
}

// irr is the interrupt request register: levels that are high, and edges that
// still wait.
func (c *chip) irr() uint8 { return c.line&c.level | c.latch&(c.line|c.held)&^c.level }

// Request resolves priorities (8259A data sheet, "Fully Nested Mode"): the
// first input in the order of priority that asks and is not masked, unless
// one in service comes before it. In special mask mode a masked input in
// service stands in nobody's way; in special fully nested mode a slave in
// service may ask again, as it does for an input that it puts first.
func (c *chip) Request() (n uint8, ok bool) {
	asking, serving := c.irr()&^c.imr, c.blocking()
	for i := range uint8(8) {
		n = c.ranked(i)
		switch bit := uint8(1) << n; {
		case serving&bit != 0:
			return n, asking&bit != 0 && c.nested && c.HasSlave(n)
		case asking&bit != 0:
			return n, true
		}
	}
	return n, false
}

// ranked is the input at place i in the order of priority.
func (c *chip) ranked(i uint8) uint8 { return (c.first + i) & 7 }

// blocking is the set of inputs in service that count.
func (c *chip) blocking() uint8 {
	if c.special {
		return c.isr &^ c.imr
	}
	return c.isr
}

// Serve puts input n in service.
func (c *chip) Serve(n uint8) {
	c.isr |= 1 << (n & 7)
	c.latch &^= 1 << (n & 7)
}

// Vector is the base with the number in its low three bits.
func (c *chip) Vector(n uint8) uint8 { return c.base | n&7 }

// HasSlave reports whether ICW3 names input n.
func (c *chip) HasSlave(n uint8) bool { return !c.single && c.icw3>>(n&7)&1 != 0 }

// Identity is the low three bits of ICW3.
func (c *chip) Identity() uint8 { return c.icw3 & 7 }

// intr is the INT output.
func (c *chip) intr() bool {
	_, ok := c.Request()
	return ok
}

// finish is the end of an acknowledge cycle before which the ISR was as
// given: in automatic EOI mode what came into service leaves it (8259A data
// sheet, "Automatic End of Interrupt").
func (c *chip) finish(before uint8) {
	came := c.isr &^ before
	if !c.autoEOI || came == 0 {
		return
	}
	c.isr = before
	if c.rotate {
		c.lowest(uint8(bits.TrailingZeros8(came)))
	}
}

// lowest makes input n the last in the order of priority.
func (c *chip) lowest(n uint8) { c.first = (n + 1) & 7 }

// powerOn is the state after reset: what the chip is wired to stays.
func (c *chip) powerOn() { *c = chip{line: c.line, held: c.held, fixed: c.fixed} }
