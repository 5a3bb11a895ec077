package iommu

import (
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/reg"
)

// registers is the unit's register file (VT-d 11.4). What belongs to address
// translation reads as zero.
func (u *Unit) registers() *reg.Map {
	return reg.Must(reg.New("dmar0", 1,
		reg.Register{Offset: iommureg.VER, Name: "VER", Size: 4, Reset: 0x10},
		reg.Gap(0x04, 4),
		reg.Register{Offset: iommureg.CAP, Name: "CAP", Size: 8, Reset: iommureg.CapValue, Layout: iommureg.Capability()},
		reg.Register{Offset: iommureg.ECAP, Name: "ECAP", Size: 8, Reset: u.ecap(), Layout: iommureg.ExtendedCapability()},
		reg.Register{Offset: iommureg.GCMD, Name: "GCMD", Size: 4, Write: u.command},
		reg.Register{Offset: iommureg.GSTS, Name: "GSTS", Size: 4, Layout: iommureg.GlobalStatus()},
		reg.Gap(0x20, 0x14),
		reg.Register{Offset: iommureg.FSTS, Name: "FSTS", Size: 4, W1C: iommureg.PFO | iommureg.IQE,
			Layout: iommureg.FaultStatus(), Write: u.resume},
		reg.Register{Offset: iommureg.FECTL, Name: "FECTL", Size: 4, Reset: iommureg.EventMask, RW: iommureg.EventMask,
			Layout: iommureg.EventControl(), Write: u.eventMask},
		reg.Register{Offset: iommureg.FEDATA, Name: "FEDATA", Size: 4, RW: 0xffff},
		reg.Register{Offset: iommureg.FEADDR, Name: "FEADDR", Size: 4, RW: 0xffff_fffc},
		reg.Register{Offset: iommureg.FEUADR, Name: "FEUADR", Size: 4, RW: 0xffff_ffff},
		reg.Gap(0x48, 0x38),
		reg.Register{Offset: iommureg.IQH, Name: "IQH", Size: 8},
		reg.Register{Offset: iommureg.IQT, Name: "IQT", Size: 8, RW: iommureg.QueueIndex, Write: u.doorbell},
		reg.Register{Offset: iommureg.IQA, Name: "IQA", Size: 8, RW: iommureg.PageMask | 7, Layout: iommureg.QueueAddress()},
		reg.Gap(0x98, 4),
		reg.Register{Offset: iommureg.ICS, Name: "ICS", Size: 4, W1C: 1},
		reg.Gap(0xa0, 0x18),
		reg.Register{Offset: iommureg.IRTA, Name: "IRTA", Size: 8, RW: u.irtaBits(), Layout: iommureg.TableAddress()},
		reg.Gap(0xc0, 0x160),
		reg.Register{Offset: iommureg.FRCD, Name: "FRCD.lo", Size: 8, Layout: iommureg.FaultLow()},
		reg.Register{Offset: iommureg.FRCD + 8, Name: "FRCD.hi", Size: 8, W1C: iommureg.FaultF,
			Layout: iommureg.FaultHigh(), Write: u.faultFreed},
		reg.Gap(0x230, iommureg.Size-0x230),
	))
}

// ecap is what the unit offers: queued invalidation, interrupt remapping, and
// perhaps 32-bit destinations.
func (u *Unit) ecap() uint64 {
	v := uint64(iommureg.ECapValue)
	if u.cfg.EIM {
		v |= iommureg.ECapEIM
	}
	return v
}

// irtaBits are the bits of IRTA that can be written: EIME only where it is
// offered.
func (u *Unit) irtaBits() uint64 {
	v := uint64(iommureg.PageMask | iommureg.IRTASize)
	if u.cfg.EIM {
		v |= iommureg.EIME
	}
	return v
}

// command takes a write to GCMD. Software writes all bits that are to be on,
// and one one-shot bit.
func (u *Unit) command(w reg.Written) {
	v := uint32(w.Value)
	if v&iommureg.SIRTP != 0 {
		u.live = u.regs.Get(iommureg.IRTA)
		u.setStatus(u.gsts | iommureg.SIRTP)
	}
	u.setStatus(u.gsts&^(iommureg.CFI|iommureg.IRE) | v&(iommureg.CFI|iommureg.IRE))
	if (u.gsts^v)&iommureg.QIE != 0 {
		u.setStatus(u.gsts ^ iommureg.QIE)
		u.regs.Set(iommureg.IQH, 0)
		u.drain()
	}
}

// setStatus stores GSTS.
func (u *Unit) setStatus(v uint32) {
	u.gsts = v
	u.regs.Set(iommureg.GSTS, uint64(v))
}
