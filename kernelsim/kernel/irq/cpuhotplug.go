package irq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/printk"
)

// A MoveForcer level can end a move at once, though no interrupt has come the
// new way yet (irq_force_complete_move).
type MoveForcer interface {
	ForceCompleteMove(c *cpu.CPU, d *Data)
}

// MigrateAllOffThisCPU models irq_migrate_all_off_this_cpu (kernel/irq/
// cpuhotplug.c): all interrupts leave the calling processor, which is offline
// already, in the order of their numbers. Context: the dying processor's
// stopper, interrupts off everywhere.
func MigrateAllOffThisCPU(c *cpu.CPU) {
	for _, d := range shared.Of(c).descs {
		if d != nil {
			d.lock.Lock(c)
			d.migrate(c)
			d.lock.Unlock(c)
		}
	}
}

// migrate models migrate_one_irq. An interrupt that had to go where nobody
// wanted it ("no longer affine") is told of only where debug messages are on.
func (d *Desc) migrate(c *cpu.CPU) {
	if d.chip.setter == nil {
		return
	}
	d.forceCompleteMove(c)
	if d.has(PerCPU) || !d.has(Started) || !d.needsFixup(c) {
		d.fixupMovePending(c, false)
		return
	}
	to := d.Affinity
	if d.fixupMovePending(c, true) {
		to = d.pending // the last wish is not lost
	}
	aside := !d.has(MovePCNTXT) && !d.has(Masked)
	if aside {
		d.chip.Mask(c, &d.Data)
	}
	if !online(c, to) {
		if d.Managed() { // it belongs to processors that have all gone
			d.Set(ManagedShutdown)
			d.shutdownAndDeactivate(c)
			return
		}
		to = affinity.Online(c)
	}
	if err := d.doSetAffinity(c, to, false); err != nil {
		printk.Printk(c, printk.Warning, "IRQ%d: set affinity failed(%d).", d.IRQ, code(err))
	}
	if aside {
		d.chip.Unmask(c, &d.Data)
	}
}

// forceCompleteMove asks the level that can.
func (d *Desc) forceCompleteMove(c *cpu.CPU) {
	for data := &d.Data; data != nil; data = data.Parent {
		if f, ok := data.chip.Chip.(MoveForcer); ok {
			f.ForceCompleteMove(c, data)
		}
	}
}

// needsFixup models irq_needs_fixup: the interrupt goes to this processor, or,
// by somebody's mistake, to none that is online.
func (d *Desc) needsFixup(c *cpu.CPU) bool {
	m := d.Effective
	if m.Empty() {
		m = d.Affinity
	}
	if !m.Without(c.ID).Empty() && !online(c, m) {
		printk.Printk(c, printk.Warning, "Eff. affinity %s of IRQ %d contains only offline CPUs after offlining CPU %d", m, d.IRQ, c.ID)
		return true
	}
	return m.Has(c.ID)
}

// fixupMovePending models irq_fixup_move_pending: a move that waits is given
// up if its processors have all gone, or in any case if the caller makes it
// himself. It says whether the wish can still be fulfilled.
func (d *Desc) fixupMovePending(c *cpu.CPU, clear bool) bool {
	if !d.has(SetAffinityPending) {
		return false
	}
	alive := online(c, d.pending)
	if clear || !alive {
		d.Clear(SetAffinityPending)
	}
	return alive
}

// shutdownAndDeactivate models irq_shutdown_and_deactivate.
func (d *Desc) shutdownAndDeactivate(c *cpu.CPU) {
	d.shutdown(c)
	Deactivate(c, &d.Data)
}

// AffinityOnlineCPU models irq_affinity_online_cpu: processor n has come, and
// managed interrupts that belong to it start again. Context: cpuhp/N.
func AffinityOnlineCPU(c *cpu.CPU, n int) {
	for _, d := range shared.Of(c).descs {
		if d != nil {
			flags := d.lock.LockIRQSave(c)
			d.restore(c, n)
			d.lock.UnlockIRQRestore(c, flags)
		}
	}
}

// restore models irq_restore_affinity_of_irq. An interrupt that has one target
// stays where it is, unless that is an isolated processor and the one that has
// come is not.
func (d *Desc) restore(c *cpu.CPU, n int) {
	switch {
	case !d.Managed() || d.action == nil || d.chip.Chip == (NoChip{}) || !d.Affinity.Has(n):
	case d.has(ManagedShutdown):
		d.startup(c, true)
	case !d.has(SingleTarget) || d.leavesIsolation(c, n):
		_ = d.setAffinity(c, d.Affinity, false) // it stays then
	}
}

// leavesIsolation models hk_should_isolate.
func (d *Desc) leavesIsolation(c *cpu.CPU, n int) bool {
	keep, isolated := affinity.Housekeeping(c)
	return isolated && !d.Effective.Subset(keep) && keep.Has(n)
}

// RetriggerDesc lets an interrupt's chip make it come once more (irq_retrigger);
// false if it cannot.
func RetriggerDesc(c *cpu.CPU, d *Desc) bool {
	d.lock.Lock(c)
	defer d.lock.Unlock(c)
	if d.chip.trigger == nil {
		return false
	}
	d.chip.trigger.Retrigger(c, &d.Data)
	return true
}
