// Package iommureg holds what an interrupt remapping unit and the kernel's
// code for it share: register offsets, layouts, the remapping table's entry,
// the remappable message and the invalidation descriptors. Nothing here acts.
//
// Manual: Intel Virtualization Technology for Directed I/O, chapter 5
// "Interrupt Remapping" and chapter 11 "Register Descriptions"; Linux:
// include/linux/dmar.h and drivers/iommu/intel/iommu.h.
package iommureg

import "bothhalves/kernelsim/reg"

// Base is where the unit of Q35's chipset answers (QEMU's
// Q35_HOST_BRIDGE_IOMMU_ADDR); Size is the extent of its registers.
const (
	Base = 0xfed9_0000
	Size = 0x1000
)

// Register offsets (VT-d 11.4; Linux DMAR_*_REG).
const (
	VER    = 0x00  // architecture version
	CAP    = 0x08  // capabilities
	ECAP   = 0x10  // extended capabilities
	GCMD   = 0x18  // global command, write only
	GSTS   = 0x1c  // global status
	FSTS   = 0x34  // fault status
	FECTL  = 0x38  // fault event: control
	FEDATA = 0x3c  // fault event: message data
	FEADDR = 0x40  // fault event: message address
	FEUADR = 0x44  // fault event: upper address
	IQH    = 0x80  // invalidation queue head
	IQT    = 0x88  // invalidation queue tail
	IQA    = 0x90  // invalidation queue address
	ICS    = 0x9c  // invalidation completion status
	IRTA   = 0xb8  // interrupt remapping table address
	FRCD   = 0x220 // fault recording: FaultRecords of 16 bytes
)

// FaultRecords is the number of fault recording registers that the unit has,
// as CAP.NFR says.
const FaultRecords = 1

// The bits of GCMD and GSTS that interrupt remapping knows (VT-d 11.4.4,
// 11.4.5; Linux DMA_GCMD_*). A command bit and its status bit lie at the same
// place.
const (
	CFI   = 1 << 23 // compatibility format interrupts pass
	SIRTP = 1 << 24 // one-shot: take the table address from IRTA
	IRE   = 1 << 25 // interrupt remapping enabled
	QIE   = 1 << 26 // queued invalidation enabled
)

// GlobalStatus is the layout of GSTS, and of GCMD.
func GlobalStatus() reg.Layout {
	return reg.Layout{
		reg.Flag("cfis", 23).Noted("messages in the compatibility format pass, while remapping is on in xAPIC mode"),
		reg.Flag("irtps", 24).Noted("the table's address was taken from IRTA"),
		reg.Flag("ires", 25).Noted("interrupt remapping is on"),
		reg.Flag("qies", 26).Noted("the invalidation queue is on"),
	}
}

// TableAddress is the layout of IRTA (VT-d 11.4.22).
func TableAddress() reg.Layout {
	return reg.Layout{
		reg.Number("size", 3, 0).Noted("the table has 2^(size+1) entries"),
		reg.Flag("eime", 11).Noted("destinations have 32 bits (x2APIC)"),
		reg.Number("address 51:12", 51, 12),
	}
}

// Capability is the layout of CAP as far as interrupt remapping goes.
func Capability() reg.Layout {
	return reg.Layout{
		reg.Number("fro", 33, 24).Noted("fault records begin at 16 times this"),
		reg.Number("nfr", 47, 40).Noted("number of fault records, less one"),
	}
}

// ExtendedCapability is the layout of ECAP, likewise.
func ExtendedCapability() reg.Layout {
	return reg.Layout{
		reg.Flag("qi", 1).Noted("queued invalidation"),
		reg.Flag("ir", 3).Noted("interrupt remapping"),
		reg.Flag("eim", 4).Noted("32-bit destinations"),
		reg.Number("mhmv", 23, 20).Noted("the largest mask of an IEC invalidation"),
	}
}

// What the unit offers.
const (
	CapValue  = FRCD / 16 << 24
	ECapValue = 1<<1 | 1<<3 | 0xf<<20
	ECapEIM   = 1 << 4
	ECapIR    = 1 << 3
)

