// Package legacy is a device of the old kind: it has an interrupt pin, which
// it holds active as long as anything is left to be done. What the driver does
// not clear interrupts again.
package legacy

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/reg"
)

// Registers in BAR0, 32 bits each. The pin is active while a bit is set in
// Cause that is clear in Mask.
const (
	Cause = 0x00 // what happened; writing a one clears a bit
	Mask  = 0x04 // a set bit keeps that cause from the pin; all are set after a reset
	Raise = 0x08 // writing a one makes it happen: a self-test, reads as zero
)

// bytes is the size of BAR0.
const bytes = 0x1000

// CauseLayout is the layout of the cause, mask and raise registers: 32 causes
// without names.
func CauseLayout() reg.Layout { return reg.Layout{reg.Number("causes", 31, 0)} }

// A Device is a function with a level-triggered interrupt pin (PCI local bus
// specification 3.0, 2.2.6).
type Device struct {
	*pcie.Func
	regs *reg.Map
}

// New makes a device whose pin is INTA# for 1 to INTD# for 4 (PCI local bus
// specification 3.0, 6.2.4).
func New(b *bus.Bus, bdf pcie.BDF, pin uint8) *Device {
	d := &Device{}
	d.regs = d.registers()
	d.Func = pcie.NewFunc(b, bdf, pcie.Header{
		Name:   "legacy",
		Vendor: 0x1b36, Device: 0x0005, // Red Hat, QEMU PCI test device
		SubVendor: 0x1af4, SubDevice: 0x1100,
		Class: 0xff0000, Pin: pin,
	})
	d.AddBAR(0, pcie.Memory32, bytes, d.regs)
	return d
}

// registers lays out BAR0.
func (d *Device) registers() *reg.Map {
	changed := func(reg.Written) { d.drive() }
	all := uint64(0xffff_ffff)
	return reg.Must(reg.New("legacy", 4,
		reg.Register{Offset: Cause, Name: "CAUSE", Size: 4, W1C: all, Layout: CauseLayout(), Write: changed},
		reg.Register{Offset: Mask, Name: "MASK", Size: 4, Reset: all, RW: all, Layout: CauseLayout(), Write: changed},
		reg.Register{Offset: Raise, Name: "RAISE", Size: 4, Layout: CauseLayout(), Write: func(w reg.Written) { d.Raise(uint32(w.Value)) }},
		reg.Gap(Raise+4, bytes-Raise-4),
	))
}

// Raise makes causes happen: bits of the cause register are set (PCI local bus
// specification 3.0, 2.2.6: the pin stays active until they are cleared).
func (d *Device) Raise(cause uint32) {
	d.regs.Set(Cause, d.regs.Get(Cause)|uint64(cause))
	d.drive()
}

// drive sets the pin to what the registers say.
func (d *Device) drive() { d.SetINTx(d.regs.Get(Cause)&^d.regs.Get(Mask) != 0) }

// Registers is the device's register file.
func (d *Device) Registers() *reg.Map { return d.regs }

// Reset is a reset of the function (PCIe base specification, "Function Level
// Reset"): nothing has happened, and everything is masked.
func (d *Device) Reset() {
	d.regs.Reset()
	d.Func.Reset()
}
