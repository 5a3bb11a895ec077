package vector

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq/irqabi"
)

// Entry is what stands in a processor's vector_irq (arch/x86/kernel/irq.c).
func Entry(c *cpu.CPU, n int, v cpu.Vector) irqabi.Entry {
	at := vectorIRQ.On(c, n)[v]
	switch {
	case at.desc != nil:
		return irqabi.Entry{State: irqabi.Wanted, IRQ: int(at.desc.IRQ)}
	case at.once:
		return irqabi.Entry{State: irqabi.Expected}
	}
	return irqabi.Entry{}
}

// SetUnused puts VECTOR_UNUSED there.
func SetUnused(c *cpu.CPU, n int, v cpu.Vector) { vectorIRQ.On(c, n)[v] = slot{} }
