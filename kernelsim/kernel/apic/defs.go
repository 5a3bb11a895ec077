package apic

// Registers of the local APIC by Linux's names: offsets in its page. In x2APIC
// mode register r is MSR 0x800 + r>>4 (arch/x86/include/asm/apicdef.h).
const (
	regID         = 0x020 // APIC_ID
	regLVR        = 0x030 // APIC_LVR
	regTaskPri    = 0x080 // APIC_TASKPRI
	regEOI        = 0x0b0 // APIC_EOI
	regLDR        = 0x0d0 // APIC_LDR
	regDFR        = 0x0e0 // APIC_DFR
	regSPIV       = 0x0f0 // APIC_SPIV
	regISR        = 0x100 // APIC_ISR
	regIRR        = 0x200 // APIC_IRR
	regESR        = 0x280 // APIC_ESR
	regICR        = 0x300 // APIC_ICR
	regICR2       = 0x310 // APIC_ICR2
	regLVTT       = 0x320 // APIC_LVTT
	regLVTThermal = 0x330 // APIC_LVTTHMR
	regLVTPC      = 0x340 // APIC_LVTPC
	regLVT0       = 0x350 // APIC_LVT0
	regLVT1       = 0x360 // APIC_LVT1
	regLVTErr     = 0x370 // APIC_LVTERR
	regTMICT      = 0x380 // APIC_TMICT
	regTDCR       = 0x3e0 // APIC_TDCR
	regSelfIPI    = 0x3f0 // APIC_SELF_IPI

	pageBase = 0xfee0_0000 // APIC_DEFAULT_PHYS_BASE
	msrFirst = 0x800       // APIC_BASE_MSR
)

// The model specific registers beside those of the page
// (arch/x86/include/asm/msr-index.h).
const (
	msrAPICBase    = 0x1b  // MSR_IA32_APICBASE
	msrTSCDeadline = 0x6e0 // MSR_IA32_TSC_DEADLINE

	xapicEnable  = 1 << 11 // XAPIC_ENABLE
	x2apicEnable = 1 << 10 // X2APIC_ENABLE
)

// The fields that the code below sets.
const (
	spivEnabled   = 1 << 8      // APIC_SPIV_APIC_ENABLED
	vectorMask    = 0xff        // APIC_VECTOR_MASK
	priorityMask  = 0xff        // APIC_TPRI_MASK
	lvtMasked     = 1 << 16     // APIC_LVT_MASKED
	timerDeadline = 2 << 17     // APIC_LVT_TIMER_TSCDEADLINE
	modeNMI       = 4 << 8      // APIC_DM_NMI
	modeINIT      = 5 << 8      // APIC_DM_INIT
	modeStartUp   = 6 << 8      // APIC_DM_STARTUP
	modeExtINT    = 7 << 8      // APIC_DM_EXTINT
	icrLogical    = 1 << 11     // APIC_DEST_LOGICAL
	icrBusy       = 1 << 12     // APIC_ICR_BUSY
	icrAssert     = 1 << 14     // APIC_INT_ASSERT
	icrLevel      = 1 << 15     // APIC_INT_LEVELTRIG
	icrSelf       = 1 << 18     // APIC_DEST_SELF
	icrAll        = 2 << 18     // APIC_DEST_ALLINC
	icrOthers     = 3 << 18     // APIC_DEST_ALLBUT
	flatModel     = 0xffff_ffff // APIC_DFR_FLAT
	ldrMask       = 0xff << 24  // APIC_LDR_MASK
	divideMask    = 0xb | 1<<2  // APIC_TDR_DIV_1 | APIC_TDR_DIV_TMBASE
	divide16      = 0x3         // APIC_TDR_DIV_16
	divisor       = 16          // APIC_DIVISOR
)
