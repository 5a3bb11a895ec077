package lapic

import (
	"math/bits"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// arbiter is the heart of a local APIC (SDM volume 3, "Interrupt, Task, and
// Processor Priority"; "Interrupt Acceptance for Fixed Interrupts"). A vector
// has one bit in each register, and so a second request of one that waits
// already leaves no trace.
type arbiter struct {
	irr lapicreg.Set // accepted, waiting for the core
	isr lapicreg.Set // taken by the core, no EOI yet
	tmr lapicreg.Set // of what was accepted last: level triggered

	// The highest vectors of the first two, 0 if there is none: they are asked
	// for far more often than they change.
	waiting, serving uint8
}

// NewArbiter returns the default arbiter, with nothing waiting and nothing in
// service (SDM volume 3, "Interrupt, Task, and Processor Priority").
func NewArbiter() lapicreg.Arbiter { return &arbiter{} }

// Accept implements lapicreg.Arbiter.
func (r *arbiter) Accept(v uint8, level bool) {
	r.irr.Add(v)
	r.waiting = max(r.waiting, v)
	if level {
		r.tmr.Add(v)
	} else {
		r.tmr.Remove(v)
	}
}

// Deliverable implements lapicreg.Arbiter. Priorities are compared by class,
// the upper half of the vector: an equal class waits.
func (r *arbiter) Deliverable(tpr uint8) (v uint8, ok bool) {
	return r.waiting, class(r.waiting) > class(r.PPR(tpr))
}

// Acknowledge implements lapicreg.Arbiter.
func (r *arbiter) Acknowledge(tpr uint8) (v uint8, ok bool) {
	if v, ok = r.Deliverable(tpr); ok {
		r.irr.Remove(v)
		r.isr.Add(v)
		r.waiting, r.serving = highest(&r.irr, v), v
	}
	return v, ok
}

// EOI implements lapicreg.Arbiter. The write names no vector: the highest one
// in service ends, whichever handler wrote.
func (r *arbiter) EOI() (v uint8, level, ok bool) {
	v, ok = r.serving, r.serving != 0
	r.isr.Remove(v)
	r.serving = highest(&r.isr, v)
	return v, ok && r.tmr.Has(v), ok
}

// PPR implements lapicreg.Arbiter: the higher of what software asks for and
// what is in service.
func (r *arbiter) PPR(tpr uint8) uint8 {
	if class(r.serving) > class(tpr) {
		return r.serving & 0xf0
	}
	return tpr
}

// State implements lapicreg.Arbiter.
func (r *arbiter) State() (irr, isr, tmr lapicreg.Set) { return r.irr, r.isr, r.tmr }

// Reset implements lapicreg.Arbiter.
func (r *arbiter) Reset() { *r = arbiter{} }

// class is the priority class of a vector or a priority register.
func class(v uint8) uint8 { return v >> 4 }

// highest is the greatest vector of a set whose vectors are not above limit. An
// empty set gives 0, which is no vector of a local APIC and whose class is
// above nothing.
func highest(s *lapicreg.Set, limit uint8) uint8 {
	for word := int(limit >> 5); word > 0; word-- {
		if s[word] != 0 {
			return uint8(32*word + bits.Len32(s[word]) - 1)
		}
	}
	return uint8(bits.Len32(s[0]|1) - 1)
}
