package apic

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
)

// RemoveFromMaps models remove_cpu_from_maps (arch/x86/kernel/smpboot.c): the
// calling processor is not online any more, and not started.
func RemoveFromMaps(c *cpu.CPU) {
	s := shared.Of(c)
	for _, m := range []*Mask{&s.online, &s.callout, &s.callin, &s.initialized} {
		m.Remove(c.ID)
	}
}

// SoftDisable models apic_soft_disable: the local APIC takes no fixed
// interrupts from now on. It still hears INIT, NMI, SMI and start-up messages.
func SoftDisable(c *cpu.CPU) {
	clearLocalAPIC(c)
	Write(c, regSPIV, Read(c, regSPIV)&^uint32(spivEnabled))
}

// clearLocalAPIC models clear_local_APIC: first everything is masked, or an
// error might be told while the vectors are taken away; then it is.
func clearLocalAPIC(c *cpu.CPU) {
	Write(c, regLVTErr, uint32(idt.ErrorAPIC)|lvtMasked)
	local := []uint32{regLVTT, regLVT0, regLVT1, regLVTPC, regLVTThermal}
	for _, reg := range local[:min(max(int(maxLVT(c)), 3), 5)] {
		Write(c, reg, Read(c, reg)|lvtMasked)
	}
	for _, reg := range []uint32{regLVTT, regLVT0, regLVT1, regLVTErr, regLVTPC} {
		Write(c, reg, lvtMasked)
	}
	if maxLVT(c) > 3 {
		Write(c, regESR, 0)
	}
	Read(c, regESR)
}
