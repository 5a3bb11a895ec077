package nvme

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/nvme/nvmeabi"
	"bothhalves/kernelsim/kernel/blkmq"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
)

// adminDepth is NVME_AQ_DEPTH; adminID the number of the admin queue's one
// command.
const (
	adminDepth = 32
	adminID    = 1
)

// Open makes the disk ready, the first time by switching the controller on:
// what nvme_reset_work does behind the probe. ENODEV without a controller, EIO
// if it refuses, ENOMEM without memory for its queues; all is switched off
// again then. Context: process context; it sleeps.
func (d *Driver) Open(t *sched.Task) (*blkmq.Disk, error) {
	switch {
	case !d.Ready():
		return nil, fmt.Errorf("nvme%d: no controller, or one without I/O queues: %w", d.cfg.Index, errno.ENODEV)
	case d.disk != nil:
		return d.disk, nil
	}
	if err := d.start(t); err != nil {
		d.shutdown(t.CPU())
		return nil, err
	}
	return d.disk, nil
}

// start switches the controller on, creates the queues and finds the disk.
func (d *Driver) start(t *sched.Task) error {
	c := t.CPU()
	depth := min(int(nvmeabi.CAPEntries.Get(bus.ReadQ(c, d.register(nvmeabi.CAP))))+1, d.cfg.Depth)
	if err := d.configureAdmin(c); err != nil {
		return err
	}
	granted, err := d.setQueueCount(t, len(d.queues)-1)
	if err != nil {
		return err
	}
	online := min(granted, len(d.queues)-1)
	for _, q := range d.queues[1 : 1+online] {
		if err := d.create(t, q, depth); err != nil {
			return err
		}
	}
	printk.Printk(t.CPU(), printk.Info, "nvme nvme%d: %d/0/0 default/read/poll queues", d.cfg.Index, online)
	blocks, err := d.identify(t)
	if err != nil {
		return err
	}
	d.addDisk(t.CPU(), online, depth, blocks)
	return nil
}

// configureAdmin models nvme_pci_configure_admin_queue: the controller is told
// where the admin queue is, and enabled.
func (d *Driver) configureAdmin(c *cpu.CPU) error {
	bus.WriteL(c, d.register(nvmeabi.CC), 0)
	q := d.queues[0]
	if err := d.place(q, adminDepth); err != nil {
		return err
	}
	bus.WriteL(c, d.register(nvmeabi.AQA), (adminDepth-1)<<16|(adminDepth-1))
	bus.WriteQ(c, d.register(nvmeabi.ASQ), uint64(q.sq))
	bus.WriteQ(c, d.register(nvmeabi.ACQ), uint64(q.cq))
	bus.WriteL(c, d.register(nvmeabi.CC), nvmeabi.CommandLog2<<16|nvmeabi.CompletionLog2<<20|nvmeabi.CCEnable)
	for range 1000 { // nvme_wait_ready
		if bus.ReadL(c, d.register(nvmeabi.CSTS))&nvmeabi.CSTSReady != 0 {
			return nil
		}
		c.Spend(cost.CPURelax)
	}
	return fmt.Errorf("nvme%d: the controller does not become ready: %w", d.cfg.Index, errno.ENODEV)
}

// place gives a queue its memory (nvme_alloc_queue).
func (d *Driver) place(q *queue, depth int) error {
	sq, err := d.alloc(fmt.Sprintf("nvme%dsq%d", d.cfg.Index, q.id), depth*nvmeabi.CommandSize)
	if err != nil {
		return err
	}
	cq, err := d.alloc(fmt.Sprintf("nvme%dcq%d", d.cfg.Index, q.id), depth*nvmeabi.CompletionSize)
	if err != nil {
		return err
	}
	q.init(depth, sq, cq)
	return nil
}

// alloc takes memory for a ring: whole pages, aligned to their number.
func (d *Driver) alloc(name string, size int) (bus.Addr, error) {
	room := uint64(4096)
	for room < uint64(size) {
		room *= 2
	}
	at, err := d.cfg.Alloc(name, room)
	if err != nil {
		return 0, fmt.Errorf("nvme%d: no memory for a queue: %w", d.cfg.Index, errno.ENOMEM)
	}
	d.memory = append(d.memory, name)
	return at, nil
}

// command carries an admin command out (__nvme_submit_sync_cmd): t sleeps until
// the admin queue's interrupt has told of its end.
func (d *Driver) command(t *sched.Task, cmd nvmeabi.Command) (uint32, error) {
	cmd.ID = adminID
	d.admin.busy = true
	d.admin.done.Init(t.CPU())
	d.queues[0].submit(t.CPU(), cmd)
	d.admin.done.Wait(t)
	if d.admin.status != 0 {
		return 0, fmt.Errorf("nvme%d: admin command %#02x fails with status %#x: %w", d.cfg.Index, cmd.Opcode, d.admin.status, errno.EIO)
	}
	return d.admin.result, nil
}

