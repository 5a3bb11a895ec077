package lapic

import "bothhalves/kernelsim/hw/lapic/lapicreg"

// SetLINT sets the level of pin LINT0 or LINT1 (SDM volume 3, "Local Vector
// Table"). Where the APIC is globally disabled the pins are the INTR and NMI
// of a processor that has none.
func (a *APIC) SetLINT(n int, high bool) {
	if n != 0 && n != 1 {
		return
	}
	changed := a.pin[n] != high
	a.pin[n] = high
	if a.mode() != off {
		a.look(LINT0+Source(n), changed)
		return
	}
	switch {
	case n == 0 && high:
		a.core.ExtINT()
	case n == 1 && high && changed:
		a.core.NMI()
	}
}

// pulse makes a pin active for a moment, and then what it was not: an event
// that leaves the pin inactive.
func (a *APIC) pulse(n int) {
	activeHigh := a.mode() == off || a.lvt[LINT0+Source(n)]&lapicreg.LVTActiveLow == 0
	a.pin[n] = !activeHigh
	a.SetLINT(n, activeHigh)
	a.SetLINT(n, !activeHigh)
}

// look is what a pin's level brings about now. Edges count when they happen,
// and are lost while masked; a level counts as long as it lasts.
func (a *APIC) look(s Source, edge bool) {
	lvt := a.lvt[s]
	active := a.pin[s-LINT0] != (lvt&lapicreg.LVTActiveLow != 0)
	if !active || lvt&lapicreg.LVTMasked != 0 {
		return
	}
	switch {
	case a.levelPin(s):
		if lvt&lapicreg.LVTRemoteIRR == 0 && a.deliver(s, true) {
			a.lvt[s] |= lapicreg.LVTRemoteIRR
		}
	case edge || lvtMode(lvt) == lapicreg.ExtINT:
		a.deliver(s, false)
	}
}

// levelPin reports whether a pin is level sensitive with an EOI at its end:
// LINT0 in mode fixed alone. The trigger bit of other modes counts for
// nothing, and LINT1 has edges only.
func (a *APIC) levelPin(s Source) bool {
	return s == LINT0 && a.lvt[s]&lapicreg.LVTLevel != 0 && lvtMode(a.lvt[s]) == lapicreg.Fixed
}

// pinEOI ends LINT0's interrupt: if its line is still active it comes again.
func (a *APIC) pinEOI(v uint8) {
	lvt := &a.lvt[LINT0]
	if *lvt&lapicreg.LVTRemoteIRR != 0 && uint8(*lvt) == v {
		*lvt &^= lapicreg.LVTRemoteIRR
		a.look(LINT0, false)
	}
}
