package apic

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/i8259/i8259reg"
	"bothhalves/kernelsim/kernel/idt"
)

// The ports of the 8259A pair and what is written there
// (arch/x86/include/asm/i8259.h).
const (
	masterCmd = 0x20 // PIC_MASTER_CMD
	masterIMR = 0x21 // PIC_MASTER_IMR
	slaveCmd  = 0xa0 // PIC_SLAVE_CMD
	slaveIMR  = 0xa1 // PIC_SLAVE_IMR

	icw1        = 0x11 // edge triggered, a cascade, ICW4 follows
	icw4        = 0x01 // 8086 mode; MASTER_ICW4_DEFAULT, SLAVE_ICW4_DEFAULT
	icw4AutoEOI = 0x02 // PIC_ICW4_AEOI
	cascadeIR   = 2    // PIC_CASCADE_IR
)

// init8259A models init_8259A: the four initialization words for each of the
// two, then the masks that the kernel remembers, all set at first.
func init8259A(c *cpu.CPU, autoEOI bool) {
	flags := c.SaveFlags()
	bus.OutB(c, masterIMR, 0xff)
	bus.OutB(c, masterCmd, icw1)
	bus.OutB(c, masterIMR, uint8(idt.ISA))
	bus.OutB(c, masterIMR, 1<<cascadeIR)
	if autoEOI {
		bus.OutB(c, masterIMR, icw4|icw4AutoEOI)
	} else {
		bus.OutB(c, masterIMR, icw4)
	}
	bus.OutB(c, slaveCmd, icw1)
	bus.OutB(c, slaveIMR, uint8(idt.ISA)+8)
	bus.OutB(c, slaveIMR, cascadeIR)
	bus.OutB(c, slaveIMR, icw4)
	udelay(c, 100)
	restore8259AMask(c)
	c.RestoreFlags(flags)
}

// SetSCITrigger models acpi_pic_sci_set_trigger (arch/x86/kernel/acpi/boot.c):
// of the pair's inputs the system control interrupt alone is a level, until
// others are routed.
func SetSCITrigger(c *cpu.CPU, irq int) {
	levels := uint16(1) << irq
	bus.OutB(c, i8259reg.MasterELCR, uint8(levels))
	bus.OutB(c, i8259reg.SlaveELCR, uint8(levels>>8))
}

// SetELCRLevel models elcr_set_level_irq: an input becomes a level.
func SetELCRLevel(c *cpu.CPU, irq int) {
	port := uint16(i8259reg.MasterELCR + irq>>3)
	if v := bus.InB(c, port); v&(1<<(irq&7)) == 0 {
		bus.OutB(c, port, v|1<<(irq&7))
	}
}

// maskAll8259A models mask_8259A.
func maskAll8259A(c *cpu.CPU) {
	bus.OutB(c, masterIMR, 0xff)
	bus.OutB(c, slaveIMR, 0xff)
}

// restore8259AMask models unmask_8259A: back to the masks that are remembered
// (cached_irq_mask).
func restore8259AMask(c *cpu.CPU) {
	s := shared.Of(c)
	bus.OutB(c, masterIMR, uint8(s.irqMask))
	bus.OutB(c, slaveIMR, uint8(s.irqMask>>8))
}

// mask8259A models mask_8259A_irq.
func mask8259A(c *cpu.CPU, irq int) {
	s := shared.Of(c)
	s.irqMask |= 1 << irq
	if irq < 8 {
		bus.OutB(c, masterIMR, uint8(s.irqMask))
	} else {
		bus.OutB(c, slaveIMR, uint8(s.irqMask>>8))
	}
}
