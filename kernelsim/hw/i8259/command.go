package i8259

import "math/bits"

// A step is the word that a chip expects at its data port.
type step uint8

// The steps of initialization; mask is the state after it.
const (
	mask step = iota
	icw2
	icw3
	icw4
)

// command takes a write to the command port. Bit 4 tells ICW1, bit 3 OCW3
// from OCW2.
func (c *chip) command(v uint8) {
	switch {
	case v&0x10 != 0:
		c.init(v)
	case v&0x08 != 0:
		c.ocw3(v)
	default:
		c.ocw2(v>>5, v&7)
	}
}

// init takes ICW1 (8259A data sheet, "Initialization Command Words 1 and 2"):
// edges are forgotten, nothing is masked or in service, input 0 comes first,
// every mode is off. Its level bit means nothing on a PC.
func (c *chip) init(v uint8) {
	*c = chip{
		line: c.line, held: c.held, level: c.level, fixed: c.fixed,
		base: c.base, icw3: c.icw3,
		next: icw2, needICW4: v&0x01 != 0, single: v&0x02 != 0,
	}
}

// data takes a write to the data port: the rest of an initialization, or the
// mask. Only the upper five bits of ICW2 count: 8086 mode is assumed,
// whatever ICW4 says, for a PC has no use for the other one.
func (c *chip) data(v uint8) {
	switch c.next {
	case mask:
		c.imr = v
	case icw2:
		c.base = v &^ 7
	case icw3:
		c.icw3 = v
	case icw4:
		c.autoEOI = v&0x02 != 0
		c.nested = v&0x10 != 0
	}
	c.next = c.after(c.next)
}

// after is the step that follows: ICW3 only for cascaded chips, ICW4 only if
// ICW1 announced it.
func (c *chip) after(s step) step {
	if s == icw2 && !c.single {
		return icw3
	}
	if (s == icw2 || s == icw3) && c.needICW4 {
		return icw4
	}
	return mask
}

// The commands of OCW2.
const (
	rotateAutoClear = iota
	eoi
	noOperation
	specificEOI
	rotateAutoSet
	rotateEOI
	setPriority
	rotateSpecificEOI
)

// ocw2 takes a command that ends an interrupt or turns the priorities.
func (c *chip) ocw2(cmd, n uint8) {
	switch cmd {
	case rotateAutoClear, rotateAutoSet:
		c.rotate = cmd == rotateAutoSet
	case eoi, rotateEOI:
		c.endHighest(cmd == rotateEOI)
	case specificEOI, rotateSpecificEOI:
		c.isr &^= 1 << n
	}
	if cmd == setPriority || cmd == rotateSpecificEOI {
		c.lowest(n)
	}
}

// endHighest is the non-specific EOI: the input in service that comes first
// in the order of priority leaves. In special mask mode masked ones stay.
func (c *chip) endHighest(rotate bool) {
	set := bits.RotateLeft8(c.blocking(), -int(c.first))
	if set == 0 {
		return
	}
	n := c.ranked(uint8(bits.TrailingZeros8(set)))
	c.isr &^= 1 << n
	if rotate {
		c.lowest(n)
	}
}

// ocw3 takes special mask mode, poll command and choice of register. Each
// has a bit that says whether it is meant.
func (c *chip) ocw3(v uint8) {
	if v&0x40 != 0 {
		c.special = v&0x20 != 0
	}
	c.poll = v&0x04 != 0
	if v&0x02 != 0 {
		c.readISR = v&0x01 != 0
	}
}

// read answers a read of either port. After a poll command it is the
// acknowledge cycle of this chip alone (8259A data sheet, "Poll Command"):
// bit 7 and the number if an input asks, else 0.
func (c *chip) read(data bool) uint8 {
	switch {
	case c.poll:
		return c.polled()
	case data:
		return c.imr
	case c.readISR:
		return c.isr
	}
	return c.irr()
}

// polled answers the read after a poll command.
func (c *chip) polled() uint8 {
	c.poll = false
	n, ok := c.Request()
	if !ok {
		return 0
	}
	before := c.isr
	c.Serve(n)
	c.finish(before)
	return 0x80 | n
}
