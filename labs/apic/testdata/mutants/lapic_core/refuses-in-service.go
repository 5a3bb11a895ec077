// Fails: what has arrived waits, the larger vector goes first, and each once
// Misconception: what is in service is being looked at already: a second message of it has nothing to add

package apic

import (
	"math/bits"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
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
	if !a.isr.Has(v) {
		a.irr.Add(v)
	}
	if level {
		a.tmr.Add(v)
	} else {
		a.tmr.Remove(v)
	}
}

// Deliverable is the vector that may interrupt now, for a task priority. ok is
// false if none may.
func (a *arbiter) Deliverable(tpr uint8) (v uint8, ok bool) {
	v = highest(&a.irr)
	return v, class(v) > class(a.PPR(tpr))
}

// Acknowledge is the core's answer: the deliverable vector goes into service.
// ok is false, and nothing moves, if none is deliverable any more.
func (a *arbiter) Acknowledge(tpr uint8) (v uint8, ok bool) {
	v, ok = a.Deliverable(tpr)
	if !ok {
		return 0, false
	}
	a.irr.Remove(v)
	a.isr.Add(v)
	return v, true
}

// EOI ends an interrupt. The write names none. level says whether the one that
// has ended was level triggered; ok is false if none was in service.
func (a *arbiter) EOI() (v uint8, level, ok bool) {
	v = highest(&a.isr)
	if v == 0 {
		return 0, false, false
	}
	a.isr.Remove(v)
	return v, a.tmr.Has(v), true
}

// PPR is the processor priority for a task priority.
func (a *arbiter) PPR(tpr uint8) uint8 {
	if v := highest(&a.isr); class(v) > class(tpr) {
		return class(v) << 4
	}
	return tpr
}

// class is the priority class of a vector or of a priority register.
func class(v uint8) uint8 { return v >> 4 }

// highest is the largest vector of a set. Of an empty one it is 0, which no
// message has and whose class is above nothing.
func highest(s *lapicreg.Set) uint8 {
	for word := len(s) - 1; word >= 0; word-- {
		if s[word] != 0 {
			return uint8(word*32 + bits.Len32(s[word]) - 1)
		}
	}
	return 0
}

// State hands out the three registers, for whoever reads them.
func (a *arbiter) State() (irr, isr, tmr lapicreg.Set) { return a.irr, a.isr, a.tmr }

// Reset clears everything.
func (a *arbiter) Reset() { *a = arbiter{} }
