package drivers

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"

	"bothhalves/labs/irq/slow"
)

// A RequestFunc asks for a device's interrupt.
type RequestFunc func(c *cpu.CPU, n irq.Number, d *slow.Device) error

// Slow is the module slow: a driver that takes devices from others, and asks
// for their interrupts with a student's functions.
func Slow(line, message RequestFunc) machine.Module {
	s := slowDriver{line, message}
	return machine.Module{Name: "slow", Exit: detachAll, Files: []machine.File{
		{Name: "slow/devices", Read: showSlow, Write: s.write}}}
}

type slowDriver struct{ line, message RequestFunc }

// A taken device is one that the driver has, or wanted to have.
type takenDevice struct {
	*slow.Device
	dev *pci.Dev
	err error
}

var slowDevices = percpu.Shared[[]*takenDevice]("irq_slow_devices")

// write takes "attach DEVICE…": the numbers of some on bus 0; and "detach".
func (s slowDriver) write(c *cpu.CPU, text string) error {
	words := strings.Fields(text)
	if len(words) == 1 && words[0] == "detach" {
		detachAll(c)
		return nil
	}
	var devs []*pci.Dev
	for i, w := range words {
		if i == 0 && w == "attach" {
			continue
		}
		n, err := strconv.Atoi(w)
		if i == 0 || err != nil || n < 0 || n > 31 {
			return fmt.Errorf("slow: %q: attach DEVICE… or detach: %w", strings.TrimSpace(text), errno.EINVAL)
		}
		dev := pci.Find(c, pcie.MakeBDF(0, n, 0))
		if dev == nil {
			return fmt.Errorf("slow: no device 00:%02x.0: %w", n, errno.ENODEV)
		}
		devs = append(devs, dev)
	}
	for _, dev := range devs {
		_ = pci.Unbind(c, dev) // or it had none
	}
	list := slowDevices.Of(c)
	for _, dev := range devs {
		d := &takenDevice{dev: dev}
		d.err = s.attach(c, d)
		*list = append(*list, d)
	}
	return nil
}

// attach takes a device. One that has messages is asked to send one.
func (s slowDriver) attach(c *cpu.CPU, d *takenDevice) error {
	pci.EnableDevice(c, d.dev)
	name := fmt.Sprintf("slow%d", d.dev.BDF.Device())
	if d.dev.MSIXCap != 0 {
		pci.SetMaster(c, d.dev)
		if _, err := pci.AllocIRQVectors(c, d.dev, 1, 1, pci.IRQMSIX); err != nil {
			return err
		}
		n, _ := pci.IRQVector(d.dev, 0) // it was given
		d.Device = slow.New(name, 0, n)
		return s.message(c, n, d.Device)
	}
	at := bus.Addr(d.dev.Resources[0].Start)
	d.Device = slow.New(name, at, irq.Number(d.dev.IRQ))
	if err := s.line(c, d.IRQ(), d.Device); err != nil {
		return err
	}
	bus.WriteL(c, at+4, 0) // from now on it may pull
	return nil
}

func detachAll(c *cpu.CPU) {
	list := slowDevices.Of(c)
	for _, d := range *list {
		if d.Device == nil {
			continue
		}
		if d.dev.MSIXCap == 0 {
			bus.WriteL(c, bus.Addr(d.dev.Resources[0].Start)+4, ^uint32(0))
		}
		if d.err == nil {
			_, _ = irq.Free(c, d.IRQ(), d.Device) // it was requested
		}
		pci.FreeIRQVectors(c, d.dev)
	}
	*list = nil
}

func showSlow(c *cpu.CPU) string {
	var b strings.Builder
	for _, d := range *slowDevices.Of(c) {
		if d.err != nil {
			fmt.Fprintf(&b, "00:%02x.0: %v\n", d.dev.BDF.Device(), d.err)
			continue
		}
		fmt.Fprintf(&b, "%s: irq %d, served %d, woken for nothing %d times\n", d.Name(), d.IRQ(), d.Served, d.Nothing)
	}
	return b.String()
}
