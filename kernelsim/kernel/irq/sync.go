package irq

import "bothhalves/kernelsim/hw/cpu"

// SynchronizeHardIRQ models synchronize_hardirq (kernel/irq/manage.c): it
// waits until no processor is in the interrupt's handlers. False: one of its
// threads has something to do still.
func SynchronizeHardIRQ(c *cpu.CPU, n Number) bool {
	if d := ToDesc(c, n); d != nil {
		d.synchronize(c)
	}
	return true
}

// SynchronizeIRQ models synchronize_irq: what SynchronizeHardIRQ waits for,
// then for the chip, in which the interrupt may be under way, and for the
// threads. Context: process context; it may sleep.
func SynchronizeIRQ(c *cpu.CPU, n Number) {
	if d := ToDesc(c, n); d != nil {
		d.synchronize(c)
	}
}
