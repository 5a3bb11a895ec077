// Fails: a kernel lives on it, its interrupts move, and nothing stays in service
// Misconception: the dispatcher acknowledges, and then calls the flow

package irq

import "bothhalves/kernelsim/kernel/irq/irqabi"

// CommonInterrupt models __common_interrupt (arch/x86/kernel/irq.c): this
// processor has taken vector vec, which is no exception and none of the
// kernel's own. Interrupts are off. Its table vector_irq says whose the vector
// is, if it is anybody's.
func CommonInterrupt(c irqabi.Processor, vec uint8) {
	entry := c.VectorIRQ(c.CPU(), vec)
	if entry.State == irqabi.Wanted {
		c.EOI()
		c.Handle(entry.IRQ)
		return
	}
	c.EOI()
	switch entry.State {
	case irqabi.Expected:
		c.SetUnused(c.CPU(), vec)
	case irqabi.Unused:
		c.Complain(vec)
	}
}
