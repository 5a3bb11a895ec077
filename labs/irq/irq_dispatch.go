package irq

import (
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/labs/lab"
)

// CommonInterrupt models __common_interrupt (arch/x86/kernel/irq.c): this
// processor has taken vector vec, which is no exception and none of the
// kernel's own. Interrupts are off. Its table vector_irq says whose the vector
// is, if it is anybody's.
func CommonInterrupt(c irqabi.Processor, vec uint8) {
	panic(lab.TODO("lead the vector to its interrupt, or end it"))
}
