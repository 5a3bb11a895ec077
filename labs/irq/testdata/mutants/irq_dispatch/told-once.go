// Fails: and told of, each time, with the processor and the vector
// Misconception: what was told of once is known: the entry is expected from then on

package irq

import "bothhalves/kernelsim/kernel/irq/irqabi"

var told = make([][256]bool, 64)

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
	c.EOI()
	switch entry.State {
	case irqabi.Expected:
		c.SetUnused(c.CPU(), vec)
	case irqabi.Unused:
		if !told[c.CPU()][vec] {
			told[c.CPU()][vec] = true
			c.Complain(vec)
		}
	}
}
