package iommureg

import "bothhalves/kernelsim/reg"

// An IRTE is an entry of the interrupt remapping table (VT-d 9.10 "Interrupt
// Remapping Table Entry (IRTE) for Remapped Interrupts"; Linux: struct irte,
// include/linux/dmar.h).
type IRTE struct{ Low, High uint64 }

// IRTESize is the size of an entry in bytes.
const IRTESize = 16

// IRTELow is the layout of an entry's first quadword.
func IRTELow() reg.Layout {
	return reg.Layout{
		reg.Flag("present", 0),
		reg.Flag("fpd", 1).Noted("faults found in this entry are not recorded"),
		reg.Enum("dm", 2, 2, "physical", "logical"),
		reg.Flag("rh", 3).Noted("redirection hint"),
		reg.Enum("trigger", 4, 4, "edge", "level"),
		reg.Enum("delivery", 7, 5, "fixed", "lowest", "smi", "", "nmi", "init", "", "extint"),
		reg.Number("avail", 11, 8),
		reg.Flag("posted", 15).Noted("posted format: not modeled, a fault"),
		reg.Number("vector", 23, 16),
		reg.Number("dest", 63, 32).Noted("in xAPIC mode bits 15:8 of it alone"),
	}
}

// IRTEHigh is the layout of the second quadword.
func IRTEHigh() reg.Layout {
	return reg.Layout{
		reg.Number("sid", 15, 0).Noted("who may use this entry"),
		reg.Number("sq", 17, 16).Noted("bits of the function number that are not compared: none, 2, 2:1, 2:0"),
		reg.Enum("svt", 19, 18, "any-source", "sid-sq", "bus-range"),
	}
}

// The fields of an entry.
var (
	irtePresent  = reg.Bit(0)
	irteFPD      = reg.Bit(1)
	irteLogical  = reg.Bit(2)
	irteHint     = reg.Bit(3)
	irteLevel    = reg.Bit(4)
	irteDelivery = reg.Field{Hi: 7, Lo: 5}
	irteVector   = reg.Field{Hi: 23, Lo: 16}
	irteDest     = reg.Field{Hi: 63, Lo: 32}
	irteSID      = reg.Field{Hi: 15, Lo: 0}
	irteSQ       = reg.Field{Hi: 17, Lo: 16}
	irteSVT      = reg.Field{Hi: 19, Lo: 18}
)

// Reserved bits: of the low quadword 14:12, 31:24 and, as posting is not
// offered, 15; of the high one all above SVT.
const (
	reservedLow  = 0x0000_0000_ff00_f000
	reservedHigh = ^uint64(0xf_ffff)
)

// The source validation types.
const (
	SVTNone   = 0 // any requester
	SVTSource = 1 // SID, but for the bits that SQ leaves out
	SVTBus    = 2 // a bus from SID 15:8 to SID 7:0
)

// Present reports whether the entry may be used.
func (e IRTE) Present() bool { return irtePresent.Get(e.Low) != 0 }

// FPD reports whether the entry's faults go unrecorded.
func (e IRTE) FPD() bool { return irteFPD.Get(e.Low) != 0 }

// Logical is the destination mode.
func (e IRTE) Logical() bool { return irteLogical.Get(e.Low) != 0 }

// Hint is the redirection hint.
func (e IRTE) Hint() bool { return irteHint.Get(e.Low) != 0 }

// Level is the trigger mode.
func (e IRTE) Level() bool { return irteLevel.Get(e.Low) != 0 }

// Delivery is the delivery mode, as in MSI data.
func (e IRTE) Delivery() uint8 { return uint8(irteDelivery.Get(e.Low)) }

// Vector is the vector that the processor gets.
func (e IRTE) Vector() uint8 { return uint8(irteVector.Get(e.Low)) }

// Dest is the destination field: all of it an x2APIC ID, or in xAPIC mode an
// 8-bit ID in its bits 15:8.
func (e IRTE) Dest() uint32 { return uint32(irteDest.Get(e.Low)) }

// SID is the source-id that SVT and SQ compare with.
func (e IRTE) SID() uint16 { return uint16(irteSID.Get(e.High)) }

// Reserved reports whether a bit is set that must be clear: the source
// validation type 3, a destination bit that xAPIC mode does not use, and the
// delivery modes that no message has.
func (e IRTE) Reserved(eim bool) bool {
	bad := e.Low&reservedLow != 0 || e.High&reservedHigh != 0 || irteSVT.Get(e.High) == 3
	if !eim {
		bad = bad || e.Dest()&^0xff00 != 0
	}
	return bad
}

// Admits reports whether the requester may use the entry (VT-d 5.1.3 "Source
// ID verification").
func (e IRTE) Admits(requester uint16) bool {
	switch irteSVT.Get(e.High) {
	case SVTNone:
		return true
	case SVTSource:
		keep := [4]uint16{0xffff, 0xfffb, 0xfff9, 0xfff8}[irteSQ.Get(e.High)]
		return (requester^e.SID())&keep == 0
	case SVTBus:
		bus := requester >> 8
		return bus >= e.SID()>>8 && bus <= e.SID()&0xff
	}
	return false
}

// NewIRTE models prepare_irte (drivers/iommu/intel/irq_remapping.c): a present
// entry, edge triggered and fixed, with the destination in the form of the
// mode. Who may use it is said by ForSource.
func NewIRTE(vector uint8, dest uint32, logical, eim bool) IRTE {
	if !eim {
		dest = dest << 8 & 0xff00
	}
	low := irtePresent.Put(0, 1)
	if logical {
		low = irteLogical.Put(low, 1)
	}
	low = irteVector.Put(low, uint64(vector))
	return IRTE{Low: irteDest.Put(low, uint64(dest))}
}

// ForSource models set_irte_sid (drivers/iommu/intel/irq_remapping.c): the
// entry with who may use it.
func (e IRTE) ForSource(svt, sq uint8, sid uint16) IRTE {
	e.High = irteSVT.Put(e.High, uint64(svt))
	e.High = irteSQ.Put(e.High, uint64(sq))
	e.High = irteSID.Put(e.High, uint64(sid))
	return e
}
