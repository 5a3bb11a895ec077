// Package pattern is a device that can end the talk about an interrupt in four
// ways. No such device is sold: each way is that of a family of real ones,
// without anything else around it.
//
// Events happen to it, and it counts them; a driver knows how many it has seen.
// What differs is how the device learns that the driver has looked, and so when
// it may interrupt again.
package pattern

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/reg"
	"bothhalves/kernelsim/sim"
)

// Registers in BAR0, 32 bits each. Only one of Status, Arm and Mask means
// anything, or none: that which Mode names.
const (
	Mode   = 0x00 // which of the four ways; writing it begins anew
	Events = 0x04 // how many events there were: the tail of a queue
	Status = 0x08 // by Ack: an event was not acknowledged; writing a one does that
	Arm    = 0x0c // by Once: writing the number of events seen allows one message
	Mask   = 0x10 // by Masked: while bit 0 is set, no message is sent
)

// The values of Mode.
const (
	Ack    = 0 // an acknowledge register: the pin is active until it is written
	Once   = 1 // an arm bit: one message, then silence until it is armed again
	Masked = 2 // a mask that the driver sets and clears around its poll
	Never  = 3 // nothing: every event sends a message
)

// bytes is the size of BAR0, msi the offset of the one capability.
const (
	bytes = 0x1000
	msi   = 0x40
)

// Apart is the time between two events of one call of Raise: several happen
// while a handler runs.
const Apart = sim.Microsecond

// ModeLayout is the layout of the mode register.
func ModeLayout() reg.Layout { return reg.Layout{reg.Enum("mode", 1, 0, "ack", "arm", "mask", "none")} }

// A Device is a function with a pin and one message.
type Device struct {
	*pcie.Func
	eng   *sim.Engine
	next  sim.Event // the next of the events that were asked for
	left  int       // how many are still to come
	armed bool      // by Once: a message may be sent
	held  bool      // by Masked: an event came while it was masked
	regs  *reg.Map
}

// New makes a device whose pin is INTA# for 1 to INTD# for 4.
func New(eng *sim.Engine, b *bus.Bus, bdf pcie.BDF, pin uint8) *Device {
	d := &Device{eng: eng}
	d.next = sim.Event{Name: "pattern", Fire: func(sim.Time) { d.happen() }}
	d.regs = d.registers()
	d.Func = pcie.NewFunc(b, bdf, pcie.Header{
		Name: "pattern", Vendor: 0x1234, Device: 0x0005, SubVendor: 0x1af4, SubDevice: 0x1100,
		Class: 0xff0000, Pin: pin,
	})
	d.AddBAR(0, pcie.Memory32, bytes, d.regs)
	d.AddMSI(msi, 0, true, false)
	return d
}

// registers lays out BAR0.
func (d *Device) registers() *reg.Map {
	events := reg.Layout{reg.Number("events", 31, 0)}
	return reg.Must(reg.New("pattern", 4,
		reg.Register{Offset: Mode, Name: "MODE", Size: 4, RW: 3, Layout: ModeLayout(), Write: func(reg.Written) { d.begin() }},
		reg.Register{Offset: Events, Name: "EVENTS", Size: 4, Layout: events},
		reg.Register{Offset: Status, Name: "STATUS", Size: 4, W1C: 1, Layout: reg.Layout{reg.Flag("event", 0)}, Write: func(reg.Written) { d.drive() }},
		reg.Register{Offset: Arm, Name: "ARM", Size: 4, RW: 0xffff_ffff, Layout: events, Write: func(reg.Written) { d.arm() }},
		reg.Register{Offset: Mask, Name: "MASK", Size: 4, RW: 1, Layout: reg.Layout{reg.Flag("masked", 0)}, Write: func(reg.Written) { d.unmask() }},
		reg.Gap(Mask+4, bytes-Mask-4),
	))
}

// Raise lets n events happen, the first now and the others Apart. Those of an
// earlier call that have not happened yet do so in the same row.
func (d *Device) Raise(n int) {
	d.left += n
	if d.left > 0 && !d.next.Armed() {
		d.happen()
	}
}

// happen is one event.
func (d *Device) happen() {
	d.regs.Set(Events, (d.regs.Get(Events)+1)&0xffff_ffff)
	if d.left--; d.left > 0 {
		d.eng.Arm(&d.next, d.eng.Now()+Apart)
	}
	switch d.regs.Get(Mode) {
	case Ack:
		d.regs.Set(Status, 1)
		d.drive()
	case Once:
		d.fire()
	case Masked:
		d.held = true
		d.unmask()
	case Never:
		d.MSI().Notify(0)
	}
}

// drive sets the pin to what the status says.
func (d *Device) drive() { d.SetINTx(d.regs.Get(Mode) == Ack && d.regs.Get(Status) != 0) }

// arm allows a message. If there were events that the driver had not seen when
// it wrote how many it had, it is sent at once: none falls between the driver's
// last look and this.
func (d *Device) arm() {
	d.armed = true
	d.fire()
}

// fire sends the one message that is allowed, if there is a reason.
func (d *Device) fire() {
	if d.regs.Get(Mode) == Once && d.armed && d.regs.Get(Arm) != d.regs.Get(Events) {
		d.armed = false
		d.MSI().Notify(0)
	}
}

// unmask sends the message that was held while the mask was set. The device
// does not know whether the driver has seen the event meanwhile.
func (d *Device) unmask() {
	if d.regs.Get(Mode) == Masked && d.held && d.regs.Get(Mask) == 0 {
		d.held = false
		d.MSI().Notify(0)
	}
}

// begin forgets what was pending; the count of events goes on.
func (d *Device) begin() {
	d.armed, d.held = false, false
	for _, at := range []uint32{Status, Arm, Mask} {
		d.regs.Set(at, 0)
	}
	d.drive()
}

// Registers is the device's register file.
func (d *Device) Registers() *reg.Map { return d.regs }

// Reset is a reset of the function: nothing has happened, nothing will.
func (d *Device) Reset() {
	d.left = 0
	d.eng.Disarm(&d.next)
	d.regs.Reset()
	d.begin()
	d.Func.Reset()
}
