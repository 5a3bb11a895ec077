// Package edu is QEMU's educational device as far as it interrupts
// (docs/specs/edu.txt of QEMU): software writes what is to be wrong, and the
// device says so until software takes it back.
package edu

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/reg"
)

// Registers in BAR0, 32 bits each. The pin is active, or a message is sent if
// those are enabled, while Status is not zero.
const (
	ID       = 0x00 // major and minor revision, and 0xed
	Liveness = 0x04 // reads as the inverse of what was written
	Status   = 0x24 // interrupt status
	Raise    = 0x60 // a written one sets a bit of Status
	Ack      = 0x64 // a written one clears it
)

// bytes is the size of BAR0, msi the offset of the one capability.
const (
	bytes = 0x10_0000
	msi   = 0x40
)

// IDLayout is the layout of the identification register.
func IDLayout() reg.Layout {
	return reg.Layout{reg.Number("major", 31, 24), reg.Number("minor", 23, 16), reg.Number("device", 7, 0)}
}

// StatusLayout is the layout of the status, raise and acknowledge registers:
// causes without names.
func StatusLayout() reg.Layout { return reg.Layout{reg.Number("causes", 31, 0)} }

// A Device is a function with a level-triggered pin and one message (QEMU,
// hw/misc/edu.c).
type Device struct {
	*pcie.Func
	regs *reg.Map
}

// New makes a device whose pin is INTA# for 1 to INTD# for 4.
func New(b *bus.Bus, bdf pcie.BDF, pin uint8) *Device {
	d := &Device{}
	d.regs = d.registers()
	d.Func = pcie.NewFunc(b, bdf, pcie.Header{
		Name: "edu", Vendor: 0x1234, Device: 0x11e8, SubVendor: 0x1af4, SubDevice: 0x1100,
		Class: 0x00ff00, Revision: 0x10, Pin: pin,
	})
	d.AddBAR(0, pcie.Memory32, bytes, d.regs)
	d.AddMSI(msi, 0, true, false)
	return d
}

// registers lays out BAR0. What computes and copies is left out.
func (d *Device) registers() *reg.Map {
	all := uint64(0xffff_ffff)
	return reg.Must(reg.New("edu", 4,
		reg.Register{Offset: ID, Name: "ID", Size: 4, Reset: 0x0100_00ed, Layout: IDLayout()},
		reg.Register{Offset: Liveness, Name: "LIVENESS", Size: 4, RW: all, Write: func(w reg.Written) { d.regs.Set(Liveness, all&^w.Value) }},
		reg.Gap(Liveness+4, Status-Liveness-4),
		reg.Register{Offset: Status, Name: "STATUS", Size: 4, Layout: StatusLayout()},
		reg.Gap(Status+4, Raise-Status-4),
		reg.Register{Offset: Raise, Name: "RAISE", Size: 4, Layout: StatusLayout(), Write: func(w reg.Written) { d.Raise(uint32(w.Value)) }},
		reg.Register{Offset: Ack, Name: "ACK", Size: 4, Layout: StatusLayout(), Write: func(w reg.Written) { d.Satisfy(uint32(w.Value)) }},
		reg.Gap(Ack+4, bytes-Ack-4),
	))
}

// Raise sets bits of the status. With messages each call sends one, whatever
// was set before.
func (d *Device) Raise(causes uint32) {
	d.regs.Set(Status, d.regs.Get(Status)|uint64(causes))
	if d.regs.Get(Status) == 0 {
		return
	}
	if d.MSI().Enabled() {
		d.MSI().Notify(0)
		return
	}
	d.SetINTx(true)
}

// Satisfy clears bits of the status; with the last one the pin goes.
func (d *Device) Satisfy(causes uint32) {
	d.regs.Set(Status, d.regs.Get(Status)&^uint64(causes))
	if d.regs.Get(Status) == 0 && !d.MSI().Enabled() {
		d.SetINTx(false)
	}
}

// Registers is the device's register file.
func (d *Device) Registers() *reg.Map { return d.regs }

// Reset is a reset of the function: nothing is wrong.
func (d *Device) Reset() {
	d.regs.Reset()
	d.Func.Reset()
}
