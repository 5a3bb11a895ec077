// Package blkmq models the multi-queue block layer (block/blk-mq.c) as far as
// interrupts depend on it: which hardware queue a processor's requests go to,
// and on which processor they complete. There are no file systems, schedulers
// or bios: a request writes or reads a few sectors and tells its owner.
package blkmq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/wait"
)

// An Ops is what a driver does (struct blk_mq_ops, include/linux/blk-mq.h).
type Ops interface {
	// QueueRQ models queue_rq: the request goes to the device. Context:
	// process context, preemption off.
	QueueRQ(c *cpu.CPU, r *Request)
}

// A Disk is a block device with its hardware queues (struct gendisk, struct
// request_queue).
type Disk struct {
	Name    string
	Sectors uint64 // of 512 bytes
	Queues  []*HW
	Stats   []Stat // by CPU

	// Affinity is which CPU ends a request (rq_affinity): 0: the one that was
	// interrupted, 1: one that shares a cache with the submitter, 2: the
	// submitter itself.
	Affinity int

	ops    Ops
	queue  []int // by CPU: which hardware queue its requests go to (mq_map)
	cache  []int // by CPU: which last-level cache it has (sd_llc_id)
	forced bool  // force_irqthreads
}

// A Stat counts what a CPU has done for a disk.
type Stat struct {
	Submitted uint64 // requests
	Completed uint64 // ends of requests, whoever submitted them
	Away      uint64 // of its own requests those that ended on another CPU
	Handed    uint64 // ends that it left to the submitter's CPU
}

// A HW is a hardware queue (struct blk_mq_hw_ctx).
type HW struct {
	Index  int
	CPUs   affinity.CPUMask // that submit to it
	Driver any              // the driver's own queue (driver_data)

	disk  *Disk
	depth int
	made  int        // requests that there are by now
	free  []*Request // those that nobody uses
	wait  wait.Queue
}

// A Request is one operation (struct request). Its number is unique in its
// hardware queue.
type Request struct {
	Tag    int
	Write  bool
	Sector uint64
	HW     *HW    // mq_hctx
	CPU    int    // who submitted it (mq_ctx->cpu)
	Status uint16 // how it ended: 0, or the device's word for what was wrong
	// End is told of the end (bi_end_io). Context: hard interrupt or softirq.
	End   func(c *cpu.CPU, r *Request)
	Owner any // of End

	csd apic.CSD
}

// A Config describes a disk to AddDisk.
type Config struct {
	Name    string
	Sectors uint64
	Queues  int   // hardware queues
	Depth   int   // requests in flight in each at most
	Map     []int // by CPU: its queue
	Ops     Ops
	// ForcedThreads: interrupt handlers run in threads (force_irqthreads).
	ForcedThreads bool
}

// waitClass is the class of the locks of those who wait for a request.
var waitClass = lock.NewClass("&sbq->ws[i].wait")

// AddDisk models blk_mq_alloc_tag_set and device_add_disk. A map that names
// queues that are not there leads to the first one. Context: process context.
func AddDisk(c *cpu.CPU, cfg Config) *Disk {
	d := &Disk{Name: cfg.Name, Affinity: 1, Sectors: cfg.Sectors, ops: cfg.Ops, forced: cfg.ForcedThreads}
	for i := range max(cfg.Queues, 1) {
		h := &HW{Index: i, disk: d, depth: max(cfg.Depth, 1)}
		h.wait.Init(c, waitClass)
		d.Queues = append(d.Queues, h)
	}
	top := affinity.TopologyOf(c)
	n := len(c.Peers)
	d.Stats = make([]Stat, n)
	d.queue, d.cache = make([]int, n), make([]int, n)
	for id := range n {
		if id < len(cfg.Map) && cfg.Map[id] > 0 && cfg.Map[id] < len(d.Queues) {
			d.queue[id] = cfg.Map[id]
		}
		d.Queues[d.queue[id]].CPUs.Add(id)
		d.cache[id] = top.NodeOf(id) // the processors of a node share a cache
	}
	return d
}

// QueueOf is the hardware queue of a CPU's requests (blk_mq_map_queue).
func (d *Disk) QueueOf(cpu int) *HW { return d.Queues[d.queue[cpu]] }

// Depth is how many requests may be under way in a queue (nr_tags).
func (h *HW) Depth() int { return h.depth }

// InFlight is how many requests of a queue have been allocated and not ended.
func (h *HW) InFlight() int { return h.made - len(h.free) }
