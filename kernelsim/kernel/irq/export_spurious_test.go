package irq

import "bothhalves/kernelsim/hw/cpu"

// Note is what the flow does with the handlers' answers.
func Note(c *cpu.CPU, d *Desc, ret Return) { d.noteInterrupt(c, ret) }

// SetThreadsHandled says how often a thread has handled the interrupt.
func SetThreadsHandled(d *Desc, n int) { d.threadsHandled = n }
