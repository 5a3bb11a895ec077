// Package drivers holds what the lab's tasks load into the machine: a wire
// whose edges can be placed to the nanosecond, devices that share a line,
// drivers around a student's functions, and modules that look on.
package drivers

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/vector"
)

// A gpio is a controller for one wire, of the simplest kind that there is for
// edges. An edge sets its status bit and sends the interrupt's vector; while
// the bit stands, and while the wire is masked, it takes no notice of another.
// The acknowledgment clears the bit. So an edge that comes too early is lost,
// unless whoever serves the wire looks once more.
type gpio struct {
	domain irq.Domain
	irq    irq.Number

	status, masked bool
	acks, masks    int
	sent           int                           // interrupts
	note           func(c *cpu.CPU, what string) // told of what the chip hears; nil: nobody
}

// newGPIO makes the controller's domain above the processors' vectors, and the
// wire's interrupt, which goes to a processor at first.
func newGPIO(c *cpu.CPU, g *gpio, home int) (err error) {
	g.domain = irq.Domain{Name: "GPIO", Parent: vector.Domain(c), Ops: gpioOps{}}
	g.irq, err = irq.AllocIRQs(c, &g.domain, 1, affinity.NoNode, g, []affinity.Desc{{Mask: cpumask.Of(home)}})
	g.masked = true
	return err
}

// gpioOps are the domain's operations.
type gpioOps struct{}

// Alloc implements irq.DomainOps.
func (gpioOps) Alloc(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int, arg any) error {
	if err := irq.AllocParent(c, dom, virq, n, &vector.AllocInfo{}); err != nil {
		return err
	}
	irq.SetInfo(c, dom, virq, 0, gpioChip{arg.(*gpio)}, nil)
	irq.SetHandler(c, virq, irq.HandleEdge, "edge", false)
	return nil
}

// Free implements irq.DomainOps.
func (gpioOps) Free(c *cpu.CPU, dom *irq.Domain, virq irq.Number, n int) {
	irq.FreeParent(c, dom, virq, n)
}

// Activate implements irq.DomainOps: the controller asks for the vector each
// time.
func (gpioOps) Activate(*cpu.CPU, *irq.Domain, *irq.Data, bool) error { return nil }

// Deactivate implements irq.DomainOps.
func (gpioOps) Deactivate(*cpu.CPU, *irq.Domain, *irq.Data) {}

// gpioChip is the controller as the layer sees it.
type gpioChip struct{ g *gpio }

// Name implements irq.Chip.
func (gpioChip) Name() string { return "GPIO" }

// Mask implements irq.Chip.
func (ch gpioChip) Mask(c *cpu.CPU, _ *irq.Data) {
	c.Spend(cost.MMIOWrite)
	ch.g.masked = true
	ch.g.masks++
	ch.g.tell(c, "mask")
}

// Unmask implements irq.Chip.
func (ch gpioChip) Unmask(c *cpu.CPU, _ *irq.Data) {
	c.Spend(cost.MMIOWrite)
	ch.g.masked = false
	ch.g.tell(c, "unmask")
}

// Ack implements irq.Acker: the bit goes, and the local APIC hears the end of
// interrupt.
func (ch gpioChip) Ack(c *cpu.CPU, d *irq.Data) {
	c.Spend(cost.MMIOWrite)
	ch.g.status = false
	ch.g.acks++
	ch.g.tell(c, "ack")
	irq.AckParent(c, d)
}

// SetAffinity implements irq.AffinitySetter.
func (gpioChip) SetAffinity(c *cpu.CPU, d *irq.Data, m irq.Mask, force bool) (bool, error) {
	return irq.SetAffinityParent(c, d, m, force)
}

// Retrigger implements irq.Retriggerer.
func (ch gpioChip) Retrigger(c *cpu.CPU, d *irq.Data) {
	ch.g.sent++
	irq.RetriggerHierarchy(c, d)
}

func (g *gpio) tell(c *cpu.CPU, what string) {
	if g.note != nil {
		g.note(c, what)
	}
}

// pulse is an edge at the wire.
func (g *gpio) pulse(c *cpu.CPU) {
	if g.status || g.masked {
		return
	}
	v, on, ok := vector.Of(c, g.irq)
	if !ok {
		return
	}
	g.status = true
	g.sent++
	apic.Send(c, on, v)
}
