package lapic

import "bothhalves/kernelsim/hw/lapic/lapicreg"

// An access says who may read and write a register: in xAPIC mode by its
// address, in x2APIC mode by its MSR (SDM volume 3, "x2APIC Register Address
// Space"). No bit at all means that the address is reserved.
type access uint8

const (
	xRead access = 1 << iota
	xWrite
	x2Read
	x2Write
	exists // in xAPIC mode, though there is nothing to read or write

	readOnly  = xRead | x2Read
	writeOnly = xWrite | x2Write
	both      = readOnly | writeOnly
)

// accessTo is who may do what with the register at an offset.
func (a *APIC) accessTo(off uint32) access {
	switch off {
	case lapicreg.RegID, lapicreg.RegVersion, lapicreg.RegPPR, lapicreg.RegCurrent:
		return readOnly
	case lapicreg.RegTPR, lapicreg.RegSVR, lapicreg.RegESR, lapicreg.RegICR, lapicreg.RegInitial, lapicreg.RegDivide,
		lapicreg.RegLVTTimer, lapicreg.RegLVTThermal, lapicreg.RegLVTPMC,
		lapicreg.RegLVTLINT0, lapicreg.RegLVTLINT1, lapicreg.RegLVTError:
		return both
	case lapicreg.RegEOI:
		return writeOnly | exists
	case lapicreg.RegLDR:
		return readOnly | xWrite
	case lapicreg.RegDFR, lapicreg.RegICRHigh:
		return xRead | xWrite
	case lapicreg.RegSelfIPI:
		return x2Write
	case lapicreg.RegAPR, lapicreg.RegRemoteRead: // of older processors
		return exists
	case lapicreg.RegLVTCMCI:
		if a.cfg.CMCI {
			return both
		}
		return 0
	}
	if off >= lapicreg.RegISR && off < lapicreg.RegESR {
		return readOnly
	}
	return 0
}

// writable are the bits of a register that software can write. A reserved bit
// is ignored in xAPIC mode and #GP(0) in x2APIC mode.
func (a *APIC) writable(off uint32) uint32 {
	switch off {
	case lapicreg.RegTPR, lapicreg.RegSelfIPI:
		return 0xff
	case lapicreg.RegLDR, lapicreg.RegICRHigh:
		return 0xff00_0000
	case lapicreg.RegDFR:
		return 0xf000_0000
	case lapicreg.RegSVR:
		if a.cfg.DirectedEOI {
			return 0xff | lapicreg.SVREnable | lapicreg.SVRDirectedEOI
		}
		return 0xff | lapicreg.SVREnable
	case lapicreg.RegICR:
		return 0xfff | lapicreg.ICRAssert | lapicreg.ICRLevel | 3<<lapicreg.ICRShortShift
	case lapicreg.RegInitial:
		return 0xffff_ffff
	case lapicreg.RegDivide:
		return 0xb
	case lapicreg.RegEOI, lapicreg.RegESR: // the write is what counts
		return 0
	}
	return a.lvtBits(sourceAt(off))
}

// load is the value of a register that can be read. It changes nothing.
func (a *APIC) load(off uint32) uint32 {
	switch off {
	case lapicreg.RegID:
		return a.idRegister()
	case lapicreg.RegVersion:
		return a.version()
	case lapicreg.RegTPR:
		return uint32(a.tpr)
	case lapicreg.RegPPR:
		return uint32(a.arb.PPR(a.tpr))
	case lapicreg.RegLDR:
		return a.ldrRegister()
	case lapicreg.RegDFR:
		return a.dfr | 0x0fff_ffff
	case lapicreg.RegSVR:
		return a.svr
	case lapicreg.RegESR:
		return a.esr
	case lapicreg.RegICR:
		return a.icr
	case lapicreg.RegICRHigh:
		return a.icrTop
	case lapicreg.RegInitial:
		return a.timer.initial
	case lapicreg.RegCurrent:
		return a.timer.current()
	case lapicreg.RegDivide:
		return a.timer.divide
	}
	if off < lapicreg.RegESR {
		return a.vectorBits(off)
	}
	return a.lvt[sourceAt(off)]
}

// vectorBits is one of the 24 registers of ISR, TMR and IRR.
func (a *APIC) vectorBits(off uint32) uint32 {
	irr, isr, tmr := a.arb.State()
	word := off >> 4 & 7
	switch off &^ 0x7f {
	case lapicreg.RegISR:
		return isr[word]
	case lapicreg.RegTMR:
		return tmr[word]
	}
	return irr[word]
}

// store writes a register; v has no bits but writable ones.
func (a *APIC) store(off uint32, v uint32) {
	switch off {
	case lapicreg.RegTPR:
		a.setTPR(uint8(v))
	case lapicreg.RegEOI:
		a.eoi()
	case lapicreg.RegLDR:
		a.ldr = v
	case lapicreg.RegDFR:
		a.dfr = v
	case lapicreg.RegSVR:
		a.setSVR(v)
	case lapicreg.RegESR:
		a.latchErrors()
	case lapicreg.RegICR:
		a.icr = v
		a.command()
	case lapicreg.RegICRHigh:
		a.icrTop = v
	case lapicreg.RegInitial:
		a.timer.start(v)
	case lapicreg.RegDivide:
		a.timer.setDivide(v)
	case lapicreg.RegSelfIPI:
		a.send(lapicreg.Message{Vector: uint8(v), Wide: true}, lapicreg.Self)
	default:
		a.setLVT(sourceAt(off), v)
	}
}

// idRegister is the ID as the present mode shows it. An ID above 255 does not
// fit xAPIC mode.
func (a *APIC) idRegister() uint32 {
	if a.mode() == x2apic {
		return a.cfg.ID
	}
	return a.cfg.ID << 24
}

// ldrRegister is the logical ID: software's choice in xAPIC mode, derived from
// the ID in x2APIC mode.
func (a *APIC) ldrRegister() uint32 {
	if a.mode() == x2apic {
		return a.cfg.ID>>4<<16 | 1<<(a.cfg.ID&15)
	}
	return a.ldr
}

// version is the version register.
func (a *APIC) version() uint32 {
	last := uint32(Error)
	if a.cfg.CMCI {
		last = uint32(CMCI)
	}
	v := uint32(a.cfg.Version) | last<<16
	if a.cfg.DirectedEOI {
		v |= lapicreg.VersionDirected
	}
	return v
}
