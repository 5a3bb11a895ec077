package nvme

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/nvme/nvmeabi"
	"bothhalves/kernelsim/kernel/blkmq"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
)

// A queue is a submission queue with its completion queue (struct nvme_queue).
type queue struct {
	d      *Driver
	id     int
	depth  uint32 // entries; 0: it has no memory yet
	sq, cq bus.Addr
	lock   lock.Spin // sq_lock
	tail   uint32    // of the submission queue: the next entry to fill
	head   uint32    // of the completion queue: the next entry to read
	phase  bool      // that an entry has once the controller has written it
	// requests are those under way, by their number; nil for the admin queue.
	requests []*blkmq.Request
}

var sqLock = lock.NewClass("&nvmeq->sq_lock")

// newQueue makes a queue without memory.
func newQueue(c *cpu.CPU, d *Driver, id int) *queue {
	q := &queue{d: d, id: id}
	q.lock.Init(c, sqLock)
	return q
}

// vector is the queue's: it has the queue's number, unless there is but one.
func (q *queue) vector() int {
	if q.d.vectors == 1 {
		return 0
	}
	return q.id
}

// init models nvme_init_queue: both rings are empty, and the first entries
// that the controller writes will have the phase true.
func (q *queue) init(depth int, sq, cq bus.Addr) {
	q.depth, q.sq, q.cq = uint32(depth), sq, cq
	q.tail, q.head, q.phase = 0, 0, true
}

// submit models nvme_sq_copy_cmd and nvme_write_sq_db: the command is in
// memory before the doorbell tells of it.
func (q *queue) submit(c *cpu.CPU, cmd nvmeabi.Command) {
	q.lock.Lock(c)
	at := uint64(q.sq) + uint64(q.tail)*nvmeabi.CommandSize
	for i, w := range cmd.Words() {
		c.WritePhys(at+uint64(8*i), 8, w)
	}
	c.Spend(cost.Instruction)
	q.tail = (q.tail + 1) % q.depth
	bus.WriteL(c, q.d.doorbell(nvmeabi.SQTail(q.id, 0)), q.tail)
	q.lock.Unlock(c)
}

// pending models nvme_cqe_pending: the entry at the head is new if it has the
// phase of this round.
func (q *queue) pending(c *cpu.CPU) (entry nvmeabi.Completion, ok bool) {
	if q.depth == 0 {
		return entry, false
	}
	c.Spend(cost.Instruction)
	at := uint64(q.cq) + uint64(q.head)*nvmeabi.CompletionSize
	entry = nvmeabi.ReadCompletion(c.ReadPhys(at, 8), c.ReadPhys(at+8, 8))
	return entry, entry.Phase == q.phase
}

// poll models nvme_poll_cq: all that the controller has written is taken, then
// one doorbell tells how far.
func (q *queue) poll(c *cpu.CPU) (found int) {
	for entry, ok := q.pending(c); ok; entry, ok = q.pending(c) {
		found++
		q.handle(c, entry)
		if q.head++; q.head == q.depth {
			q.head, q.phase = 0, !q.phase
		}
	}
	if found > 0 {
		bus.WriteL(c, q.d.doorbell(nvmeabi.CQHead(q.id, 0)), q.head)
	}
	return found
}

// handle models nvme_handle_cqe: whose command was it?
func (q *queue) handle(c *cpu.CPU, entry nvmeabi.Completion) {
	if q.id == 0 && q.d.admin.busy && entry.ID == adminID {
		q.d.admin.busy = false
		q.d.admin.result, q.d.admin.status = entry.Result, uint16(entry.Status)
		q.d.admin.done.Complete(c)
		return
	}
	if int(entry.ID) < len(q.requests) {
		if r := q.requests[entry.ID]; r != nil {
			q.requests[entry.ID] = nil
			r.Status = uint16(entry.Status)
			blkmq.Complete(c, r)
			return
		}
	}
	printk.Printk(c, printk.Warning, "nvme nvme%d: invalid id %d completed on queue %d", q.d.cfg.Index, entry.ID, entry.SQ)
}

// serveIRQ models nvme_irq: it was this queue if there is something in it. No
// register is asked and none is written but the doorbell: the next completion
// sends its own message.
func serveIRQ(c *cpu.CPU, _ irq.Number, dev any) irq.Return {
	q := dev.(*queue)
	if q.poll(c) > 0 || q.d.quench(c) {
		return irq.Handled
	}
	return irq.None
}

// checkIRQ models nvme_irq_check: with nvme.use_threaded_interrupts the queue
// is read by the interrupt's thread.
func checkIRQ(c *cpu.CPU, _ irq.Number, dev any) irq.Return {
	q := dev.(*queue)
	if _, ok := q.pending(c); ok {
		return irq.WakeThread
	}
	return irq.None
}

// threadIRQ is nvme_irq in that thread. It stays on its CPU while it reads the
// queue.
func threadIRQ(t *sched.Task, n irq.Number, dev any) irq.Return {
	c := t.CPU()
	preempt.Disable(c)
	res := serveIRQ(c, n, dev)
	preempt.Enable(c)
	return res
}

// quench serves a controller on its pin that says that it wants something and
// has nothing in its queues: the bench can make it do so. A write to its mask
// makes it look at the queues again.
func (d *Driver) quench(c *cpu.CPU) bool {
	const status, interrupt = 6, 1 << 3 // PCI_STATUS, PCI_STATUS_INTERRUPT
	if !d.onPin() || d.disk != nil || d.dev.Read16(c, status)&interrupt == 0 {
		return false
	}
	bus.WriteL(c, d.register(nvmeabi.INTMC), 1)
	return true
}

// register is the address of a register of the controller.
func (d *Driver) register(off bus.Addr) bus.Addr { return bus.Addr(d.dev.Resources[0].Start) + off }

// doorbell is the address of a doorbell.
func (d *Driver) doorbell(off uint32) bus.Addr { return d.register(bus.Addr(off)) }
