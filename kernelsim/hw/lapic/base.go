package lapic

import "bothhalves/kernelsim/hw/lapic/lapicreg"

// A mode is bits 11:10 of IA32_APIC_BASE: EN and EXTD.
type mode uint8

// The modes (SDM volume 3, "x2APIC State Transitions").
const (
	off     mode = 0
	invalid mode = 1
	xapic   mode = 2
	x2apic  mode = 3
)

// modeOf is the mode that a value of IA32_APIC_BASE asks for.
func modeOf(base uint64) mode { return mode(base >> 10 & 3) }

// mode is the present mode.
func (a *APIC) mode() mode { return modeOf(a.base) }

// setBase is a write to IA32_APIC_BASE; false is #GP(0). x2APIC is entered
// from xAPIC alone, and left only by disabling the APIC.
func (a *APIC) setBase(v uint64) bool {
	from, to := a.mode(), modeOf(v)
	switch {
	case v&^a.baseBits() != 0, to == invalid:
		return false
	case from == off && to == x2apic, from == x2apic && to == xapic:
		return false
	}
	a.base = v
	a.enter(from, to)
	return true
}

// baseBits are the bits of IA32_APIC_BASE that are not reserved.
func (a *APIC) baseBits() uint64 {
	known := uint64(lapicreg.BaseAddress | lapicreg.BaseEnable | lapicreg.BaseBSP)
	if a.cfg.X2APIC {
		known |= lapicreg.BaseX2APIC
	}
	return known
}

// enter does what a change of mode brings with it. An APIC that is disabled
// forgets everything; on the way to x2APIC the upper half of the ICR is lost,
// because it means something else there.
func (a *APIC) enter(from, to mode) {
	switch {
	case from == to:
	case to == x2apic:
		a.icrTop = 0
		a.fabric.legacy--
	case from == x2apic:
		a.fabric.legacy++
		a.clear()
	default:
		a.clear()
	}
	if to == off {
		a.SetLINT(0, a.pin[0]) // the 8259A pair may be waiting
	}
}

// Claims reports whether a physical address lies in the register page, which
// there is in xAPIC mode alone, and where in it; see cpu.LocalAPIC.
func (a *APIC) Claims(addr uint64) (off uint32, ok bool) {
	at := addr - a.base&lapicreg.BaseAddress
	return uint32(at), a.mode() == xapic && at < lapicreg.PageSize
}
