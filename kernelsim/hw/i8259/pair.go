// Package i8259 models the two 8259A interrupt controllers of a PC: 15 lines,
// for the slave takes input 2 of the master.
//
// Where the data sheet and the emulators differ, the data sheet is followed,
// but for what a PC's chipset changed: the trigger mode is the edge/level
// control register's business, and the vector is always that of 8086 mode.
package i8259

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/i8259/i8259reg"
)

// A Pair is the two chips.
type Pair struct {
	master, slave chip
	out           func(high bool)
	high          bool // level of the master's INT pin
	ack           i8259reg.Acknowledger
}

// New returns the pair in its power-on state; out hears each change of the
// master's INT pin.
func New(out func(high bool)) *Pair {
	p := &Pair{out: out, ack: Cascade{}}
	p.master.fixed = ^uint8(i8259reg.MasterELCRMask)
	p.slave.fixed = ^uint8(i8259reg.SlaveELCRMask)
	// The acknowledge cycle that finds the slave without a request (IRQ 15,
	// spurious) is one that the master passed on: it had kept the edge of the
	// slave's INT, though INT has fallen since.
	p.master.held = 1 << i8259reg.CascadeInput
	return p
}

// Replace installs another part for the acknowledge cycle; nil is the default
// one.
func (p *Pair) Replace(a i8259reg.Acknowledger) {
	if a == nil {
		a = Cascade{}
	}
	p.ack = a
}

// Reset is power-on. The wires at the inputs are not part of the chips: their
// levels stay, but only new edges count.
func (p *Pair) Reset() {
	p.master.powerOn()
	p.slave.powerOn()
	p.settle()
}

// SetLine drives interrupt line n, 0 to 15. Line 2 does not exist: the input
// is the slave's.
func (p *Pair) SetLine(n int, high bool) {
	switch {
	case n >= 8 && n < 16:
		p.slave.set(uint8(n-8), high)
	case n >= 0 && n < 8 && n != i8259reg.CascadeInput:
		p.master.set(uint8(n), high)
	}
	p.settle()
}

// INT is the level of the master's INT pin.
func (p *Pair) INT() bool { return p.high }

// INTA is the acknowledge cycle: the vector. The inputs that it put in
// service keep both INT pins low between its two pulses; the end of the
// second is the automatic EOI, after which a slave that has more raises INT
// anew.
func (p *Pair) INTA() uint8 {
	master, slave := p.master.isr, p.slave.isr
	vec, _ := p.ack.Ack(&p.master, &p.slave)
	p.settle()
	p.master.finish(master)
	p.slave.finish(slave)
	p.settle()
	return vec
}

// settle carries the slave's INT to the master and the master's to the
// outside.
func (p *Pair) settle() {
	p.master.set(i8259reg.CascadeInput, p.slave.intr())
	if high := p.master.intr(); high != p.high {
		p.high = high
		if p.out != nil {
			p.out(high)
		}
	}
}

// Dump is the state as the QEMU monitor prints it ("info pic",
// hw/intc/i8259_common.c).
func (p *Pair) Dump() string {
	var b strings.Builder
	for i, c := range [...]*chip{&p.master, &p.slave} {
		fmt.Fprintf(&b, "pic%d: irr=%02x imr=%02x isr=%02x hprio=%d irq_base=%02x rr_sel=%d elcr=%02x fnm=%d\n",
			i, c.irr(), c.imr, c.isr, c.first, c.base, digit(c.readISR), c.level, digit(c.nested))
	}
	return b.String()
}

// digit is 1 for true.
func digit(on bool) int {
	if on {
		return 1
	}
	return 0
}
