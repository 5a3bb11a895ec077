// Package meter is what the task right-context is about: a device that measures,
// with a valve that it closes when something is wrong.
package meter

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/labs/softirq/wire"
)

// A Cause is why the device has interrupted: a set of bits.
type Cause uint32

// The causes.
const (
	Measured Cause = 1 << iota // a measurement stands in the register
	Alarm                      // something is wrong: close the valve
)

// A Device is the driver's private data of the device.
type Device struct {
	Tasklet tasklet.Tasklet
	Work    workqueue.Work

	wire     wire.Wire
	register *sim.Time // when the measurement in it was made; nil: there is none
	alarm    *sim.Time
	taken    []sim.Time // taken and not decoded
	alarmed  []sim.Time // taken and not answered
	decoded  int        // decoded and not stored
	gone     bool       // the driver has been removed

	Counts
}

// Counts are what came of the measurements.
type Counts struct {
	Measured, Overrun, Taken, Decoded, Stored int
	Alarms, Closed, ForNothing                int
	SlowestDecoded, SlowestClosed             sim.Time
}

// What it takes.
const (
	takes   = 2 * sim.Microsecond // to read the register
	decodes = 60 * sim.Microsecond
	stores  = 300 * sim.Microsecond
	closes  = 100 * sim.Microsecond
)

// IRQ is the device's interrupt.
func (d *Device) IRQ() irq.Number { return d.wire.IRQ() }

// Take reads the register and the cause, and makes both free for the next
// measurement and the next alarm. Context: any.
func (d *Device) Take(c *cpu.CPU) Cause {
	d.alive("Take")
	wire.Spend(c, takes)
	var why Cause
	if d.register != nil {
		d.taken = append(d.taken, *d.register)
		d.register = nil
		d.Counts.Taken++
		why |= Measured
	}
	if d.alarm != nil {
		d.alarmed = append(d.alarmed, *d.alarm)
		d.alarm = nil
		why |= Alarm
	}
	return why
}

// Taken is how many measurements have been taken and not been decoded.
// Context: any.
func (d *Device) Taken() int {
	d.alive("Taken")
	return len(d.taken)
}

// Decode decodes the oldest of them: 60 microseconds of computing. It does
// nothing if there is none. Context: any.
func (d *Device) Decode(c *cpu.CPU) {
	d.alive("Decode")
	if len(d.taken) == 0 {
		return
	}
	at := d.taken[0]
	d.taken = d.taken[1:]
	wire.Spend(c, decodes)
	d.SlowestDecoded = max(d.SlowestDecoded, c.Now()-at)
	d.decoded++
	d.Counts.Decoded++
}

// Decoded is how many measurements have been decoded and not been stored.
// Context: any.
func (d *Device) Decoded() int {
	d.alive("Decoded")
	return d.decoded
}

// Store stores one of them over a slow bus, and sleeps until that is done, 300
// microseconds. It does nothing if there is none. Context: process context.
func (d *Device) Store(t *sched.Task) {
	d.alive("Store")
	if d.decoded == 0 {
		return
	}
	d.decoded--
	hrtimer.USleepRange(t, stores, stores)
	d.alive("Store")
	d.Stored++
}

// Alarmed says whether there was an alarm for which the valve has not been
// closed. Context: any.
func (d *Device) Alarmed() bool {
	d.alive("Alarmed")
	return len(d.alarmed) > 0
}

// CloseValve closes the valve over the same bus, and sleeps until it is
// closed, 100 microseconds. Context: process context.
func (d *Device) CloseValve(t *sched.Task) {
	d.alive("CloseValve")
	hrtimer.USleepRange(t, closes, closes)
	d.alive("CloseValve")
	if len(d.alarmed) == 0 {
		d.ForNothing++
	}
	now := t.CPU().Now()
	for _, at := range d.alarmed {
		d.SlowestClosed = max(d.SlowestClosed, now-at)
		d.Closed++
	}
	d.alarmed = nil
}

// alive ends the run if the device is used whose driver has gone.
func (d *Device) alive(what string) {
	if d.gone {
		oops.Raise(oops.Report{Rule: "use after free", Title: fmt.Sprintf("BUG: KASAN: use-after-free in meter.%s: the driver has been removed", what),
			Why: "what is removed must not be called again: first nobody may start anything, then what was started has to end"})
	}
}

// New makes a device that interrupts a processor. Context: process context.
func New(c *cpu.CPU, home int) (*Device, error) {
	d := &Device{}
	return d, wire.New(c, &d.wire, home)
}

// Gone says that the driver has been removed. Context: process context.
func (d *Device) Gone(c *cpu.CPU) {
	d.gone = true
	d.wire.Free(c)
}

// Measure is what the device does by itself: it puts a measurement into the
// register and interrupts. If the last one stands there still, that is lost.
func (d *Device) Measure(c *cpu.CPU) {
	if d.register != nil {
		d.Overrun++
	}
	now := c.Now()
	d.register = &now
	d.Counts.Measured++
	d.wire.Pulse(c)
}

// RaiseAlarm is the other thing.
func (d *Device) RaiseAlarm(c *cpu.CPU) {
	now := c.Now()
	d.alarm = &now
	d.Alarms++
	d.wire.Pulse(c)
}
