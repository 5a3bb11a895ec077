package apic

import (
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/labs/lab"
)

// An arbiter is the heart of one local APIC: three bits for each vector.
type arbiter struct {
	irr lapicreg.Set // requested: accepted, and the core has not taken it
	isr lapicreg.Set // in service: taken, and nobody has written EOI
	tmr lapicreg.Set // the last message of this vector was level triggered
}

// NewArbiter makes the arbiter of a local APIC that has just been switched on.
// It is called once for each processor.
func NewArbiter() lapicreg.Arbiter { return &arbiter{} }

// Accept takes a message: the vector is requested, and TMR says how this
// message was triggered.
func (a *arbiter) Accept(v uint8, level bool) {
	panic(lab.TODO("note the request, and how it was triggered"))
}

// Deliverable is the vector that may interrupt now, for a task priority. ok is
// false if none may.
func (a *arbiter) Deliverable(tpr uint8) (v uint8, ok bool) {
	panic(lab.TODO("choose among those that are requested, and say whether that one may interrupt"))
}

// Acknowledge is the core's answer: the deliverable vector goes into service.
// ok is false, and nothing moves, if none is deliverable any more.
func (a *arbiter) Acknowledge(tpr uint8) (v uint8, ok bool) {
	panic(lab.TODO("move what is deliverable from one register to the other"))
}

// EOI ends an interrupt. The write names none. level says whether the one that
// has ended was level triggered; ok is false if none was in service.
func (a *arbiter) EOI() (v uint8, level, ok bool) {
	panic(lab.TODO("end one of those that are in service"))
}

// PPR is the processor priority for a task priority.
func (a *arbiter) PPR(tpr uint8) uint8 {
	panic(lab.TODO("compare what software asks for with what is in service"))
}

// State hands out the three registers, for whoever reads them.
func (a *arbiter) State() (irr, isr, tmr lapicreg.Set) { return a.irr, a.isr, a.tmr }

// Reset clears everything.
func (a *arbiter) Reset() { *a = arbiter{} }
