package machine

import (
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
)

// What the firmware writes (SeaBIOS, src/fw/smp.c and src/hw/pic.c; the writes
// to the ICR are those of smp-boot/*/qemu.trace).
const (
	firmwareAP = 0x10000 // where its code for the other processors lies

	apicPage    = 0xfee0_0000
	apicBaseMSR = 0x1b
)

// firmware is what runs before the kernel, as far as interrupts see it: the
// boot processor's APIC on, in virtual wire mode, the others started once and
// halted again, the 8259A pair at the vectors of real mode. It takes no time.
func (m *Machine) firmware(c *cpu.CPU) {
	store := func(reg uint64, v uint64) { c.WritePhys(apicPage+reg, 4, v) }
	store(0xf0, c.ReadPhys(apicPage+0xf0, 4)|0x100)
	store(0x350, 0x8700) // LINT0: ExtINT, level
	store(0x360, 0x8400) // LINT1: NMI, level
	store(0x300, 0xc4500)
	store(0x300, 0xc4600|firmwareAP>>12)
	m.firmwareX2APIC(c)
	for _, x := range [...]struct {
		port uint16
		v    uint32
	}{
		{0x20, 0x11}, {0x21, 0x08}, {0x21, 0x04}, {0x21, 0x01}, {0x21, 0xfb},
		{0xa0, 0x11}, {0xa1, 0x70}, {0xa1, 0x02}, {0xa1, 0x01}, {0xa1, 0xff},
		{0x4d1, 0x0c}, // IRQ 10 and 11, where PCI's lines lead, are level triggered
	} {
		c.Out(x.port, 1, x.v)
	}
}

// firmwareX2APIC turns x2APIC mode on where an APIC ID needs it: one of 255 or
// more does not fit into a register of the page (Intel x2APIC specification,
// "x2APIC Enabling by BIOS").
func (m *Machine) firmwareX2APIC(c *cpu.CPU) {
	if !m.cfg.X2APIC || m.cfg.CPUs <= 255 {
		return
	}
	if v, ok := c.RDMSR(apicBaseMSR); ok {
		c.WRMSR(apicBaseMSR, v|1<<10)
	}
}

// startUp is the first code that a processor finds at the address of a
// start-up IPI. The firmware's ends in a halt that nothing but INIT ends, as if
// the processor waited for its IPI still; the kernel's is the trampoline.
func (m *Machine) startUp(c *cpu.CPU, addr uint64) {
	co := m.secondary[c.ID]
	switch {
	case addr == apic.Trampoline && co != nil:
		m.secondary[c.ID] = nil
		c.Start(co)
	case addr == firmwareAP:
		m.firmwareX2APIC(c)
		c.PowerOn(false)
	default:
		c.PowerOn(false)
	}
}

// apicConfig is what the kernel finds out about APICs, and its parameters
// (Documentation/admin-guide/kernel-parameters.txt).
func (m *Machine) apicConfig() apic.Config {
	words := strings.Fields(m.cfg.Append)
	has := func(w string) bool { return slices.Contains(words, w) }
	b := m.board.Config()
	cfg := apic.Config{CPUs: m.cfg.CPUs, X2APIC: m.cfg.X2APIC, TSCDeadline: m.cfg.TSCDeadline,
		BusHz: b.BusHz, TSCHz: b.TSCHz, PhysOnly: has("x2apic_phys"), NoX2APIC: has("nox2apic"),
		NoIOAPIC: has("noapic"), NoShorthand: has("no_ipi_broadcast=1"),
		LowestPrio: m.release.Name == "4.9", Send: m.parts.APIC.Send, Compose: m.parts.MSIX.Compose}
	m.setRemapper(&cfg)
	return cfg
}
