package standin

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
)

// virtioNet models vp_request_msix_vectors and vp_find_vqs_msix
// (drivers/virtio/virtio_pci_common.c): a vector for changes of the
// configuration and one for each queue of data, or two in all if there are
// not so many. The control queue has none.
func (d *Driver) virtioNet(c *cpu.CPU, dev *pci.Dev) error {
	entries := dev.VectorCount(c)
	pairs := max((entries-2)/2, 0)
	name := fmt.Sprintf("virtio%d-", d.index)
	names := []string{name + "config"}
	for q := range pairs {
		names = append(names, fmt.Sprintf("%sinput.%d", name, q), fmt.Sprintf("%soutput.%d", name, q))
	}
	if pairs == 0 && entries > 1 {
		names = append(names, name+"virtqueues")
	}
	if entries < 2 {
		return d.usePin(c, dev, fmt.Sprintf("virtio%d", d.index))
	}
	if _, err := pci.AllocIRQVectors(c, dev, len(names), len(names), pci.IRQMSIX); err != nil {
		return d.usePin(c, dev, fmt.Sprintf("virtio%d", d.index)) // vp_find_vqs_intx
	}
	if err := d.requestAll(c, dev, names); err != nil {
		return err
	}
	d.watchCPUs(c, dev, pairs)
	return nil
}

// The registers of the old device, in its first range: which causes there
// are, and which of them are kept from the pin.
const (
	legacyCause bus.Addr = 0
	legacyMask  bus.Addr = 4
)

// legacy requests the pin's interrupt, which others may share, and lets the
// device use it.
func (d *Driver) legacy(c *cpu.CPU, dev *pci.Dev) error {
	err := irq.Request(c, irq.Number(dev.IRQ), serveLegacy, irq.Shared, fmt.Sprintf("legacy%d", d.index), dev)
	if err == nil {
		bus.WriteL(c, bus.Addr(dev.Resources[0].Start)+legacyMask, 0)
	}
	return err
}

// serveLegacy looks whether it was this device, and clears what it found: the
// pin is active until then.
func serveLegacy(c *cpu.CPU, _ irq.Number, dev any) irq.Return {
	at := bus.Addr(dev.(*pci.Dev).Resources[0].Start)
	cause := bus.ReadL(c, at+legacyCause)
	if cause&^bus.ReadL(c, at+legacyMask) == 0 {
		return irq.None
	}
	bus.WriteL(c, at+legacyCause, cause)
	return irq.Handled
}

// closeLegacy masks the device, then lets go of its interrupt.
func (d *Driver) closeLegacy(c *cpu.CPU, dev *pci.Dev) {
	bus.WriteL(c, bus.Addr(dev.Resources[0].Start)+legacyMask, ^uint32(0))
	_, _ = irq.Free(c, irq.Number(dev.IRQ), dev) // it was requested
}
