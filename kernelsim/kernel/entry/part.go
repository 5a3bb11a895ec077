package entry

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/kernel/vector"
)

// A processor is the one that takes an interrupt, as a part sees it.
type processor struct{ c *cpu.CPU }

var _ irqabi.Processor = processor{}

// CPU models smp_processor_id.
func (p processor) CPU() int { return p.c.ID }

// VectorIRQ is a place of vector_irq. There is none for a processor that the
// machine does not have.
func (p processor) VectorIRQ(n int, vec uint8) irqabi.Entry {
	if n < 0 || n >= len(p.c.Peers) {
		return irqabi.Entry{}
	}
	e := vector.Entry(p.c, n, cpu.Vector(vec))
	if e.State != irqabi.Wanted {
		e.IRQ = -1 // 0 is an interrupt
	}
	return e
}

// SetUnused puts VECTOR_UNUSED there.
func (p processor) SetUnused(n int, vec uint8) {
	if n >= 0 && n < len(p.c.Peers) {
		vector.SetUnused(p.c, n, cpu.Vector(vec))
	}
}

// Handle models handle_irq. Nothing happens with a number that nobody has.
func (p processor) Handle(n int) {
	if d := irq.ToDesc(p.c, irq.Number(n)); d != nil {
		irq.Handle(p.c, d)
	}
}

// EOI models ack_APIC_irq.
func (p processor) EOI() { ack(p.c) }

// Complain tells of a vector that nobody has.
func (p processor) Complain(vec uint8) { complain(p.c, cpu.Vector(vec)) }
