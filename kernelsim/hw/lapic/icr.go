package lapic

import "bothhalves/kernelsim/hw/lapic/lapicreg"

// command sends what the ICR says (SDM volume 3, "Issuing Interprocessor
// Interrupts"). It may be sent while software has disabled the APIC.
func (a *APIC) command() {
	wide := a.mode() == x2apic
	m := lapicreg.Message{
		Dest:    a.icrTop,
		Logical: a.icr&lapicreg.ICRLogical != 0,
		Wide:    wide,
		Mode:    lapicreg.DeliveryMode(a.icr >> lapicreg.LVTModeShift & 7),
		Vector:  uint8(a.icr),
	}
	if !wide {
		m.Dest = a.icrTop >> 24
	}
	if m.Mode == lapicreg.INIT { // for all others the bits have no meaning: an edge
		m.Level = a.icr&lapicreg.ICRLevel != 0
		m.Assert = a.icr&lapicreg.ICRAssert != 0
	}
	a.send(m, lapicreg.Shorthand(a.icr>>lapicreg.ICRShortShift&3))
}

// send sends an IPI, if it is one that exists.
func (a *APIC) send(m lapicreg.Message, short lapicreg.Shorthand) {
	if !combines(m.Mode, short) {
		return
	}
	if m.Mode <= lapicreg.LowestPriority && m.Vector < lapicreg.FirstLegal {
		a.fault(lapicreg.ErrSendIllegal)
	}
	a.fabric.send(&packet{from: &a.source, self: a, short: short, m: m})
}

// combines reports whether a shorthand can be had with a delivery mode (SDM
// volume 3, "Valid Combinations for the Pentium 4 and Intel Xeon Processors'
// Local xAPIC Interrupt Command Register"). Oneself can be sent nothing but
// fixed interrupts.
func combines(mode lapicreg.DeliveryMode, short lapicreg.Shorthand) bool {
	switch {
	case mode == 3 || mode == lapicreg.ExtINT: // not in the ICR
		return false
	case short == lapicreg.Self || short == lapicreg.AllIncludingSelf:
		return mode == lapicreg.Fixed
	}
	return true
}
