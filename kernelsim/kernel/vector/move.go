package vector

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/trace"
)

// cleanup models cleanup_list: interrupts that have left this processor, and
// whose old vector it has to give back.
var cleanup = percpu.New[[]*chipData]("cleanup_list")

// completeMove models irq_complete_move: the first interrupt at the new place
// tells the old one to clean up. Context: hard interrupt.
func (d *chipData) completeMove(c *cpu.CPU) {
	if !d.moving || c.ID != d.cpu {
		return
	}
	d.sendCleanup(c)
}

// SendCleanup models send_cleanup_vector: nothing more can come the old way,
// though the first interrupt at the new place is not here yet.
func SendCleanup(c *cpu.CPU, data *irq.Data) {
	if d := dataOf(data); d.moving {
		d.sendCleanup(c)
	}
}

// sendCleanup models __send_cleanup_vector.
func (d *chipData) sendCleanup(c *cpu.CPU) {
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	d.moving = false
	if affinity.Online(c).Has(d.prevCPU) {
		list := cleanup.On(c, d.prevCPU)
		*list = slices.Insert(*list, 0, d) // hlist_add_head
		d.queued = true
		apic.Send(c, d.prevCPU, idt.MoveCleanup)
	} else {
		printk.Printk(c, printk.Warning, "IRQ %d schedule cleanup for offline CPU %d", d.data.IRQ, d.prevCPU)
		d.freeMoved(c)
	}
	l.UnlockIRQRestore(c, flags)
}

// Cleanup models sysvec_irq_move_cleanup behind its acknowledgment. Its
// vector is the lowest there is, so that what came the old way has been served
// before; what is still requested is looked at once more. Context: hard
// interrupt.
func Cleanup(c *cpu.CPU) {
	l := vectorLock.Of(c)
	l.Lock(c)
	list := cleanup.Raw(c)
	for _, d := range slices.Clone(*list) {
		if apic.Requested(c, d.prev) {
			apic.SendSelf(c, idt.MoveCleanup)
			continue
		}
		d.freeMoved(c)
	}
	l.Unlock(c)
}

// freeMoved models free_moved_vector.
func (d *chipData) freeMoved(c *cpu.CPU) {
	d.trace(c, trace.VectorFreeMoved, uint32(d.prev), uint32(d.prevCPU), bit(d.managed))
	books(c).Free(d.prevCPU, int(d.prev), d.managed)
	vectorIRQ.On(c, d.prevCPU)[d.prev] = slot{}
	d.unqueue(c)
	d.prev, d.moving = 0, false
}

// unqueue models hlist_del_init of the list.
func (d *chipData) unqueue(c *cpu.CPU) {
	if d.queued {
		list := cleanup.On(c, d.prevCPU)
		*list = slices.DeleteFunc(*list, func(o *chipData) bool { return o == d })
		d.queued = false
	}
}

// SetMSIAffinity models msi_set_affinity (arch/x86/kernel/apic/msi.c): address
// and data cannot change in one write, so a message that is in use goes to the
// new vector on this processor first, and from there to the new place.
func SetMSIAffinity(c *cpu.CPU, data *irq.Data, m irq.Mask, force bool) (done bool, err error) {
	d := dataOf(data)
	oldVector, oldCPU := d.cfgVector, d.cfgCPU
	if done, err = irq.SetAffinityParent(c, data, m, force); err != nil || done {
		return done, err
	}
	direct := data.Common.State&irq.CanReserve == 0 || data.Common.State&irq.Started == 0 ||
		d.cfgVector == oldVector || oldVector == Shutdown || d.cfgCPU == oldCPU || oldCPU != c.ID
	if direct {
		irq.WriteMessage(c, data, compose(c, d.cfgVector, d.cfgCPU))
		return false, nil
	}
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	if at := &vectorIRQ.Raw(c)[d.cfgVector]; at.desc == nil {
		at.once = true // VECTOR_RETRIGGERED
	}
	irq.WriteMessage(c, data, compose(c, d.cfgVector, oldCPU))
	irq.WriteMessage(c, data, compose(c, d.cfgVector, d.cfgCPU))
	l.UnlockIRQRestore(c, flags)
	if apic.Requested(c, d.cfgVector) {
		irq.RetriggerHierarchy(c, data)
	}
	return false, nil
}
