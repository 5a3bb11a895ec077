package vector

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irq"
)

// InitISA models init_ISA_irqs (arch/x86/kernel/irqinit.c): the first sixteen
// interrupts are the 8259A pair's, until the I/O APIC takes them over.
func InitISA(c *cpu.CPU) {
	for n := range irq.Number(16) {
		irq.ToDesc(c, n).SetChip(picChip{})
		irq.SetHandler(c, n, irq.HandleLevel, "", true)
	}
}

// KeepISA models lapic_update_legacy_vectors: without an I/O APIC the vectors
// of the 8259A pair are the system's own on all processors.
func KeepISA(c *cpu.CPU) {
	for n := range 16 {
		if n != 2 {
			books(c).AssignSystem(int(idt.ISA)+n, true)
		}
	}
	apic.SetSCITrigger(c, sciIRQ)
}

// picChip models i8259A_chip (arch/x86/kernel/i8259.c).
type picChip struct{}

// Name is the chip's name.
func (picChip) Name() string { return "XT-PIC" }

// Mask models disable_8259A_irq.
func (picChip) Mask(c *cpu.CPU, d *irq.Data) { apic.Mask8259A(c, int(d.IRQ)) }

// Unmask models enable_8259A_irq.
func (picChip) Unmask(c *cpu.CPU, d *irq.Data) { apic.Unmask8259A(c, int(d.IRQ)) }

// Disable models disable_8259A_irq: this chip is told at once.
func (picChip) Disable(c *cpu.CPU, d *irq.Data) { apic.Mask8259A(c, int(d.IRQ)) }

// MaskAck models mask_and_ack_8259A.
func (picChip) MaskAck(c *cpu.CPU, d *irq.Data) {
	apic.Mask8259A(c, int(d.IRQ))
	apic.Ack8259A(c, int(d.IRQ))
}
