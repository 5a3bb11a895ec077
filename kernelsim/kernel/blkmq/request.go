package blkmq

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
)

// Alloc models blk_mq_get_request: a request of the queue that belongs to the
// CPU that t runs on now. Where all of a queue's are in use, t sleeps until
// one is free, and may be on another CPU with another queue then; the next one
// who waits at the first queue is woken in its place. Context: process context.
func (d *Disk) Alloc(t *sched.Task) *Request {
	var waited *HW
	for {
		id := t.CPU().ID
		h := d.QueueOf(id)
		if waited != nil && waited != h && waited.available() {
			waited.wait.WakeUp(t.CPU()) // the wake-up was for a request that t leaves
		}
		if r := h.get(); r != nil {
			r.CPU = id
			return r
		}
		waited = h
		h.wait.EventExclusive(t, h.available)
	}
}

// get takes a request, nil if there is none (blk_mq_get_tag).
func (h *HW) get() *Request {
	if n := len(h.free); n > 0 {
		r := h.free[n-1]
		h.free = h.free[:n-1]
		return r
	}
	if h.made == h.depth {
		return nil
	}
	r := &Request{Tag: h.made, HW: h, csd: apic.CSD{Fn: raiseBlock}}
	h.made++
	return r
}

func (h *HW) available() bool { return len(h.free) > 0 || h.made < h.depth }

// Submit models blk_mq_submit_bio behind the allocation: the driver gets the
// request. Context: process context.
func (d *Disk) Submit(t *sched.Task, r *Request) {
	c := t.CPU()
	c.Spend(cost.BlockSubmit)
	c = t.CPU()
	preempt.Disable(c)
	d.Stats[r.CPU].Submitted++
	r.Status = 0
	d.ops.QueueRQ(c, r)
	preempt.Enable(c)
}

// Complete models blk_mq_complete_request: the driver has seen that the device
// is done with a request. It ends here; in BLOCK_SOFTIRQ if the disk has one
// queue for all processors, because then all its interrupts come to this one;
// or, if that is said to be better, in that of the CPU that submitted it.
// Context: hard interrupt, or a thread in its place.
func Complete(c *cpu.CPU, r *Request) {
	d := r.HW.disk
	switch {
	case r.HW.CPUs.Count() == 1:
		d.end(c, r)
	case d.needIPI(c, r):
		d.hand(c, r)
	case len(d.Queues) == 1:
		raise(c, r)
	default:
		d.end(c, r)
	}
}

// needIPI models blk_mq_complete_need_ipi: whether another CPU, the submitter's,
// is to end a request.
func (d *Disk) needIPI(c *cpu.CPU, r *Request) bool {
	if d.Affinity == 0 || d.forced || c.ID == r.CPU || d.Affinity == 1 && d.cache[c.ID] == d.cache[r.CPU] {
		return false
	}
	return sched.Online(c.Peers[r.CPU])
}

// end models blk_mq_end_request: the owner is told, then the request is free.
func (d *Disk) end(c *cpu.CPU, r *Request) {
	c.Spend(cost.BlockComplete)
	d.Stats[c.ID].Completed++
	if c.ID != r.CPU {
		d.Stats[r.CPU].Away++
	}
	if r.End != nil {
		r.End(c, r)
	}
	h := r.HW
	r.End, r.Owner = nil, nil
	h.free = append(h.free, r)
	if h.wait.Active() {
		h.wait.WakeUp(c)
	}
}
