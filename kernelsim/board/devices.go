package board

import (
	"errors"
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/edu"
	"bothhalves/kernelsim/hw/enadev"
	"bothhalves/kernelsim/hw/legacy"
	"bothhalves/kernelsim/hw/metronome"
	"bothhalves/kernelsim/hw/nvme"
	"bothhalves/kernelsim/hw/pattern"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/hw/pcie/pcireg"
	"bothhalves/kernelsim/sim"
)

// A Function is a device that was plugged in.
type Function struct {
	Device Device // as it was asked for
	*pcie.Func
	legacy    *legacy.Device    // nil if it is none
	edu       *edu.Device       // nil if it is none
	pattern   *pattern.Device   // nil if it is none
	metronome *metronome.Device // nil if it is none
}

// Functions lists what was plugged in, in that order.
func (b *Board) Functions() []*Function { return b.devices }

// addDevices plugs in what the configuration names, and the bare machine's
// one function; then firmware gives addresses to all.
func (b *Board) addDevices() error {
	if b.cfg.Machine == Bare {
		if err := b.addBareFunction(); err != nil {
			return err
		}
	}
	for _, d := range b.cfg.Devices {
		if err := b.addDevice(d); err != nil {
			return fmt.Errorf("device %s: %w", d.Kind, err)
		}
	}
	return b.assignBARs()
}

// The bare machine's function: where it is, and where its table and its
// pending bits are in physical addresses.
const (
	bareBDF   pcie.BDF = 5 << 3
	bareTable bus.Addr = 0xfebf_0000
	barePBA   bus.Addr = 0xfebf_8000
	bareBAR            = 0x1_0000
	bareMSI            = 0x50 // offset of its MSI capability
)

// addBareFunction plugs the bare machine's function in, with its memory
// decoded and its bus mastering on: what firmware and a driver's first lines
// do elsewhere.
func (b *Board) addBareFunction() error {
	f := b.standIn(Device{Kind: "msix", BDF: bareBDF, Vectors: b.cfg.MSIX})
	f.AddMSI(bareMSI, 5, true, true) // behind MSI-X in the list: 32 messages, maskable
	if err := b.plug(Device{Kind: "msix", BDF: bareBDF, Vectors: b.cfg.MSIX}, f); err != nil {
		return err
	}
	f.ConfigWrite(pcireg.BAR0, 4, uint32(bareTable))
	f.ConfigWrite(pcireg.CommandReg, 2, pcireg.CommandMemory|pcireg.CommandMaster)
	return nil
}

// plug attaches a function to the root, with its pin wired.
func (b *Board) plug(d Device, f *pcie.Func) error {
	if err := f.Err(); err != nil {
		return err
	}
	if err := b.PCI.Attach(f, b.intx(d.BDF)); err != nil {
		return err
	}
	b.devices = append(b.devices, &Function{Device: d, Func: f})
	return nil
}

// addDevice plugs one device in.
func (b *Board) addDevice(d Device) error {
	if d.BDF == 0 {
		d.BDF = b.freeSlot()
	}
	switch d.Kind {
	case "msix", "virtio-net", "e1000e", "vmxnet3":
		return b.plug(d, b.standIn(d))
	case "legacy":
		return b.addLegacyDevice(d)
	case "edu":
		return b.addEdu(d)
	case "pattern":
		return b.addPattern(d)
	case "metronome":
		return b.addMetronome(d)
	case "nvme":
		return b.plug(d, onRoot(b.nvme(d).Func, b.cfg.Machine == Q35))
	case "ena":
		return b.plug(d, enadev.New(b.Bus, d.BDF, enadev.Config{Queues: b.queues(d)}).Func)
	}
	return errors.New("no such kind: choose msix, legacy, edu, pattern, metronome, virtio-net, e1000e, vmxnet3, nvme or ena")
}

// addLegacyDevice plugs in a device with registers and a pin. Its causes are
// masked until software unmasks them.
func (b *Board) addLegacyDevice(d Device) error {
	dev := legacy.New(b.Bus, d.BDF, max(d.Pin, 1))
	if err := b.plug(d, dev.Func); err != nil {
		return err
	}
	b.devices[len(b.devices)-1].legacy = dev
	return nil
}

// nvme makes a controller that can do 100,000 commands a second, unless told
// otherwise: few enough to be what a workload waits for.
func (b *Board) nvme(d Device) *nvme.Device {
	latency := d.Latency
	if latency == 0 {
		latency = 20 * sim.Microsecond
	}
	return nvme.New(b.eng, b.Bus, d.BDF, nvme.Config{Queues: b.queues(d), Latency: latency, Channels: or(d.Channels, 2)})
}

// addEdu plugs in QEMU's educational device.
func (b *Board) addEdu(d Device) error {
	dev := edu.New(b.Bus, d.BDF, max(d.Pin, 1))
	if err := b.plug(d, dev.Func); err != nil {
		return err
	}
	b.devices[len(b.devices)-1].edu = dev
	return nil
}

// addPattern plugs in the device with four ways to end an interrupt.
func (b *Board) addPattern(d Device) error {
	dev := pattern.New(b.eng, b.Bus, d.BDF, max(d.Pin, 1))
	if err := b.plug(d, dev.Func); err != nil {
		return err
	}
	b.devices[len(b.devices)-1].pattern = dev
	return nil
}

// addMetronome plugs in the device that interrupts in time.
func (b *Board) addMetronome(d Device) error {
	dev := metronome.New(b.eng, b.Bus, d.BDF, or(d.Vectors, 2), b.cfg.Parts.pci()...)
	if err := b.plug(d, dev.Func); err != nil {
		return err
	}
	b.devices[len(b.devices)-1].metronome = dev
	return nil
}

// queues is a device's number of queues: one a CPU if nobody said.
func (b *Board) queues(d Device) int {
	if d.Queues == 0 {
		return len(b.cores)
	}
	return d.Queues
}

// freeSlot is the next device number at which nothing is plugged in.
func (b *Board) freeSlot() pcie.BDF {
	for dev := 1; dev < 31; dev++ {
		if bdf := pcie.MakeBDF(0, dev, 0); b.PCI.Func(bdf) == nil {
			return bdf
		}
	}
	return pcie.MakeBDF(0, 31, 7)
}