// EventControl is the layout of FECTL (VT-d 11.4.7).
func EventControl() reg.Layout {
	return reg.Layout{
		reg.Flag("ip", 30).Noted("a fault event waits for the mask to fall"),
		reg.Flag("im", 31).Noted("fault events are masked"),
	}
}

// QueueIndex are the bits of IQH and IQT; FaultF is the F bit of a fault
// record's upper half.
const (
	QueueIndex = 0x7fff0
	FaultF     = 1 << 63
)

// The bits of IRTA.
const (
	EIME     = 1 << 11
	IRTASize = 0xf
	PageMask = 0x000f_ffff_ffff_f000
)

// QueueAddress is the layout of IQA (VT-d 11.4.9.3).
func QueueAddress() reg.Layout {
	return reg.Layout{
		reg.Number("size", 2, 0).Noted("the queue has 2^size pages of 256 descriptors"),
		reg.Flag("dw", 11).Noted("descriptors of 256 bits: not modeled"),
		reg.Number("address 51:12", 51, 12),
	}
}

// FaultStatus is the layout of FSTS (VT-d 11.4.6).
func FaultStatus() reg.Layout {
	return reg.Layout{
		reg.Flag("pfo", 0).Noted("a fault found no free recording register; written 1: cleared"),
		reg.Flag("ppf", 1).Noted("a fault is recorded: its F bit is set"),
		reg.Flag("iqe", 4).Noted("the queue holds what is no descriptor; written 1: cleared"),
		reg.Number("fri", 15, 8).Noted("the first recorded fault"),
	}
}

// The bits of FSTS, and of FECTL.
const (
	PFO       = 1 << 0
	PPF       = 1 << 1
	IQE       = 1 << 4
	EventMask = 1 << 31 // FECTL.IM: no fault event message
	EventPend = 1 << 30 // FECTL.IP
)

// FaultLow and FaultHigh are the layout of a fault recording register (VT-d
// 11.4.13.1).
func FaultLow() reg.Layout {
	return reg.Layout{reg.Number("index", 63, 48).Noted("the interrupt index that was asked for")}
}

// FaultHigh is the layout of the upper quadword of a recorded fault.
func FaultHigh() reg.Layout {
	return reg.Layout{
		reg.Number("sid", 15, 0).Noted("requester ID of who wrote the message"),
		reg.Number("reason", 39, 32),
		reg.Flag("read", 62),
		reg.Flag("fault", 63).Noted("written 1: the record is free again"),
	}
}

// A Reason is the fault reason of a blocked interrupt (VT-d, "Interrupt
// Remapping Fault Conditions").
type Reason uint8

// The fault reasons of interrupt remapping.
const (
	NoFault        Reason = 0
	ReservedInReq  Reason = 0x20 // reserved bits of the message
	BeyondTable    Reason = 0x21 // the index is beyond the table
	NotPresent     Reason = 0x22 // the entry is not present
	TableAccess    Reason = 0x23 // the table cannot be read
	ReservedInIRTE Reason = 0x24 // reserved bits of the entry
	CompatBlocked  Reason = 0x25 // compatibility format, blocked
	SourceRejected Reason = 0x26 // the requester is not the one that the entry names
)

// String is the reason as dmar_get_fault_reason prints it.
func (r Reason) String() string {
	if r < ReservedInReq || r > SourceRejected {
		return "Unknown"
	}
	return [...]string{
		"Detected reserved fields in the decoded interrupt-remapped request",
		"Interrupt index exceeded the interrupt-remapping table size",
		"Present field in the IRTE entry is clear",
		"Error accessing interrupt-remapping table pointed by IRTA_REG",
		"Detected reserved fields in the IRTE entry",
		"Blocked a compatibility format interrupt request",
		"Blocked an interrupt request due to source-id verification failure",
	}[r-ReservedInReq]
}

// Qualified reports whether an entry's FPD bit suppresses the record of this
// fault: those found in the entry or after it.
func (r Reason) Qualified() bool {
	return r == NotPresent || r == ReservedInIRTE || r == SourceRejected
}
