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
	r := &Request{Tag: h.made, HW: h, csd: apic.CSD{Fn: h.disk.drain}}
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
// is done with a request. It ends here or, if that is said to be better, on the
// CPU that submitted it. Context: hard interrupt.
func Complete(c *cpu.CPU, r *Request) {
	if r.HW.CPUs.Count() > 1 && r.HW.disk.needIPI(c, r) {
		r.HW.disk.hand(c, r)
		return
	}
	r.HW.disk.end(c, r)
}

// needIPI models blk_mq_complete_need_ipi: whether another CPU, the submitter's,
// is to end a request.
func (d *Disk) needIPI(c *cpu.CPU, r *Request) bool {
	if d.Affinity == 0 || d.forced || c.ID == r.CPU || d.Affinity == 1 && d.cache[c.ID] == d.cache[r.CPU] {
		return false
	}
	return sched.Online(c.Peers[r.CPU])
}

// hand models blk_mq_complete_send_ipi: the first in a CPU's list sends the
// interrupt, those behind it find it under way.
func (d *Disk) hand(c *cpu.CPU, r *Request) {
	c.Spend(cost.AtomicRMW)
	d.Stats[c.ID].Handed++
	list := &d.done[r.CPU]
	*list = append(*list, r)
	if len(*list) == 1 {
		apic.CallAsync(c, r.CPU, &r.csd)
	}
}

// drain models blk_done_softirq for what hand has left to this CPU. In Linux
// the call raises BLOCK_SOFTIRQ, which runs when the call's interrupt ends.
// There are no softirqs yet, so it is done in the call itself.
func (d *Disk) drain(c *cpu.CPU) {
	list := &d.done[c.ID]
	for len(*list) > 0 {
		r := (*list)[0]
		*list = append((*list)[:0], (*list)[1:]...) // no room is lost at the front
		d.end(c, r)
	}
}

// end models blk_mq_end_request: the owner is told, then the request is free.
// A disk with one hardware queue ends requests in BLOCK_SOFTIRQ on the same CPU
// (blk_mq_raise_softirq): see drain.
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
