package vector

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/printk"
)

// FixupIRQs models fixup_irqs (arch/x86/kernel/irq.c): every interrupt leaves
// this processor, which is offline already. What reaches it within the next
// millisecond is sent on to where the interrupt has gone. Context: the dying
// processor's stopper, interrupts off.
func FixupIRQs(c *cpu.CPU) {
	irq.MigrateAllOffThisCPU(c)
	for range 1000 { // mdelay(1)
		c.Spend(cost.ProbeLoop)
	}
	table := vectorIRQ.Raw(c)
	for v := int(idt.MoveCleanup); v < idt.Entries; v++ {
		at := &table[v]
		if at.desc == nil {
			continue
		}
		again := apic.Requested(c, cpu.Vector(v)) && irq.RetriggerDesc(c, at.desc)
		*at = slot{once: again} // VECTOR_RETRIGGERED or VECTOR_UNUSED
	}
}

// Offline models lapic_offline (arch/x86/kernel/apic/vector.c).
func Offline(c *cpu.CPU) {
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	books(c).Offline(c.ID)
	l.UnlockIRQRestore(c, flags)
}

// CanUnplug models lapic_can_unplug_cpu: the other processors must have room
// for the vectors that would have to move there. ENOSPC if they have not; the
// log tells, and it tells too if promises could not be kept any more.
func CanUnplug(c *cpu.CPU) error {
	l := vectorLock.Of(c)
	flags := l.LockIRQSave(c)
	defer l.UnlockIRQRestore(c, flags)
	m := shared.Of(c).matrix
	move, free := m.Allocated(c.ID), m.Available(c.ID, true)
	if free < move {
		printk.Printk(c, printk.Warning, "CPU %d has %d vectors, %d available. Cannot disable CPU", c.ID, move, free)
		return fmt.Errorf("vector: %d vectors of CPU %d would have to move, and the others have %d free: free some interrupts first: %w", move, c.ID, free, errno.ENOSPC)
	}
	if promised := m.Reserved(); free < promised {
		printk.Printk(c, printk.Warning, "Reserved vectors %d > available %d. IRQ request may fail", promised, free)
	}
	return nil
}

// ForceCompleteMove models irq_force_complete_move: a move that has not been
// cleaned up would hold back the one that must follow now. No interrupt can
// come the old way any more, as all processors have waited with interrupts on
// before. Context: the dying processor's stopper, under the descriptor's lock.
func (lapicChip) ForceCompleteMove(c *cpu.CPU, data *irq.Data) {
	l := vectorLock.Of(c)
	l.Lock(c)
	defer l.Unlock(c)
	d, ok := data.ChipData.(*chipData)
	if !ok || d.prev == 0 || d.cpu != c.ID && d.prevCPU != c.ID {
		return
	}
	if d.moving {
		printk.Printk(c, printk.Warning, "IRQ fixup: irq %d move in progress, old vector %d", data.IRQ, d.prev)
	}
	d.freeMoved(c)
}

// Leftover describes what the vector domain holds, for tests that look
// whether something was lost: equal text means an equal state.
func Leftover(c *cpu.CPU) string {
	text := Debug(c)
	for _, p := range c.Peers {
		for v, at := range vectorIRQ.Raw(p) {
			if at.desc != nil {
				text += fmt.Sprintf("CPU %d vector %#x: irq %d\n", p.ID, v, at.desc.IRQ)
			}
		}
		for _, d := range *cleanup.Raw(p) {
			text += fmt.Sprintf("CPU %d has to clean up irq %d\n", p.ID, d.data.IRQ)
		}
	}
	return text
}
