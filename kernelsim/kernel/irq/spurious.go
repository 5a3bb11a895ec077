package irq

import "bothhalves/kernelsim/hw/cpu"

// noteInterrupt models note_interrupt (kernel/irq/spurious.c): an interrupt
// that nobody wants, again and again, is switched off. Context: hard
// interrupt, without the descriptor's lock.
func (d *Desc) noteInterrupt(c *cpu.CPU, ret Return) {}

// waitForPoll models irq_wait_for_poll: another processor calls the handlers
// because nobody wanted the interrupt.
func (d *Desc) waitForPoll(c *cpu.CPU) bool { return false }
