package cpu

import "bothhalves/kernelsim/sim"

// NMIVector is the vector of the non-maskable interrupt (Intel SDM volume 3A,
// table 6-1).
const NMIVector Vector = 2

// NMI is a pulse on the NMI pin, or a message of delivery mode NMI: the
// processor takes vector 2 at its next boundary, whatever IF says. While one
// is being handled the next one waits. It ends a halt.
func (c *CPU) NMI() {
	c.nmi = true
	c.Wake()
}

// takeNMI is one trip through the NMI's gate: no INTA, and IF comes back as it
// was. A vector without a gate is dropped.
func (c *CPU) takeNMI() {
	c.nmi = false
	if c.IDT[NMIVector] == nil {
		return
	}
	was := c.iflag
	c.iflag, c.inNMI = false, true
	c.IDT[NMIVector](c, NMIVector)
	c.iflag, c.inNMI = was, false
}

// NewNMICounter returns a stopped counter that sends c an NMI when it has run
// out: a performance counter whose overflow the local APIC delivers as NMI.
func NewNMICounter(eng *sim.Engine, c *CPU) *ClockEvent {
	return &ClockEvent{eng: eng, ev: sim.Event{Name: "counter overflow", Timer: true,
		Fire: func(sim.Time) { c.NMI() }}}
}
