package lapicreg

// A Set is one of the three 256-bit registers, IRR, ISR or TMR: bit v of the
// whole is bit v%32 of word v/32.
type Set [8]uint32

// Has reports whether vector v is in the set.
func (s *Set) Has(v uint8) bool { return s[v>>5]&(1<<(v&31)) != 0 }

// Add puts v in.
func (s *Set) Add(v uint8) { s[v>>5] |= 1 << (v & 31) }

// Remove takes v out.
func (s *Set) Remove(v uint8) { s[v>>5] &^= 1 << (v & 31) }

// An Arbiter is the heart of a local APIC: it keeps what was accepted, decides
// what may interrupt, and moves it through service. The registers around it
// (TPR, SVR, LVT, ICR, timer) are not its business. This is the seam of the
// lab task lapic-core.
//
// None of the methods is called at the same time as another. Vectors below 16
// never reach it.
type Arbiter interface {
	// Accept takes a fixed interrupt: IRR[v] is set, and TMR[v] says how this
	// message was triggered. A vector that already waits stays one request.
	Accept(v uint8, level bool)
	// Deliverable is the vector that may interrupt now, given the task
	// priority register.
	Deliverable(tpr uint8) (v uint8, ok bool)
	// Acknowledge is the INTA cycle: the deliverable vector moves from IRR to
	// ISR. ok is false, and nothing moves, when none is deliverable any more.
	Acknowledge(tpr uint8) (v uint8, ok bool)
	// EOI ends the interrupt in service that has the highest priority. level
	// says whether it was level triggered (its TMR bit); ok is false when
	// none is in service.
	EOI() (v uint8, level, ok bool)
	// PPR is the processor priority register for a task priority.
	PPR(tpr uint8) uint8
	// State copies the three registers, for reads of them.
	State() (irr, isr, tmr Set)
	// Reset clears everything.
	Reset()
}
