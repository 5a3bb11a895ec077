package nvme

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/nvme/nvmeabi"
	"bothhalves/kernelsim/reg"
	"bothhalves/kernelsim/sim"
)

// A submission is a submission queue: a ring in memory that the driver fills.
type submission struct {
	base uint64
	size uint32 // entries; 0: there is no such queue
	head uint32 // the next entry to read
	cq   uint16
}

// A completion is a completion queue: a ring in memory that the controller
// fills.
type completion struct {
	base      uint64
	size      uint32 // entries; 0: there is no such queue
	head      uint32 // as the driver said last
	tail      uint32 // the next entry to write
	phase     bool
	interrupt bool
	vector    uint16
	users     int // submission queues that complete here
}

// empty and full tell of what the driver has not taken yet.
func (q *completion) empty() bool { return q.head == q.tail }
func (q *completion) full() bool  { return (q.tail+1)%q.size == q.head }

// A command is one that was fetched and has not completed.
type command struct {
	nvmeabi.Command
	sq   uint16
	head uint16 // of the submission queue after it was fetched
	due  sim.Time
	lost bool // its queue was deleted: it never completes
}

// doorbell takes a write to a doorbell (specification 3.1.16, 3.1.17). One of
// a queue that is not there, or a position that it does not have, is ignored.
func (d *Device) doorbell(w reg.Written) {
	q, at := w.Index/2, uint32(w.Value)
	switch {
	case w.Index%2 == 0 && at < d.sq[q].size:
		d.fetch(q, at)
	case w.Index%2 == 1 && at < d.cq[q].size:
		d.taken(q, at)
	}
}

// fetch reads commands up to the new tail. What they ask for is begun at once,
// or when a channel is free.
func (d *Device) fetch(q int, tail uint32) {
	s := &d.sq[q]
	for s.head != tail {
		at := bus.Addr(s.base + uint64(s.head)*nvmeabi.CommandSize)
		s.head = (s.head + 1) % s.size
		c := nvmeabi.ReadCommand(func(off uint32) uint64 { return d.DMARead(at+bus.Addr(off), 8) })
		d.flight = append(d.flight, command{Command: c, sq: uint16(q), head: uint16(s.head), due: d.begin(q)})
	}
	d.arm()
}

// begin finds out when a command that has just been fetched will be done: I/O
// waits for the channel that is free first.
func (d *Device) begin(q int) (due sim.Time) {
	now := d.eng.Now()
	if q == 0 || len(d.busy) == 0 {
		return now + d.cfg.Latency
	}
	first := 0
	for k := range d.busy {
		if d.busy[k] < d.busy[first] {
			first = k
		}
	}
	due = max(now, d.busy[first]) + d.cfg.Latency
	d.busy[first] = due
	return due
}

// taken notes that the driver has read completions up to the new head. That
// makes room, and leaves nothing to interrupt for once all are read.
func (d *Device) taken(q int, head uint32) {
	d.cq[q].head = head
	if d.cq[q].empty() {
		d.satisfied(q)
	}
	d.arm()
}

// arm lets the next command complete when its time comes. One that finds no
// room waits for the driver's doorbell.
func (d *Device) arm() {
	next := sim.Forever
	for i := range d.flight {
		if c := &d.flight[i]; !d.stuck(c) {
			next = min(next, c.due)
		}
	}
	if next != sim.Forever {
		d.eng.Arm(&d.done, max(next, d.eng.Now()))
	}
}

// stuck reports whether a command's completion queue has no room.
func (d *Device) stuck(c *command) bool {
	return !c.lost && d.cq[d.sq[c.sq].cq].full()
}

// complete finishes the commands whose time has come, in the order in which
// they were fetched.
func (d *Device) complete(now sim.Time) {
	kept := 0
	for i := range d.flight {
		if c := d.flight[i]; c.due <= now && !d.stuck(&c) {
			d.finish(&c)
		} else {
			d.flight[kept] = c
			kept++
		}
	}
	d.flight = d.flight[:kept]
	d.arm()
}

// finish carries a command out and posts its completion.
func (d *Device) finish(c *command) {
	if c.lost {
		return
	}
	result, status := d.execute(c)
	d.post(int(d.sq[c.sq].cq), nvmeabi.Completion{Result: result, SQHead: c.head, SQ: c.sq, ID: c.ID, Status: status})
}

// post writes a completion to memory and signals the queue's vector. The word
// with the phase goes last: with it the entry is there.
func (d *Device) post(q int, c nvmeabi.Completion) {
	to := &d.cq[q]
	c.Phase = to.phase
	at := bus.Addr(to.base + uint64(to.tail)*nvmeabi.CompletionSize)
	first, last := c.Words()
	d.DMAWrite(at, 8, first)
	d.DMAWrite(at+8, 8, last)
	if to.tail = (to.tail + 1) % to.size; to.tail == 0 {
		to.phase = !to.phase
	}
	d.signal(to)
}

// signal interrupts for a completion queue: by its MSI-X entry, or by the pin
// (QEMU: nvme_irq_assert).
func (d *Device) signal(q *completion) {
	switch {
	case !q.interrupt:
	case d.MSIX().Enabled():
		d.MSIX().Notify(int(q.vector))
	default:
		d.active |= 1 << (q.vector % 32)
		d.drive()
	}
}

// satisfied notes that the driver has read all of a completion queue. If no
// other queue of the vector holds anything, neither the pin nor a message that
// waits has a reason any more (QEMU: nvme_irq_deassert).
func (d *Device) satisfied(q int) {
	v := d.cq[q].vector
	for i := range d.cq {
		other := &d.cq[i]
		if i != q && other.size != 0 && other.interrupt && other.vector == v && !other.empty() {
			return
		}
	}
	d.MSIX().Clear(int(v))
	d.active &^= 1 << (v % 32)
	d.drive()
}
