package standin

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
)

// fallBack is what a network driver does without as many MSI-X vectors as it
// wants (e1000e_set_interrupt_capability, drivers/net/ethernet/intel/e1000e/
// netdev.c; vmxnet3_alloc_intr_resources, drivers/net/vmxnet3/vmxnet3_drv.c):
// one message, or the pin, under the interface's name. The others fail.
func (d *Driver) fallBack(c *cpu.CPU, dev *pci.Dev, err error) error {
	if d.kind != "e1000e" && d.kind != "vmxnet3" {
		return err
	}
	name := fmt.Sprintf("eth%d", d.index)
	if _, err := pci.AllocIRQVectors(c, dev, 1, 1, pci.IRQMSI); err == nil {
		return d.requestAll(c, dev, []string{name})
	}
	return d.usePin(c, dev, name)
}

// usePin requests the pin's interrupt, which others may share, once for each
// name. If one fails, those before it are given back.
func (d *Driver) usePin(c *cpu.CPU, dev *pci.Dev, names ...string) error {
	for _, name := range names {
		if err := irq.Request(c, irq.Number(dev.IRQ), d.servePin, irq.Shared, name, dev); err != nil {
			d.leavePin(c, dev)
			return err
		}
		d.pinned++
	}
	return nil
}

// leavePin frees the pin's interrupt as often as it was requested.
func (d *Driver) leavePin(c *cpu.CPU, dev *pci.Dev) {
	for ; d.pinned > 0; d.pinned-- {
		_, _ = irq.Free(c, irq.Number(dev.IRQ), dev) // it was requested
	}
}

// servePin looks whether it was this device, as its real driver does: the pin
// is active until then.
func (d *Driver) servePin(c *cpu.CPU, n irq.Number, cookie any) irq.Return {
	dev := cookie.(*pci.Dev)
	if d.cause(c, dev) == 0 {
		return irq.None
	}
	return handled(c, n, cookie)
}

// cause reads why the pin is active, which takes it down (vp_interrupt,
// e1000_intr, vmxnet3_intr).
func (d *Driver) cause(c *cpu.CPU, dev *pci.Dev) uint32 {
	bar := func(n int) bus.Addr { return bus.Addr(dev.Resources[n].Start) }
	switch d.kind {
	case "virtio-net": // the ISR status, a byte
		c.Spend(cost.MMIORead)
		return uint32(c.ReadPhys(uint64(bar(4)+0x1000), 1))
	case "e1000e":
		return bus.ReadL(c, bar(0)+0xc0) & (1 << 31) // E1000_ICR, INT_ASSERTED
	case "vmxnet3":
		return bus.ReadL(c, bar(1)+0x38) // VMXNET3_REG_ICR
	}
	return 0
}
