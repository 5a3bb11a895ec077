package drivers

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/trace"
)

// own gives a vector a stub of the module's own, and returns what gives it
// back: the kernel ends a module's interrupt before it calls the handler, and
// these handlers are about when that is done.
func own(c *cpu.CPU, v cpu.Vector, handler func(c *cpu.CPU)) (giveBack func(c *cpu.CPU), err error) {
	if err := entry.Request(c, v, "lab", func(*cpu.CPU, cpu.Vector) {}); err != nil {
		return nil, err
	}
	at := idt.Stub(v)
	name, code := c.Text().Name(at), c.Text().Code(at)
	c.Text().Put(at, "lab_interrupt", func(c *cpu.CPU, _ *cpu.Frame) {
		c.Spend(cost.InterruptEntry)
		sched.Record(c, trace.VectorEntry, uint32(v), 0, 0, 0)
		handler(c)
		sched.Record(c, trace.VectorExit, uint32(v), 0, 0, 0)
		c.Spend(cost.InterruptReturn)
	})
	return func(c *cpu.CPU) {
		c.Text().Put(at, name, code)
		entry.Free(c, v)
	}, nil
}

// work is what a handler does: long enough for an interrupt to come.
func work(c *cpu.CPU) {
	for range 3 {
		c.Spend(cost.UserWork)
	}
}
