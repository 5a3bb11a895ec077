package apic

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
)

// Mask8259A models disable_8259A_irq (arch/x86/kernel/i8259.c).
func Mask8259A(c *cpu.CPU, line int) { mask8259A(c, line) }

// Unmask8259A models enable_8259A_irq.
func Unmask8259A(c *cpu.CPU, line int) {
	s := shared.Of(c)
	s.irqMask &^= 1 << line
	restoreHalf(c, line)
}

// restoreHalf writes the remembered mask of the controller that has a line.
func restoreHalf(c *cpu.CPU, line int) {
	s := shared.Of(c)
	if line < 8 {
		bus.OutB(c, masterIMR, uint8(s.irqMask))
	} else {
		bus.OutB(c, slaveIMR, uint8(s.irqMask>>8))
	}
}

// Ack8259A models the end of mask_and_ack_8259A: a specific EOI to the
// controller that has the line, and to the master for its cascade.
func Ack8259A(c *cpu.CPU, line int) {
	const specific = 0x60
	if line >= 8 {
		bus.OutB(c, slaveCmd, specific+uint8(line&7))
		line = cascadeIR
	}
	bus.OutB(c, masterCmd, specific+uint8(line))
}
