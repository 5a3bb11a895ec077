package blkmq

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/softirq"
)

// A doneList is the requests that are to end in a processor's BLOCK_SOFTIRQ.
// The one that is being worked off lends its room to the next.
type doneList struct{ list, spare []*Request }

// done is the per-CPU variable blk_cpu_done.
var done = percpu.New[doneList]("blk_cpu_done")

// Init models blk_mq_init. Context: boot.
func Init(c *cpu.CPU) { softirq.Open(c, softirq.Block, doneSoftIRQ) }

// add models llist_add: it reports whether the list was empty.
func (d *doneList) add(r *Request) (first bool) {
	d.list = append(d.list, r)
	return len(d.list) == 1
}

// raise models blk_mq_raise_softirq: the first in this CPU's list raises the
// softirq, those behind it find it raised.
func raise(c *cpu.CPU, r *Request) {
	preempt.Disable(c)
	c.Spend(cost.AtomicRMW)
	if done.Raw(c).add(r) {
		softirq.Raise(c, softirq.Block)
	}
	preempt.Enable(c)
}

// hand models blk_mq_complete_send_ipi: the first in a CPU's list sends the
// interrupt, those behind it find it under way.
func (d *Disk) hand(c *cpu.CPU, r *Request) {
	c.Spend(cost.AtomicRMW)
	d.Stats[c.ID].Handed++
	if done.On(c, r.CPU).add(r) {
		apic.CallAsync(c, r.CPU, &r.csd)
	}
}

// raiseBlock models __blk_mq_complete_request_remote: the requests end when
// this interrupt does. Context: hard interrupt.
func raiseBlock(c *cpu.CPU) { softirq.RaiseBit(c, softirq.Block) }

// doneSoftIRQ models blk_done_softirq.
func doneSoftIRQ(c *cpu.CPU) { done.Raw(c).complete(c) }

// complete models blk_complete_reqs: what stands in the list ends, in the order
// of its coming. What comes meanwhile has raised the softirq again.
func (d *doneList) complete(c *cpu.CPU) {
	batch := d.list
	d.list = d.spare[:0]
	for i, r := range batch {
		batch[i] = nil
		r.HW.disk.end(c, r)
	}
	d.spare = batch[:0]
}

// CPUDead models blk_softirq_cpu_dead: what processor n has left, this one
// ends. Context: process context.
func CPUDead(c *cpu.CPU, n int) { done.On(c, n).complete(c) }
