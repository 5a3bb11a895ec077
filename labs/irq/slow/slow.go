// Package slow is what the task irq-thread is about: a device behind a bus so
// slow that nobody can wait for it with interrupts off.
package slow

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// A Device is the driver's private data of one device.
type Device struct {
	base bus.Addr // of its registers; 0: it has none that can be read quickly
	name string

	Looks, Served, Nothing int
	irq                    irq.Number
}

// New makes one.
func New(name string, base bus.Addr, n irq.Number) *Device {
	return &Device{name: name, base: base, irq: n}
}

// Name is what its interrupt is called.
func (d *Device) Name() string { return d.name }

// IRQ is its interrupt.
func (d *Device) IRQ() irq.Number { return d.irq }

// Pulls reads the status of the wire's driver, which is quick: whether this
// device is the one that pulls at the line. A device with messages has no such
// register, and says no. Context: any.
func (d *Device) Pulls(c *cpu.CPU) bool {
	d.Looks++
	return d.base != 0 && bus.ReadL(c, d.base)&^bus.ReadL(c, d.base+4) != 0
}

// Serve asks the device over the slow bus what it wants, does it, and lets the
// device let go of its line. It sleeps. It returns how many things there were
// to do; a device with messages always has one. Context: a thread.
func (d *Device) Serve(t *sched.Task) int {
	hrtimer.USleep(t, 100*sim.Microsecond)
	if d.base == 0 {
		d.Served++
		return 1
	}
	n := 0
	c := t.CPU()
	cause := bus.ReadL(c, d.base)
	for bits := cause; bits != 0; bits &= bits - 1 {
		n++
	}
	if n == 0 {
		d.Nothing++
	}
	bus.WriteL(c, d.base, cause)
	d.Served += n
	return n
}
