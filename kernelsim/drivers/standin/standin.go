package standin

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/pci"
)

// A Driver drives one function (struct pci_driver, include/linux/pci.h).
type Driver struct {
	kind  string // of the device: virtio-net, e1000e, vmxnet3, ena, msix, legacy
	index int    // among those of its kind
	// managed: its vectors are spread over the processors and belong to the
	// kernel.
	managed bool
	pinned  int // how many handlers it has on the pin
	// notifier hears of processors that come and go; nil: they do not matter.
	notifier *hotplug.Driver
}

// New makes the driver of the index-th device of a kind.
// managed is on or off: it asks for its vectors to be spread over the
// processors and managed by the kernel; empty for what the real one does.
func New(kind string, index int, managed string) *Driver {
	return &Driver{kind: kind, index: index, managed: managed == "on"}
}

var _ pci.Driver = (*Driver)(nil)

// Name is the driver's name, that of its kind's real driver.
func (d *Driver) Name() string {
	if d.kind == "virtio-net" {
		return "virtio-pci"
	}
	return d.kind
}

// Match accepts every function: it is bound to the right one by hand.
func (d *Driver) Match(vendor, device uint16) bool { return true }

// Probe enables the function and requests its interrupts. What fails leaves
// everything as it was.
func (d *Driver) Probe(c *cpu.CPU, dev *pci.Dev) error {
	pci.EnableDevice(c, dev)
	pci.SetMaster(c, dev)
	err := d.request(c, dev)
	if err != nil {
		pci.DisableDevice(c, dev)
	}
	return err
}

// request does what the real driver does between its probe and its first
// interrupt.
func (d *Driver) request(c *cpu.CPU, dev *pci.Dev) error {
	switch d.kind {
	case "virtio-net":
		return d.virtioNet(c, dev)
	case "legacy":
		return d.legacy(c, dev)
	}
	names := d.names(c, dev)
	if len(names) == 0 {
		return nil // it has no messages, and does without interrupts
	}
	if err := d.alloc(c, dev, len(names)); err != nil {
		return d.fallBack(c, dev, err)
	}
	return d.requestAll(c, dev, names)
}

// alloc asks for n vectors, spread over the processors or not.
func (d *Driver) alloc(c *cpu.CPU, dev *pci.Dev, n int) (err error) {
	if d.managed {
		_, err = pci.AllocIRQVectorsAffinity(c, dev, n, n, pci.IRQMSIX|pci.IRQAffinity, &affinity.Affinity{})
	} else {
		_, err = pci.AllocIRQVectors(c, dev, n, n, pci.IRQMSIX)
	}
	return err
}

// most is how many interrupts a function asks for that only has a table: one
// of 2048 entries would take the vectors of ten processors.
const most = 64

// names are the interrupts of the kinds that ask for a fixed number.
func (d *Driver) names(c *cpu.CPU, dev *pci.Dev) (list []string) {
	entries, queues := dev.VectorCount(c), len(c.Peers)
	eth := fmt.Sprintf("eth%d", d.index)
	switch d.kind {
	case "e1000e":
		list = []string{eth + "-rx-0", eth + "-tx-0", eth}
	case "vmxnet3":
		for i := range min(queues, entries-1) {
			list = append(list, fmt.Sprintf("%s-rxtx-%d", eth, i))
		}
		list = append(list, fmt.Sprintf("%s-event-%d", eth, len(list)))
	case "ena":
		list = []string{"ena-mgmnt@pci:0000:" + dev.BDF.String()}
		for i := range min(queues, entries-1) {
			list = append(list, fmt.Sprintf("%s-Tx-Rx-%d", eth, i))
		}
	default:
		for i := range min(entries, most) {
			list = append(list, fmt.Sprintf("%s%d-%d", d.kind, d.index, i))
		}
	}
	return list[:min(len(list), entries)]
}

// requestAll requests one interrupt after the other; if one fails, those
// before it and the vectors are given back.
func (d *Driver) requestAll(c *cpu.CPU, dev *pci.Dev, names []string) error {
	for i, name := range names {
		if err := requestOne(c, dev, i, name); err != nil {
			d.freeSome(c, dev, i)
			pci.FreeIRQVectors(c, dev)
			return err
		}
	}
	return nil
}

// requestOne requests the interrupt of one vector.
func requestOne(c *cpu.CPU, dev *pci.Dev, i int, name string) error {
	n, err := pci.IRQVector(dev, i)
	if err != nil {
		return err
	}
	return irq.Request(c, n, handled, 0, name, dev)
}

// freeSome frees the interrupts of the first n vectors in the order in which
// the kind's driver does: virtio that of the configuration last.
func (d *Driver) freeSome(c *cpu.CPU, dev *pci.Dev, n int) {
	for i := range n {
		if d.kind == "virtio-net" {
			i = (i + 1) % n
		}
		if virq, err := pci.IRQVector(dev, i); err == nil {
			_ = irq.SetHint(c, virq, irq.Mask{}) // a mask of none takes the advice back
			_, _ = irq.Free(c, virq, dev)
		}
	}
}

// Remove gives everything back.
func (d *Driver) Remove(c *cpu.CPU, dev *pci.Dev) {
	d.ignoreCPUs(c)
	switch {
	case d.kind == "legacy":
		d.closeLegacy(c, dev)
	case d.pinned > 0:
		d.leavePin(c, dev)
	default:
		d.freeSome(c, dev, dev.Vectors())
		pci.FreeIRQVectors(c, dev)
	}
	pci.DisableDevice(c, dev)
}
