package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
)

// Mute is a module that takes the driver off the device 00:04.0 and leaves the
// device as it is: enabled, and with nobody to serve it. Written to, it lets
// the device pull at its line, or let go.
func Mute() machine.Module {
	return machine.Module{Name: "mute", Init: startMute, Files: []machine.File{{Name: "mute", Write: doMute}}}
}

func muteDevice(c *cpu.CPU) (*pci.Dev, error) {
	if d := pci.Find(c, pcie.MakeBDF(0, 4, 0)); d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("mute: no device 00:04.0: boot with -device legacy,bdf=00:04.0: %w", errno.ENODEV)
}

func startMute(c *cpu.CPU) error {
	d, err := muteDevice(c)
	if err != nil {
		return err
	}
	_ = pci.Unbind(c, d) // or it had none
	pci.EnableDevice(c, d)
	bus.WriteL(c, bus.Addr(d.Resources[0].Start)+4, 0) // nothing is masked
	return nil
}

func doMute(c *cpu.CPU, text string) error {
	d, err := muteDevice(c)
	if err != nil {
		return err
	}
	at := bus.Addr(d.Resources[0].Start)
	switch strings.TrimSpace(text) {
	case "up":
		bus.WriteL(c, at+8, 1)
	case "down":
		bus.WriteL(c, at, ^uint32(0))
	default:
		return fmt.Errorf("mute: %q: up or down: %w", strings.TrimSpace(text), errno.EINVAL)
	}
	return nil
}
