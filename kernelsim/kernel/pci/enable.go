package pci

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/kernel/errno"
)

// EnableDevice models pci_enable_device (drivers/pci/pci.c): decoding on for
// the kinds of addresses that the function has, and its pin's interrupt
// routed. Calls are counted; the first one acts.
func EnableDevice(c *cpu.CPU, d *Dev) {
	d.Enabled++
	if d.Enabled > 1 {
		return
	}
	d.enableResources(c)
	if d.MSIEnabled || d.MSIXEnabled {
		return
	}
	d.enableIRQ(c)
	if d.Pin != 0 && d.Read16(c, pcireg.CommandReg)&pcireg.CommandNoINTx != 0 {
		d.INTx(c, true)
	}
}

// DisableDevice models pci_disable_device: the last caller's function may not
// write to memory any more.
func DisableDevice(c *cpu.CPU, d *Dev) {
	if d.Enabled == 0 {
		return
	}
	d.Enabled--
	if d.Enabled == 0 {
		d.changeCommand(c, pcireg.CommandMaster, 0)
		d.BusMaster = false
	}
}

// enableResources models pci_enable_resources.
func (d *Dev) enableResources(c *cpu.CPU) {
	command := d.Read16(c, pcireg.CommandReg)
	wanted := command
	for _, r := range d.Resources {
		if r.Flags&ResourceIO != 0 {
			wanted |= pcireg.CommandIO
		}
		if r.Flags&ResourceMem != 0 {
			wanted |= pcireg.CommandMemory
		}
	}
	if wanted != command {
		d.info(c, "enabling device (%04x -> %04x)", command, wanted)
		d.Write16(c, pcireg.CommandReg, wanted)
	}
}

// SetMaster models pci_set_master: the function may write to memory, without
// which it sends no message either.
func SetMaster(c *cpu.CPU, d *Dev) {
	d.changeCommand(c, 0, pcireg.CommandMaster)
	d.BusMaster = true
	if d.ExpressCap == 0 && d.Read8(c, pcireg.LatencyTimer) < 16 {
		Write(c, d.BDF, pcireg.LatencyTimer, 1, 64)
	}
}

// INTx models pci_intx: lets the function use its pin, or forbids it.
func (d *Dev) INTx(c *cpu.CPU, on bool) {
	if on {
		d.changeCommand(c, pcireg.CommandNoINTx, 0)
	} else {
		d.changeCommand(c, 0, pcireg.CommandNoINTx)
	}
}

// changeCommand clears and sets bits of the command register, and writes it
// only if that changes it.
func (d *Dev) changeCommand(c *cpu.CPU, clear, set uint16) {
	before := d.Read16(c, pcireg.CommandReg)
	if after := before&^clear | set; after != before {
		d.Write16(c, pcireg.CommandReg, after)
	}
}

// A Driver models struct pci_driver (include/linux/pci.h).
type Driver interface {
	Name() string
	Match(vendor, device uint16) bool
	Probe(c *cpu.CPU, d *Dev) error
	Remove(c *cpu.CPU, d *Dev)
}

// RegisterDriver models pci_register_driver: the driver is offered every
// function that has none. A probe that fails leaves its function free.
func RegisterDriver(c *cpu.CPU, drv Driver) {
	for _, d := range Devs(c) {
		if d.Driver == "" && drv.Match(d.Vendor, d.Device) {
			Bind(c, drv, d)
		}
	}
}

// Bind models driver_probe_device for one function.
func Bind(c *cpu.CPU, drv Driver, d *Dev) error {
	if d.Driver != "" {
		return fmt.Errorf("pci: %v is driven by %s: unbind it first: %w", d.BDF, d.Driver, errno.EBUSY)
	}
	d.Driver, d.drv = drv.Name(), drv
	err := drv.Probe(c, d)
	if err != nil {
		d.Driver, d.drv = "", nil
	}
	return err
}

// Unbind models unbind_store (drivers/base/bus.c): the function's driver lets
// go of it.
func Unbind(c *cpu.CPU, d *Dev) error {
	if d.drv == nil {
		return fmt.Errorf("pci: %v has no driver: %w", d.BDF, errno.ENODEV)
	}
	d.drv.Remove(c, d)
	d.Driver, d.drv = "", nil
	return nil
}

// UnregisterDriver models pci_unregister_driver.
func UnregisterDriver(c *cpu.CPU, drv Driver) {
	for _, d := range Devs(c) {
		if d.Driver == drv.Name() {
			drv.Remove(c, d)
			d.Driver, d.drv = "", nil
		}
	}
}

// DriverOf is the driver that a function is bound to; nil if it has none.
func DriverOf(d *Dev) Driver { return d.drv }
