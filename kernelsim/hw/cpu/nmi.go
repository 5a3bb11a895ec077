package cpu

import "bothhalves/kernelsim/sim"

// NMIVector is the vector of the non-maskable interrupt (Intel SDM volume 3,
// "Exceptions and Interrupts").
const NMIVector Vector = 2

// NewNMICounter returns a stopped counter that sends c an NMI when it has run
// out: a counter of unhalted cycles outside the local APIC. (A performance
// counter would go through LVTPC; the recorded kernel found none and left that
// entry masked.)
func NewNMICounter(eng *sim.Engine, c *CPU) *ClockEvent {
	return &ClockEvent{eng: eng, ev: sim.Event{Name: "counter overflow", Timer: true,
		Fire: func(sim.Time) { c.NMI() }}}
}
