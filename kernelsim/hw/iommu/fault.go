package iommu

import (
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/reg"
)

// report records a blocked message (VT-d 7.3 "Fault Reporting"). With the
// record in use the fault is lost, but for PFO, and while PFO is set nothing
// is recorded.
func (u *Unit) report(why iommureg.Reason, index uint32, who uint16) {
	fsts := u.regs.Get(iommureg.FSTS)
	switch {
	case fsts&iommureg.PFO != 0:
		return
	case u.regs.Get(iommureg.FRCD+8)&iommureg.FaultF != 0:
		u.regs.Set(iommureg.FSTS, fsts|iommureg.PFO)
	default:
		u.regs.Set(iommureg.FRCD, uint64(index&0xffff)<<48)
		u.regs.Set(iommureg.FRCD+8, iommureg.FaultF|uint64(why)<<32|uint64(who))
		u.regs.Set(iommureg.FSTS, fsts|iommureg.PPF)
	}
	if fsts&(iommureg.PPF|iommureg.PFO|iommureg.IQE) == 0 {
		u.raiseEvent()
	}
}

// faultFreed takes a write to the upper half of the record: PPF shows whether
// it is in use.
func (u *Unit) faultFreed(w reg.Written) {
	fsts := u.regs.Get(iommureg.FSTS) &^ iommureg.PPF
	if w.After&iommureg.FaultF != 0 {
		fsts |= iommureg.PPF
	}
	u.regs.Set(iommureg.FSTS, fsts)
	u.settleEvent()
}

// raiseEvent sends the fault event message, or holds it back while it is
// masked (VT-d 7.4 "Fault Event").
func (u *Unit) raiseEvent() {
	ctl := u.regs.Get(iommureg.FECTL)
	if ctl&iommureg.EventMask != 0 {
		u.regs.Set(iommureg.FECTL, ctl|iommureg.EventPend)
		return
	}
	u.sendEvent()
}

// eventMask takes a write to FECTL: a message held back goes out when the
// mask falls.
func (u *Unit) eventMask(w reg.Written) {
	if w.After&iommureg.EventMask == 0 && w.After&iommureg.EventPend != 0 {
		u.regs.Set(iommureg.FECTL, w.After&^iommureg.EventPend)
		u.sendEvent()
	}
}

// settleEvent drops the held-back message once nothing is left to report.
func (u *Unit) settleEvent() {
	if u.regs.Get(iommureg.FSTS)&(iommureg.PPF|iommureg.PFO|iommureg.IQE) == 0 {
		u.regs.Set(iommureg.FECTL, u.regs.Get(iommureg.FECTL)&^iommureg.EventPend)
	}
}

// sendEvent sends the unit's own message. It is in the compatibility format
// and not remapped; with 32-bit destinations the upper address holds the
// destination's upper bits.
func (u *Unit) sendEvent() {
	m := lapicreg.FromMSI(u.regs.Get(iommureg.FEADDR), uint32(u.regs.Get(iommureg.FEDATA)))
	if u.extended() {
		m.Wide = true
		m.Dest |= uint32(u.regs.Get(iommureg.FEUADR)) & 0xffff_ff00
	}
	u.send(u.cfg.Source, m)
}
