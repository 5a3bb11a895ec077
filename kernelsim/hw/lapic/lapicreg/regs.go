package lapicreg

// The registers' places in the page (SDM volume 3, "The Local APIC Block
// Diagram"; Linux: APIC_* in arch/x86/include/asm/apicdef.h). Each is 32 bits
// wide and has 16 bytes for itself.
const (
	RegID         = 0x020
	RegVersion    = 0x030
	RegTPR        = 0x080
	RegAPR        = 0x090
	RegPPR        = 0x0a0
	RegEOI        = 0x0b0
	RegRemoteRead = 0x0c0
	RegLDR        = 0x0d0
	RegDFR        = 0x0e0
	RegSVR        = 0x0f0
	RegISR        = 0x100 // eight of them, as with the next two
	RegTMR        = 0x180
	RegIRR        = 0x200
	RegESR        = 0x280
	RegLVTCMCI    = 0x2f0
	RegICR        = 0x300
	RegICRHigh    = 0x310
	RegLVTTimer   = 0x320
	RegLVTThermal = 0x330
	RegLVTPMC     = 0x340
	RegLVTLINT0   = 0x350
	RegLVTLINT1   = 0x360
	RegLVTError   = 0x370
	RegInitial    = 0x380
	RegCurrent    = 0x390
	RegDivide     = 0x3e0
	RegSelfIPI    = 0x3f0 // x2APIC alone
)

// Model specific registers (SDM volume 3, "x2APIC Register Address Space";
// Linux: arch/x86/include/asm/msr-index.h).
const (
	MSRBase        = 0x1b  // IA32_APIC_BASE
	MSRTSCDeadline = 0x6e0 // IA32_TSC_DEADLINE
	MSRFirst       = 0x800 // x2APIC: the register at offset o is MSRFirst + o>>4
	MSRLast        = 0x8ff
)

// MSR is the x2APIC number of the register at an offset of the page.
func MSR(off uint32) uint32 { return MSRFirst + off>>4 }

// Bits of IA32_APIC_BASE (SDM volume 3, "Local APIC Status and Location").
const (
	BaseBSP     = 1 << 8
	BaseX2APIC  = 1 << 10 // EXTD
	BaseEnable  = 1 << 11 // EN
	BaseAddress = 0xf_ffff_ffff_f000
	DefaultPage = 0xfee0_0000
	PageSize    = 0x1000
)

// Bits of the spurious-interrupt vector register (Linux: APIC_SPIV_*).
const (
	SVREnable      = 1 << 8
	SVRDirectedEOI = 1 << 12 // no EOI broadcasts
)

// Bits of an LVT entry (SDM volume 3, "Local Vector Table"; Linux:
// APIC_LVT_*).
const (
	LVTPending      = 1 << 12
	LVTActiveLow    = 1 << 13
	LVTRemoteIRR    = 1 << 14
	LVTLevel        = 1 << 15
	LVTMasked       = 1 << 16
	LVTModeShift    = 8
	LVTTimerShift   = 17
	LVTReset        = LVTMasked
	DFRFlat         = 0xf
	DFRCluster      = 0x0
	FirstLegal      = 16 // vectors below do not exist for a local APIC
	ICRLogical      = 1 << 11
	ICRAssert       = 1 << 14
	ICRLevel        = 1 << 15
	ICRShortShift   = 18
	VersionDirected = 1 << 24 // SVRDirectedEOI can be set
)

// A TimerMode is bits 18:17 of the timer's LVT entry (SDM volume 3, "APIC
// Timer").
type TimerMode uint8

// The timer modes.
const (
	OneShot TimerMode = iota
	Periodic
	TSCDeadline
)

// Bits of the error status register (SDM volume 3, "Error Handling").
const (
	ErrSendIllegal    = 1 << 5 // a vector below 16 was sent
	ErrReceiveIllegal = 1 << 6 // one arrived, from outside or from the LVT
	ErrRegister       = 1 << 7 // a reserved address of the page was accessed
)

// Divisor is by how much the timer's clock is divided (SDM volume 3, "Divide
// Configuration Register"): the three bits 3, 1 and 0 count powers of two
// from 2, and all ones is 1.
func Divisor(divide uint32) uint32 {
	code := divide&3 | divide>>1&4
	return 1 << ((code + 1) & 7)
}
