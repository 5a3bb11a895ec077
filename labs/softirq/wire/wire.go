// Package wire is the smallest interrupt controller that there is: one wire,
// whose edges interrupt one processor. The lab's devices hang on such wires.
package wire

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/sim"
)

// A Wire is one wire with its interrupt.
type Wire struct {
	domain irq.Domain
	irq    irq.Number
}

// New gives w an interrupt, which goes to a processor at first. Context:
// process context.
func New(c *cpu.CPU, w *Wire, home int) (err error) {
	w.domain = irq.Domain{Name: "WIRE", Parent: vector.Domain(c), Ops: ops{}}
	w.irq, err = irq.AllocIRQs(c, &w.domain, 1, affinity.NoNode, w, []affinity.Desc{{Mask: cpumask.Of(home)}})
	return err
}

// Free gives the interrupt back, which nobody may have requested. Context:
// process context.
func (w *Wire) Free(c *cpu.CPU) { irq.FreeIRQs(c, w.irq, 1) }

// IRQ is the interrupt's number.
func (w *Wire) IRQ() irq.Number { return w.irq }

// Pulse is an edge at the wire. The device does it, so it may happen at any
// time and on any processor.
func (w *Wire) Pulse(c *cpu.CPU) {
	if v, on, ok := vector.Of(c, w.irq); ok {
		apic.Send(c, on, v)
	}
}

// ops are the domain's operations.
type ops struct{}

// Alloc implements irq.DomainOps.
func (ops) Alloc(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int, arg any) error {
	if err := irq.AllocParent(c, dom, virq, n, &vector.AllocInfo{}); err != nil {
		return err
	}
	irq.SetInfo(c, dom, virq, 0, chip{}, nil)
	irq.SetHandler(c, virq, irq.HandleEdge, "edge", false)
	return nil
}

// Free implements irq.DomainOps.
func (ops) Free(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int) {
	irq.FreeParent(c, dom, virq, n)
}

// Activate implements irq.DomainOps: the wire asks for its vector each time.
func (ops) Activate(*cpu.CPU, *irq.Domain, *irq.Data, bool) error { return nil }

// Deactivate implements irq.DomainOps.
func (ops) Deactivate(*cpu.CPU, *irq.Domain, *irq.Data) {}

// chip is the controller as the layer sees it. It masks nothing: what comes
// too early is kept by the local APIC.
type chip struct{}

// Name implements irq.Chip.
func (chip) Name() string { return "WIRE" }

// Mask implements irq.Chip.
func (chip) Mask(c *cpu.CPU, _ *irq.Data) { c.Spend(cost.MMIOWrite) }

// Unmask implements irq.Chip.
func (chip) Unmask(c *cpu.CPU, _ *irq.Data) { c.Spend(cost.MMIOWrite) }

// Ack implements irq.Acker.
func (chip) Ack(c *cpu.CPU, d *irq.Data) { irq.AckParent(c, d) }

// SetAffinity implements irq.AffinitySetter.
func (chip) SetAffinity(c *cpu.CPU, d *irq.Data, m irq.Mask, force bool) (bool, error) {
	return irq.SetAffinityParent(c, d, m, force)
}

// Retrigger implements irq.Retriggerer.
func (chip) Retrigger(c *cpu.CPU, d *irq.Data) { irq.RetriggerHierarchy(c, d) }

// Spend lets a processor work for so long; interrupts come meanwhile if they
// may. The last microsecond goes by in small steps.
func Spend(c *cpu.CPU, d sim.Time) {
	for end := c.Now() + d; c.Now() < end; {
		if end-c.Now() > sim.Microsecond {
			c.Spend(cost.ProbeLoop)
		} else {
			c.Spend(cost.CPURelax)
		}
	}
}
