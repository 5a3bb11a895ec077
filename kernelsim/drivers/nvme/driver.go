// Package nvme is a driver for NVMe controllers (drivers/nvme/host/pci.c): a
// pair of queues for commands of administration and one for each processor, or
// for several of them, each with an interrupt of its own.
//
// The probe asks for vectors and interrupts as Linux does, in its order. The
// controller itself is switched on when somebody first opens the disk, not at
// the end of the probe, where Linux starts a worker for it: a boot is over
// sooner so, and its interrupts are those that were asked for.
package nvme

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/blkmq"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/wait"
)

// A Config is what a driver is told of its machine and by its parameters.
type Config struct {
	Index int // among the machine's controllers: nvme0, nvme1
	// Unmanaged vectors are not spread over the processors and may be moved.
	// Linux's driver always asks for managed ones.
	Unmanaged bool
	// Threaded: nvme.use_threaded_interrupts.
	Threaded bool
	// Forced: the kernel was booted with threadirqs.
	Forced bool
	// Depth is nvme.io_queue_depth, 2 to 4095; 0: 1024.
	Depth int
	// Alloc takes zeroed memory that devices reach, aligned to its size, and
	// Free gives it back.
	Alloc func(name string, size uint64) (bus.Addr, error)
	Free  func(name string)
}

// A Driver drives one controller (struct nvme_dev).
type Driver struct {
	cfg     Config
	dev     *pci.Dev
	queues  []*queue // the first is for administration
	vectors int      // that it has: with one, all queues share it
	disk    *blkmq.Disk
	admin   admin
	memory  []string // what Alloc gave, by name
}

// New makes the driver of one controller.
func New(cfg Config) *Driver {
	if cfg.Depth == 0 {
		cfg.Depth = 1024
	}
	return &Driver{cfg: cfg}
}

var _ pci.Driver = (*Driver)(nil)

// Name is the driver's name.
func (d *Driver) Name() string { return "nvme" }

// Match models nvme_id_table: a function is taken for what it does. It is
// bound to the right one by hand.
func (d *Driver) Match(vendor, device uint16) bool { return true }

// DiskName is the name of the controller's one disk: nvme0n1.
func (d *Driver) DiskName() string { return fmt.Sprintf("nvme%dn1", d.cfg.Index) }

// Ready reports whether the driver has a controller with queues for I/O.
func (d *Driver) Ready() bool { return len(d.queues) > 1 }

// Disk is the disk, nil before Open.
func (d *Driver) Disk() *blkmq.Disk { return d.disk }

// Probe models nvme_probe and, of nvme_reset_work, what it asks of the kernel:
// one vector at first, for the commands that tell how many queues there are;
// then that is torn down, and there is one vector for the admin queue and one
// for each I/O queue, spread over the processors. What fails leaves everything
// as it was.
func (d *Driver) Probe(c *cpu.CPU, dev *pci.Dev) error {
	d.dev = dev
	pci.EnableDevice(c, dev)
	pci.SetMaster(c, dev)
	err := d.setupInterrupts(c)
	if err != nil {
		d.queues = nil
		pci.DisableDevice(c, dev)
	}
	return err
}

// setupInterrupts models nvme_pci_enable, the admin queue's first interrupt,
// and nvme_setup_io_queues.
func (d *Driver) setupInterrupts(c *cpu.CPU) error {
	if _, err := pci.AllocIRQVectors(c, d.dev, 1, 1, pci.IRQAllTypes); err != nil {
		return err
	}
	d.vectors = 1
	d.addQueues(c, 1)
	if !d.onPin() {
		if err := d.swapVectors(c); err != nil {
			return err
		}
	}
	d.addQueues(c, max(d.vectors, 2))
	return d.requestAll(c)
}

// swapVectors gives the first vector back for as many as there are queues.
func (d *Driver) swapVectors(c *cpu.CPU) (err error) {
	err = d.request(c, d.queues[0])
	if err == nil {
		d.free(c, d.queues[0])
	}
	pci.FreeIRQVectors(c, d.dev)
	if err == nil {
		d.vectors, err = d.allocVectors(c)
	}
	return err
}

// onPin reports whether the controller has neither kind of messages.
func (d *Driver) onPin() bool { return !d.dev.MSIEnabled && !d.dev.MSIXEnabled }

// allocVectors models nvme_setup_irqs.
func (d *Driver) allocVectors(c *cpu.CPU) (int, error) {
	most := 1 + affinity.TopologyOf(c).Possible.Count()
	if d.cfg.Unmanaged {
		return pci.AllocIRQVectors(c, d.dev, 1, most, pci.IRQAllTypes)
	}
	return pci.AllocIRQVectorsAffinity(c, d.dev, 1, most, pci.IRQAllTypes|pci.IRQAffinity, &affinity.Affinity{PreVectors: 1})
}

// addQueues makes the queues up to a number, still without memory.
func (d *Driver) addQueues(c *cpu.CPU, n int) {
	for id := len(d.queues); id < n; id++ {
		d.queues = append(d.queues, newQueue(c, d, id))
	}
}

// requestAll requests the interrupt of every queue; if one fails, those before
// it and the vectors are given back.
func (d *Driver) requestAll(c *cpu.CPU) error {
	for i, q := range d.queues {
		if err := d.request(c, q); err != nil {
			d.freeSome(c, i)
			pci.FreeIRQVectors(c, d.dev)
			return err
		}
	}
	return nil
}

// request models queue_request_irq: every interrupt may be shared, as
// pci_request_irq has it.
func (d *Driver) request(c *cpu.CPU, q *queue) error {
	n, err := d.irqOf(q)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("nvme%dq%d", d.cfg.Index, q.id)
	if d.cfg.Threaded {
		return irq.RequestThreaded(c, n, checkIRQ, threadIRQ, irq.Shared, name, q)
	}
	return irq.Request(c, n, serveIRQ, irq.Shared, name, q)
}

// irqOf models pci_irq_vector of a queue's vector.
func (d *Driver) irqOf(q *queue) (irq.Number, error) {
	return pci.IRQVector(d.dev, q.vector())
}

// free models pci_free_irq.
func (d *Driver) free(c *cpu.CPU, q *queue) {
	if n, err := d.irqOf(q); err == nil {
		_, _ = irq.Free(c, n, q) // it was requested
	}
}

// freeSome frees the interrupts of the first n queues, the last one first
// (nvme_suspend_io_queues).
func (d *Driver) freeSome(c *cpu.CPU, n int) {
	for i := n - 1; i >= 0; i-- {
		d.free(c, d.queues[i])
	}
}

// Remove models nvme_remove: the controller is switched off and everything is
// given back. Nobody may use the disk.
func (d *Driver) Remove(c *cpu.CPU, dev *pci.Dev) {
	d.shutdown(c)
	d.freeSome(c, len(d.queues))
	pci.FreeIRQVectors(c, dev)
	d.queues, d.disk = nil, nil
	pci.DisableDevice(c, dev)
}

// An admin is the admin queue's one command under way.
type admin struct {
	busy   bool
	done   wait.Completion
	result uint32
	status uint16
}
