package lapic

import "bothhalves/kernelsim/hw/lapic/lapicreg"

// HasMSR says which model specific registers the APIC answers; see
// cpu.LocalAPIC. Those of x2APIC mode are its own in every mode.
func (a *APIC) HasMSR(index uint32) bool {
	switch index {
	case lapicreg.MSRBase:
		return true
	case lapicreg.MSRTSCDeadline:
		return a.cfg.TSCDeadline
	}
	return index >= lapicreg.MSRFirst && index <= lapicreg.MSRLast
}

// ReadMSR is RDMSR; ok is false where it raises #GP(0).
func (a *APIC) ReadMSR(index uint32) (v uint64, ok bool) {
	switch index {
	case lapicreg.MSRBase:
		return a.base, true
	case lapicreg.MSRTSCDeadline:
		return a.timer.deadline, a.cfg.TSCDeadline
	}
	off, ok := a.x2register(index, x2Read)
	if !ok {
		return 0, false
	}
	v = uint64(a.load(off))
	if off == lapicreg.RegICR {
		v |= uint64(a.icrTop) << 32
	}
	return v, true
}

// WriteMSR is WRMSR; where it returns false, for #GP(0), nothing has changed.
func (a *APIC) WriteMSR(index uint32, v uint64) (ok bool) {
	switch index {
	case lapicreg.MSRBase:
		return a.setBase(v)
	case lapicreg.MSRTSCDeadline:
		if a.cfg.TSCDeadline {
			a.timer.setDeadline(v)
		}
		return a.cfg.TSCDeadline
	}
	off, ok := a.x2register(index, x2Write)
	if !ok {
		return false
	}
	allowed := uint64(a.writable(off))
	if off == lapicreg.RegICR {
		allowed |= 0xffff_ffff << 32
	}
	if v&^allowed != 0 {
		return false
	}
	if off == lapicreg.RegICR {
		a.icrTop = uint32(v >> 32)
	}
	a.store(off, uint32(v))
	return true
}

// x2register is the register behind an MSR, if the APIC is in x2APIC mode and
// it can be accessed in this way.
func (a *APIC) x2register(index uint32, how access) (off uint32, ok bool) {
	if a.mode() != x2apic || index < lapicreg.MSRFirst || index > lapicreg.MSRLast {
		return 0, false
	}
	off = (index - lapicreg.MSRFirst) << 4
	return off, a.accessTo(off)&how != 0
}
