package board

import "bothhalves/kernelsim/hw/pcie"

// A pirq is one of the chipset's interrupt request lines, to which the pins of
// several functions are wired together: it is asserted while any of them is.
type pirq struct {
	asserted int // by how many functions
	irq      int // the ISA interrupt that firmware has led it to; 0: none
}

// intx wires the pins of a function; nil on the bare machine, which has no
// chipset. A function that says twice what it said before changes nothing.
func (b *Board) intx(bdf pcie.BDF) func(pin int, high bool) {
	if b.cfg.Machine == Bare {
		return nil
	}
	var was [5]bool
	return func(pin int, high bool) {
		if pin < 1 || pin > 4 || was[pin] == high {
			return
		}
		was[pin] = high
		b.driveLine(b.PIRQ(bdf, pin), high)
	}
}

// PIRQ is the number of the line that a function's pin is wired to. On the pc
// the four lines go round by device number; on q35 devices 0 to 24 share E to
// H in the same way and the chipset's own functions have A to D (ICH9: D31IR
// and its neighbors at their reset values).
func (b *Board) PIRQ(bdf pcie.BDF, pin int) int {
	dev := int(bdf) >> 3 & 31
	switch {
	case b.cfg.Machine == PC:
		return (dev + pin - 2) & 3
	case dev < 25:
		return 4 + (dev+pin-1)&3
	}
	return (pin - 1) & 3
}

// RoutePIRQ leads line n to an ISA interrupt (PIIX3 and ICH9: PIRQRC, offsets
// 0x60 to 0x63 and 0x68 to 0x6b of the ISA bridge), 0 to none. What the line
// asserts now moves with it.
func (b *Board) RoutePIRQ(n, irq int) {
	p := &b.pirq[n&7]
	before := p.irq
	p.irq = irq
	b.settleISA(before)
	b.settleISA(irq)
}

// GSI is the IOAPIC's pin that a function's pin leads to.
func (b *Board) GSI(bdf pcie.BDF, pin int) int {
	n := b.PIRQ(bdf, pin)
	if b.cfg.Machine == Q35 {
		return 16 + n
	}
	return b.pirq[n].irq
}

// driveLine asserts or releases line n for one function.
func (b *Board) driveLine(n int, high bool) {
	p := &b.pirq[n]
	if high {
		p.asserted++
	} else {
		p.asserted--
	}
	if b.cfg.Machine == Q35 {
		b.IOAPIC.SetPin(16+n, p.asserted > 0)
	}
	b.settleISA(p.irq)
}

// settleISA drives an ISA interrupt with what the lines that lead there
// assert. On q35 the IOAPIC has pins of its own for them: only the 8259A pair
// sees it.
func (b *Board) settleISA(irq int) {
	if irq == 0 {
		return
	}
	high := false
	for _, p := range b.pirq {
		high = high || p.irq == irq && p.asserted > 0
	}
	b.PIC.SetLine(irq, high)
	if b.cfg.Machine == PC {
		b.IOAPIC.SetPin(irq, high)
	}
}
