package apic

import (
	"math/bits"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/oops"
)

// InitIRQ models init_ISA_irqs of native_init_IRQ: the 8259A pair gets its
// vectors, and all its lines stay masked. Context: the boot processor, before
// the APIC gates are set.
func InitIRQ(c *cpu.CPU) { init8259A(c, false) }

// IntrModeInit models apic_intr_mode_init: from PIC and virtual wire, as the
// firmware left them, to local and I/O APICs. Context: late_time_init.
func IntrModeInit(c *cpu.CPU) {
	printk.Printk(c, printk.Info, "APIC: Switch to symmetric I/O mode setup")
	setupRouting(c)
	bspSetup(c)
}

// bspSetup models apic_bsp_setup.
func bspSetup(c *cpu.CPU) {
	setupLocalAPIC(c)
	enableIOAPIC(c)
	endLocalAPICSetup(c)
	setupIOAPIC(c)
}

// setupLocalAPIC models setup_local_APIC, in its order: what names the
// processor and what it accepts come before the switch that turns it on.
func setupLocalAPIC(c *cpu.CPU) {
	Write(c, regSPIV, Read(c, regSPIV)&^uint32(spivEnabled))
	checkRegistered(c)
	shared.Of(c).drv.initLDR(c)
	// Vectors 16 to 31 could come through, and would be taken for exceptions.
	Write(c, regTaskPri, Read(c, regTaskPri)&^uint32(priorityMask)|0x10)
	pendingIntrClear(c)
	spiv := Read(c, regSPIV)&^uint32(vectorMask) | spivEnabled
	Write(c, regSPIV, spiv|uint32(idt.SpuriousAPIC))
	setupLINT(c)
}

// checkRegistered models the BUG_ON for an APIC that no table has named.
func checkRegistered(c *cpu.CPU) {
	s := shared.Of(c)
	if s.mode {
		return
	}
	if id := readID(c); int(id) >= s.cfg.CPUs || !s.possible.Has(int(id)) {
		oops.Raise(oops.Report{Rule: "APIC ID", CPU: c.ID,
			Title: "kernel BUG at arch/x86/kernel/apic/apic.c:1605!",
			Why:   "the processor that runs has an APIC ID that the firmware's table does not list"})
	}
}

// setupLINT is the end of setup_local_APIC: the virtual wire of the 8259A pair
// stays as the firmware left it, on the boot processor alone; and so does the
// NMI pin.
func setupLINT(c *cpu.CPU) {
	lint0 := uint32(modeExtINT)
	masked := Read(c, regLVT0)&lvtMasked != 0
	if c.ID != 0 || masked && !shared.Of(c).cfg.NoIOAPIC {
		lint0 |= lvtMasked
	}
	Write(c, regLVT0, lint0)
	lint1 := uint32(modeNMI)
	if c.ID != 0 {
		lint1 |= lvtMasked
	}
	Write(c, regLVT1, lint1)
}

// pendingIntrClear models apic_pending_intr_clear: what a former owner left in
// service is ended, up to 512 times.
func pendingIntrClear(c *cpu.CPU) {
	for range 512 {
		if !checkAndAck(c) {
			return
		}
	}
}

// checkAndAck models apic_check_and_ack.
func checkAndAck(c *cpu.CPU) (again bool) {
	waiting, inService := 0, 0
	for i := range uint32(8) {
		waiting += bits.OnesCount32(Read(c, regIRR+i*16))
	}
	for i := range uint32(8) {
		inService += bits.OnesCount32(Read(c, regISR+i*16))
	}
	for range inService {
		EOI(c)
	}
	return waiting+inService > 0
}

// endLocalAPICSetup models end_local_APIC_setup and lapic_setup_esr: errors
// are cleared, then told by interrupt.
func endLocalAPICSetup(c *cpu.CPU) {
	clear := func() uint32 {
		if maxLVT(c) > 3 {
			Write(c, regESR, 0)
		}
		return Read(c, regESR)
	}
	before := clear()
	Write(c, regLVTErr, uint32(idt.ErrorAPIC))
	if after := clear(); after != before {
		printk.Printk(c, printk.Debug, "ESR value before enabling vector: 0x%08x  after: 0x%08x", before, after)
	}
}
