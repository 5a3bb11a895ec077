package lapic

import "bothhalves/kernelsim/hw/lapic/lapicreg"

// A Source is a local interrupt source: one entry of the LVT (SDM volume 3,
// "Local Vector Table").
type Source uint8

// The local sources, in the order of their registers from 0x320; CMCI has a
// place of its own.
const (
	Timer Source = iota
	Thermal
	PMC
	LINT0
	LINT1
	Error
	CMCI

	sources = 7
)

// sourceAt is the source whose entry is the register at an offset.
func sourceAt(off uint32) Source {
	if off == lapicreg.RegLVTCMCI {
		return CMCI
	}
	return Source((off - lapicreg.RegLVTTimer) >> 4)
}

// lvtBits are the bits of an entry that software can write.
func (a *APIC) lvtBits(s Source) uint32 {
	const vector, mode = 0xff, 7 << lapicreg.LVTModeShift
	switch s {
	case Timer:
		modes := uint32(1)
		if a.cfg.TSCDeadline {
			modes = 3
		}
		return vector | lapicreg.LVTMasked | modes<<lapicreg.LVTTimerShift
	case Error:
		return vector | lapicreg.LVTMasked
	case LINT0, LINT1:
		return vector | mode | lapicreg.LVTMasked | lapicreg.LVTActiveLow | lapicreg.LVTLevel
	}
	return vector | mode | lapicreg.LVTMasked
}

// setLVT writes an entry. While software has disabled the APIC the mask bit
// cannot be cleared.
func (a *APIC) setLVT(s Source, v uint32) {
	if !a.enabled() {
		v |= lapicreg.LVTMasked
	}
	old := a.lvt[s]
	a.lvt[s] = v
	switch s {
	case Timer:
		a.timer.changeMode(timerMode(old), timerMode(v))
	case LINT0, LINT1:
		if a.levelPin(s) {
			a.lvt[s] |= old & lapicreg.LVTRemoteIRR
		}
		a.look(s, false)
	}
}

// setSVR writes the spurious-interrupt vector register. Disabling masks the
// whole LVT; IRR and ISR keep what they hold (SDM volume 3, "Local APIC State
// After It Has Been Software Disabled").
func (a *APIC) setSVR(v uint32) {
	a.svr = v
	if a.enabled() {
		return
	}
	for s := range a.lvt {
		a.lvt[s] |= lapicreg.LVTMasked
	}
}

// Fire is an event of a local source: its entry of the LVT says what becomes
// of it (SDM volume 3, "Local Vector Table"). For a pin it is a pulse.
func (a *APIC) Fire(s Source) {
	switch {
	case s >= sources:
	case s == LINT0 || s == LINT1:
		a.pulse(int(s - LINT0))
	case a.mode() == off || a.lvt[s]&lapicreg.LVTMasked != 0:
	default:
		a.deliver(s, false)
	}
}

// deliver sends what an entry says. A performance counter's interrupt masks
// its entry: the handler opens it again.
func (a *APIC) deliver(s Source, level bool) bool {
	lvt := a.lvt[s]
	if s == PMC {
		a.lvt[s] |= lapicreg.LVTMasked
	}
	if m := lvtMode(lvt); m != lapicreg.Fixed {
		a.direct(m)
		return true
	}
	return a.accept(uint8(lvt), level)
}

// lvtMode is the delivery mode of an entry.
func lvtMode(lvt uint32) lapicreg.DeliveryMode {
	return lapicreg.DeliveryMode(lvt >> lapicreg.LVTModeShift & 7)
}
