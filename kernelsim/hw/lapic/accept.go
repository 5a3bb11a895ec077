package lapic

import "bothhalves/kernelsim/hw/lapic/lapicreg"

// receive takes a message whose destination this APIC is (SDM volume 3,
// "Interrupt Acceptance"). Only fixed interrupts wait in IRR and have a
// priority; the others go straight to the core, also when software has
// disabled the APIC.
func (a *APIC) receive(m lapicreg.Message) {
	if m.Level && !m.Assert {
		return // a de-assert says nothing to processors since the Pentium 4
	}
	switch m.Mode {
	case lapicreg.Fixed, lapicreg.LowestPriority:
		if a.enabled() {
			a.accept(m.Vector, m.Level)
		}
	case lapicreg.StartUp:
		a.core.StartUp(m.Vector)
	default:
		a.direct(m.Mode)
	}
}

// accept notes a fixed interrupt in IRR. It reports whether the vector was a
// legal one.
func (a *APIC) accept(v uint8, level bool) bool {
	if v < lapicreg.FirstLegal {
		a.fault(lapicreg.ErrReceiveIllegal)
		return false
	}
	a.arb.Accept(v, level)
	a.signal()
	return true
}

// direct leads what has no vector to the core.
func (a *APIC) direct(mode lapicreg.DeliveryMode) {
	switch mode {
	case lapicreg.SMI:
		a.core.SMI()
	case lapicreg.NMI:
		a.core.NMI()
	case lapicreg.INIT:
		a.clear()
		a.core.INIT()
	case lapicreg.ExtINT:
		a.core.ExtINT()
	}
}

// fault notes an error, and lets the LVT's error entry fire if it is a new one
// (SDM volume 3, "Error Handling"). The entry's own vector may be illegal:
// that is a second error, and no third.
func (a *APIC) fault(bit uint32) {
	if a.errors&bit != 0 {
		return
	}
	a.errors |= bit
	a.Fire(Error)
}

// latchErrors is a write to ESR: it shows what was noted since the last write,
// and begins anew.
func (a *APIC) latchErrors() { a.esr, a.errors = a.errors, 0 }