// setQueueCount models nvme_set_queue_count: how many pairs of I/O queues the
// controller grants, asked for so many.
func (d *Driver) setQueueCount(t *sched.Task, n int) (int, error) {
	ask := uint32(n-1)<<16 | uint32(n-1)
	got, err := d.command(t, nvmeabi.Command{Opcode: nvmeabi.AdminSetFeatures, DW10: nvmeabi.FeatureQueues, DW11: ask})
	return 1 + int(min(got&0xffff, got>>16)), err
}

// create models nvme_create_queue: first the completion queue with its vector,
// then the submission queue that completes there.
func (d *Driver) create(t *sched.Task, q *queue, depth int) error {
	if err := d.place(q, depth); err != nil {
		return err
	}
	size := uint32(depth-1)<<16 | uint32(q.id)
	if _, err := d.command(t, nvmeabi.Command{Opcode: nvmeabi.AdminCreateCQ, PRP1: uint64(q.cq), DW10: size,
		DW11: uint32(q.vector())<<16 | nvmeabi.CQInterrupt | nvmeabi.QueueContiguous}); err != nil {
		return err
	}
	q.requests = make([]*blkmq.Request, depth)
	_, err := d.command(t, nvmeabi.Command{Opcode: nvmeabi.AdminCreateSQ, PRP1: uint64(q.sq), DW10: size,
		DW11: uint32(q.id)<<16 | nvmeabi.QueueContiguous})
	return err
}

// identify models nvme_identify_ns: how many blocks of 512 bytes the one
// namespace has.
func (d *Driver) identify(t *sched.Task) (uint64, error) {
	page, err := d.alloc(fmt.Sprintf("nvme%did", d.cfg.Index), nvmeabi.IdentifySize)
	if err != nil {
		return 0, err
	}
	_, err = d.command(t, nvmeabi.Command{Opcode: nvmeabi.AdminIdentify, Namespace: 1, PRP1: uint64(page), DW10: nvmeabi.IdentifyNamespace})
	return t.CPU().ReadPhys(uint64(page), 8), err
}

// addDisk models nvme_alloc_io_tag_set with nvme_pci_map_queues.
func (d *Driver) addDisk(c *cpu.CPU, online, depth int, blocks uint64) {
	d.disk = blkmq.AddDisk(c, blkmq.Config{Name: d.DiskName(), Queues: online, Depth: depth - 1, Sectors: blocks,
		Map: d.mapQueues(c, online), Ops: d, ForcedThreads: d.cfg.Forced})
	for i, h := range d.disk.Queues {
		h.Driver = d.queues[1+i]
	}
}

// mapQueues models nvme_pci_map_queues: a CPU uses the queue whose vector is
// its own. Vectors that belong to nobody leave Linux's driver with its first
// queue for all CPUs, because it never asks for such; here the queues are dealt
// out then, as drivers do that can go without affinity (mpt3sas:
// _base_assign_reply_queues).
func (d *Driver) mapQueues(c *cpu.CPU, n int) []int {
	if d.vectors > 1 {
		if m, ok := blkmq.PCIMapQueues(c, d.dev, 1, n); ok {
			return m
		}
	}
	return blkmq.MapQueues(affinity.TopologyOf(c), n)
}

// QueueRQ models nvme_queue_rq: the request's number is the command's.
func (d *Driver) QueueRQ(c *cpu.CPU, r *blkmq.Request) {
	q := r.HW.Driver.(*queue)
	q.requests[r.Tag] = r
	op := uint8(nvmeabi.Read)
	if r.Write {
		op = nvmeabi.Write
	}
	q.submit(c, nvmeabi.Command{Opcode: op, ID: uint16(r.Tag), Namespace: 1,
		DW10: uint32(r.Sector), DW11: uint32(r.Sector >> 32)})
}

// shutdown models nvme_dev_disable: the controller is switched off and forgets
// its queues, whose memory is free then.
func (d *Driver) shutdown(c *cpu.CPU) {
	if len(d.memory) == 0 {
		return
	}
	bus.WriteL(c, d.register(nvmeabi.CC), 0)
	for _, q := range d.queues {
		q.depth, q.requests = 0, nil
	}
	for _, name := range d.memory {
		d.cfg.Free(name)
	}
	d.memory, d.disk = nil, nil
}
