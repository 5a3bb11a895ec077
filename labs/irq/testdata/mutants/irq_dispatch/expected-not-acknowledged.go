// Fails: one that was expected passes without a word, and only one
// Misconception: an interrupt that was expected has been acknowledged by who had it

package irq

import "bothhalves/kernelsim/kernel/irq/irqabi"

// CommonInterrupt models __common_interrupt (arch/x86/kernel/irq.c): this
// processor has taken vector vec, which is no exception and none of the
// kernel's own. Interrupts are off. Its table vector_irq says whose the vector
// is, if it is anybody's.
func CommonInterrupt(c irqabi.Processor, vec uint8) {
	entry := c.VectorIRQ(c.CPU(), vec)
	if entry.State == irqabi.Wanted {
		c.Handle(entry.IRQ)
		return
	}
	switch entry.State {
	case irqabi.Expected:
		c.SetUnused(c.CPU(), vec)
	case irqabi.Unused:
		c.EOI()
		c.Complain(vec)
	}
}
