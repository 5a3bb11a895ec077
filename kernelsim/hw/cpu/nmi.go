package cpu

import "bothhalves/kernelsim/sim"

// NMIVector is the vector of the non-maskable interrupt (Intel SDM volume 3,
// "Exceptions and Interrupts").
const NMIVector Vector = 2

// An NMICounter sends its processor an NMI when it has run out: a counter of
// unhalted cycles outside the local APIC. (A performance counter would go
// through LVTPC; the recorded kernel found none and left that entry masked.)
type NMICounter struct {
	eng *sim.Engine
	ev  sim.Event
}

// NewNMICounter returns a stopped counter.
func NewNMICounter(eng *sim.Engine, c *CPU) *NMICounter {
	return &NMICounter{eng: eng, ev: sim.Event{Name: "counter overflow", Timer: true,
		Fire: func(sim.Time) { c.NMI() }}}
}

// Program makes it run out at a time, whatever it was to do before.
func (k *NMICounter) Program(at sim.Time) { k.eng.Arm(&k.ev, at) }

// Shutdown stops it.
func (k *NMICounter) Shutdown() { k.eng.Disarm(&k.ev) }
