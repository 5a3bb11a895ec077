package drivers

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/trace"
)

// own gives a vector a stub of the module's own: the kernel ends a module's
// interrupt before it calls the handler, and these handlers are about when
// that is done.
func own(c *cpu.CPU, v cpu.Vector, handler func(c *cpu.CPU)) {
	c.Text().Put(idt.Stub(v), "lab_interrupt", func(c *cpu.CPU, _ *cpu.Frame) {
		c.Spend(cost.InterruptEntry)
		sched.Record(c, trace.VectorEntry, uint32(v), 0, 0, 0)
		handler(c)
		sched.Record(c, trace.VectorExit, uint32(v), 0, 0, 0)
		c.Spend(cost.InterruptReturn)
	})
}

// work is what a handler does: long enough for an interrupt to come.
func work(c *cpu.CPU) {
	for range 3 {
		c.Spend(cost.UserWork)
	}
}
