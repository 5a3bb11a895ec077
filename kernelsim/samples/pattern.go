package samples

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// The pattern device: who it is, and its registers.
const (
	patternVendor = 0x1234
	patternDevice = 0x0005

	patternMode   = 0x00
	patternEvents = 0x04
	patternStatus = 0x08 // mode 0
	patternArm    = 0x0c // mode 1
	patternMask   = 0x10 // mode 2
)

// A patternDriver drives the device in one of its modes.
type patternDriver struct {
	mode   uint32
	serve  irq.Handler
	thread irq.ThreadFn
}

// patternModules are the four ways to end an interrupt, and what becomes of
// each that needs a last step when the driver forgets it.
func patternModules() []machine.Module {
	return []machine.Module{
		patternModule("pattern_ack", patternDriver{mode: 0, serve: serveAndAck}),
		patternModule("pattern_ack_forgets", patternDriver{mode: 0, serve: serveOnly}),
		patternModule("pattern_arm", patternDriver{mode: 1, serve: serveAndArm}),
		patternModule("pattern_arm_forgets", patternDriver{mode: 1, serve: serveOnly}),
		patternModule("pattern_mask", patternDriver{mode: 2, serve: maskAndWake, thread: pollAndUnmask}),
		patternModule("pattern_mask_forgets", patternDriver{mode: 2, serve: maskAndWake, thread: pollOnly}),
		patternModule("pattern_none", patternDriver{mode: 3, serve: serveOnly}),
	}
}

func patternModule(name string, drv patternDriver) machine.Module {
	return machine.Module{
		Name: name,
		Init: func(c *cpu.CPU) error { return drv.probe(c, name) },
		Exit: removePattern,
	}
}

// A patternState is the device that a module drives.
type patternState struct {
	dev  *pci.Dev // nil while no module does
	irq  irq.Number
	seen uint32 // how many events the driver has seen
}

var thePattern = percpu.Shared[patternState]("pattern")

// probe requests the pin's interrupt for mode 0, the message's for the others.
// Context: process context.
func (d patternDriver) probe(c *cpu.CPU, name string) error {
	p, dev := thePattern.Of(c), find(c, patternVendor, patternDevice)
	switch {
	case dev == nil:
		return fmt.Errorf("no pattern device is plugged in: boot with -device pattern: %w", errno.ENODEV)
	case p.dev != nil:
		return fmt.Errorf("another module drives the pattern device: rmmod it: %w", errno.EBUSY)
	}
	pci.EnableDevice(c, dev)
	pci.SetMaster(c, dev)
	kind, flags := pci.IRQMSI, irq.Flags(0)
	if d.mode == 0 {
		kind, flags = pci.IRQLegacy, irq.Shared
	}
	if _, err := pci.AllocIRQVectors(c, dev, 1, 1, kind); err != nil {
		return err
	}
	n, err := pci.IRQVector(dev, 0)
	if err == nil {
		err = irq.RequestThreaded(c, n, d.serve, d.thread, flags, name, p)
	}
	if err != nil {
		pci.FreeIRQVectors(c, dev)
		return err
	}
	*p = patternState{dev: dev, irq: n, seen: p.read(c, dev, patternEvents)}
	p.write(c, patternMode, d.mode)
	if d.mode == 1 {
		p.write(c, patternArm, p.seen)
	}
	return nil
}

func removePattern(c *cpu.CPU) {
	p := thePattern.Of(c)
	p.write(c, patternMode, 3)   // the pin goes
	_, _ = irq.Free(c, p.irq, p) // it was requested
	pci.FreeIRQVectors(c, p.dev)
	p.dev = nil
}

func (p *patternState) read(c *cpu.CPU, dev *pci.Dev, at bus.Addr) uint32 {
	return bus.ReadL(c, bus.Addr(dev.Resources[0].Start)+at)
}

func (p *patternState) write(c *cpu.CPU, at bus.Addr, v uint32) {
	bus.WriteL(c, bus.Addr(p.dev.Resources[0].Start)+at, v)
}

// drain looks at the events until there is no new one, and tells how many it
// has found. What came in one look is ten microseconds of work.
func (p *patternState) drain(c *cpu.CPU, work func(sim.Time)) irq.Return {
	found := uint32(0)
	for {
		events := p.read(c, p.dev, patternEvents)
		if events == p.seen {
			break
		}
		found, p.seen = found+events-p.seen, events
		work(10 * sim.Microsecond)
	}
	if found == 0 {
		return irq.None // as nvme_irq answers (drivers/nvme/host/pci.c)
	}
	printk.Printk(c, printk.Info, "pattern: %d events", found)
	return irq.Handled
}

// serveOnly looks at the events and tells the device nothing. That is all a
// device needs that sends a message for every event.
func serveOnly(c *cpu.CPU, _ irq.Number, dev any) irq.Return {
	return dev.(*patternState).drain(c, func(d sim.Time) { spin(c, d) })
}

// spin is work in a handler.
func spin(c *cpu.CPU, d sim.Time) {
	for end := c.Now() + d; c.Now() < end; {
		c.Spend(cost.ProbeLoop)
	}
}

// serveAndAck acknowledges first: an event that comes after it takes the line
// up again, so that none is lost between the last look and the acknowledge.
func serveAndAck(c *cpu.CPU, n irq.Number, dev any) irq.Return {
	p := dev.(*patternState)
	if p.read(c, p.dev, patternStatus) == 0 {
		return irq.None
	}
	p.write(c, patternStatus, 1)
	serveOnly(c, n, dev)
	return irq.Handled
}

// serveAndArm allows the next message when there is nothing left, and says with
// it how far it has looked.
func serveAndArm(c *cpu.CPU, n irq.Number, dev any) irq.Return {
	p := dev.(*patternState)
	r := serveOnly(c, n, dev)
	p.write(c, patternArm, p.seen)
	return r
}

// maskAndWake leaves the events to the poll; until that is through, the device
// is to be quiet.
func maskAndWake(c *cpu.CPU, _ irq.Number, dev any) irq.Return {
	dev.(*patternState).write(c, patternMask, 1)
	return irq.WakeThread
}

// pollAndUnmask is the poll, and the end of the mask.
func pollAndUnmask(t *sched.Task, n irq.Number, dev any) irq.Return {
	r := pollOnly(t, n, dev)
	dev.(*patternState).write(t.CPU(), patternMask, 0)
	return r
}

// pollOnly is the poll without it.
func pollOnly(t *sched.Task, _ irq.Number, dev any) irq.Return {
	return dev.(*patternState).drain(t.CPU(), func(d sim.Time) { sched.Compute(t, d) })
}
