package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/apic/level"
)

// The line of the module line: devices 3, pin A, and 4, pin D, of a q35 are
// wired to it.
const (
	linePin               = 23
	lineVector cpu.Vector = 0x61
)

// Registers of such a device, and what it can be asked for.
const (
	deviceCause = 0x00
	deviceMask  = 0x04
	deviceRaise = 0x08
)

// A Handler is the driver's function for the line.
type Handler func(line level.Line, devices []level.Device)

// Line is a module with a driver for two devices that share a line.
func Line(h Handler) machine.Module {
	return machine.Module{Name: "line",
		Init:  func(c *cpu.CPU) error { return startLine(c, h) },
		Exit:  stopLine,
		Files: []machine.File{{Name: "line", Read: showLine, Write: runLine}}}
}

// sharing is the state of the line's driver, all on one CPU.
type sharing struct {
	c          *cpu.CPU
	devices    [2]device
	interrupts int
	nothing    int  // interrupts in which no device was served
	busy       bool // a device was served in this one
	off        bool // the kernel has given up
	giveBack   func(c *cpu.CPU)
}

// A device is one of the two as its driver sees it.
type device struct {
	s       *sharing
	base    bus.Addr
	raised  int
	served  int
	between func() // what happens between a look at its cause and the clearing; once
	during  func() // what happens while it is served; once
}

var lines = percpu.Shared[sharing]("line_devices")

// Cause implements level.Device.
func (d *device) Cause() uint32 { return bus.ReadL(d.s.c, d.base+deviceCause) }

// Clear implements level.Device.
func (d *device) Clear(bits uint32) {
	if do := d.between; do != nil && bits != 0 {
		d.between = nil
		do()
	}
	bus.WriteL(d.s.c, d.base+deviceCause, bits)
}

// Serve implements level.Device: every bit is one thing to do.
func (d *device) Serve(bits uint32) {
	if bits == 0 {
		return
	}
	d.s.busy = true
	work(d.s.c)
	if do := d.during; do != nil {
		d.during = nil
		do()
	}
	for ; bits != 0; bits &= bits - 1 {
		d.served++
	}
}

// raise makes something happen in the device.
func (d *device) raise(bit uint32) {
	d.raised++
	bus.WriteL(d.s.c, d.base+deviceRaise, bit)
}

// EOI implements level.Line.
func (s *sharing) EOI() { apic.EOI(s.c) }

// startLine takes the two devices from whoever drives them, and the vector.
func startLine(c *cpu.CPU, h Handler) error {
	s := lines.Of(c)
	*s = sharing{c: c}
	var found [2]*pci.Dev
	for i := range found {
		if found[i] = pci.Find(c, pcie.MakeBDF(0, 3+i, 0)); found[i] == nil {
			return errno.ENODEV
		}
	}
	for i, d := range found {
		if d.Driver != "" {
			_ = pci.Unbind(c, d) // it has one
		}
		pci.EnableDevice(c, d)
		s.devices[i] = device{s: s, base: bus.Addr(d.Resources[0].Start)}
		bus.WriteL(c, s.devices[i].base+deviceMask, 0)
	}
	var err error
	if s.giveBack, err = own(c, lineVector, func(c *cpu.CPU) { s.interrupt(h) }); err != nil {
		return err
	}
	apic.WritePin(c, linePin, ioapicreg.Route{Vector: uint8(lineVector), Level: true, Dest: uint8(c.ID)}.Entry())
	return nil
}

// stopLine leaves the devices without a driver.
func stopLine(c *cpu.CPU) {
	s := lines.Of(c)
	for i := range s.devices {
		bus.WriteL(c, s.devices[i].base+deviceMask, ^uint32(0))
		pci.DisableDevice(c, pci.Find(c, pcie.MakeBDF(0, 3+i, 0)))
	}
	apic.MaskPin(c, linePin)
	s.giveBack(c)
}

// enough is how many interrupts for nothing the kernel puts up with
// (note_interrupt, kernel/irq/spurious.c, has 99,900).
const enough = 200

// interrupt counts, and calls the driver's function.
func (s *sharing) interrupt(h Handler) {
	s.interrupts++
	s.busy = false
	h(s, []level.Device{&s.devices[0], &s.devices[1]})
	if !s.busy {
		s.nothing++
	}
	if s.nothing > enough || s.interrupts > 5*enough {
		s.off = true
		apic.MaskPin(s.c, linePin)
		apic.EOI(s.c)
	}
}

// runLine takes a scenario.
func runLine(c *cpu.CPU, text string) error {
	s := lines.Of(c)
	s.c = c
	a, b := &s.devices[0], &s.devices[1]
	repeat := 1
	var act func()
	switch strings.TrimSpace(text) {
	case "one":
		act = func() { a.raise(1) }
	case "both":
		act = func() { blind(c, func() { a.raise(1); b.raise(4) }) }
	case "other":
		act = func() { b.during = func() { a.raise(2) }; b.raise(1) }
	case "more":
		act = func() { a.during = func() { a.raise(2) }; a.raise(1) }
	case "between":
		act = func() { a.between = func() { a.raise(2) }; a.raise(1) }
	case "again":
		act = func() { a.during = func() { a.raise(1) }; a.raise(1) }
	case "storm":
		repeat = 40
		act = func() { b.during = func() { a.raise(8) }; blind(c, func() { a.raise(1); b.raise(1) }) }
	default:
		return errno.EINVAL
	}
	for range repeat {
		act()
		for range 12 {
			work(c)
		}
	}
	return nil
}

func showLine(c *cpu.CPU) string {
	s := lines.Of(c)
	s.c = c
	var b strings.Builder
	fmt.Fprintf(&b, "interrupts: %d\nfor nothing: %d\n", s.interrupts, s.nothing)
	for i := range s.devices {
		d := &s.devices[i]
		fmt.Fprintf(&b, "device %d: raised %d, served %d, cause 0x%02x\n", i, d.raised, d.served, d.Cause())
	}
	e := apic.ReadPin(c, linePin)
	fmt.Fprintf(&b, "remote IRR: %d\nin service: %d\n", bit(e.RemoteIRR()), bit(apic.InService(c, lineVector)))
	if s.off {
		b.WriteString("nobody cared: the line is switched off\n")
	}
	return b.String()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
