package samples

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// QEMU's educational device (docs/specs/edu.txt of QEMU): who it is, what its
// status register says, and where that is acknowledged.
const (
	eduVendor = 0x1234
	eduDevice = 0x11e8
	eduStatus = 0x24
	eduAck    = 0x64
)

// An eduDriver is one way to request the device's line.
type eduDriver struct {
	handler irq.Handler
	thread  irq.ThreadFn
	flags   irq.Flags
}

// eduModules are drivers of one device. Only edu and edu_oneshot get along with
// a level-triggered line; the others make one mistake each.
func eduModules() []machine.Module {
	return []machine.Module{
		eduModule("edu", eduDriver{handler: serveEdu, flags: irq.Shared}),
		eduModule("edu_oneshot", eduDriver{thread: serveInThread, flags: irq.OneShotFlag}),
		eduModule("edu_nooneshot", eduDriver{thread: serveInThread}),
		eduModule("edu_wake", eduDriver{handler: onlyWake, thread: serveInThread, flags: irq.Shared}),
		eduModule("edu_alone", eduDriver{handler: serveEdu}),
		eduModule("edu_deaf", eduDriver{handler: notMine, flags: irq.Shared}),
	}
}

func eduModule(name string, drv eduDriver) machine.Module {
	return machine.Module{
		Name: name,
		Init: func(c *cpu.CPU) error { return drv.probe(c, name) },
		Exit: removeEdu,
	}
}

// theEdu is the device that a module drives; nil while none does.
var theEdu = percpu.Shared[*pci.Dev]("edu")

// probe requests the line. Context: process context.
func (d eduDriver) probe(c *cpu.CPU, name string) error {
	dev := find(c, eduVendor, eduDevice)
	switch {
	case dev == nil:
		return fmt.Errorf("no edu device is plugged in: boot with -device edu: %w", errno.ENODEV)
	case *theEdu.Of(c) != nil:
		return fmt.Errorf("another module drives the edu device: rmmod it: %w", errno.EBUSY)
	}
	pci.EnableDevice(c, dev)
	if err := irq.RequestThreaded(c, irq.Number(dev.IRQ), d.handler, d.thread, d.flags, name, dev); err != nil {
		return err
	}
	*theEdu.Of(c) = dev
	return nil
}

func removeEdu(c *cpu.CPU) {
	dev := *theEdu.Of(c)
	_, _ = irq.Free(c, irq.Number(dev.IRQ), dev) // it was requested
	*theEdu.Of(c) = nil
}

// find is the first function of a vendor and device (pci_get_device); nil if
// none is plugged in.
func find(c *cpu.CPU, vendor, device uint16) *pci.Dev {
	for _, dev := range pci.Devs(c) {
		if dev.Vendor == vendor && dev.Device == device {
			return dev
		}
	}
	return nil
}

// serveEdu is the handler of a device with an acknowledge register: read why,
// write it back, and the line is down.
func serveEdu(c *cpu.CPU, _ irq.Number, dev any) irq.Return {
	bar := bus.Addr(dev.(*pci.Dev).Resources[0].Start)
	causes := bus.ReadL(c, bar+eduStatus)
	if causes == 0 {
		return irq.None
	}
	bus.WriteL(c, bar+eduAck, causes)
	return irq.Handled
}

// serveInThread does the same at leisure.
func serveInThread(t *sched.Task, n irq.Number, dev any) irq.Return {
	sched.Compute(t, 5*sim.Microsecond)
	return serveEdu(t.CPU(), n, dev)
}

// onlyWake leaves the device to the thread, and the line up.
func onlyWake(*cpu.CPU, irq.Number, any) irq.Return { return irq.WakeThread }

// notMine never looks.
func notMine(*cpu.CPU, irq.Number, any) irq.Return { return irq.None }
