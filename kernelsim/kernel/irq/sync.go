package irq

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
)

// SynchronizeHardIRQ models synchronize_hardirq (kernel/irq/manage.c): it
// waits until no processor is in the interrupt's handlers. False: one of its
// threads has something to do still. Called by such a handler it would wait
// for ever. Context: any, so long as no handler needs what the caller holds.
func SynchronizeHardIRQ(c *cpu.CPU, n Number) bool {
	d := ToDesc(c, n)
	if d == nil {
		return true
	}
	d.synchronize(c, false)
	return d.threadsActive == 0
}

// SynchronizeIRQ models synchronize_irq: what SynchronizeHardIRQ waits for,
// then for the chip, in which the interrupt may be under way, and for the
// threads. A message that is on its way through the bus it knows nothing of.
// Context: process context; it may sleep.
func SynchronizeIRQ(c *cpu.CPU, n Number) {
	d := ToDesc(c, n)
	if d == nil {
		return
	}
	t := sched.Current(c)
	d.synchronize(c, true)
	if t != nil {
		d.waitFor(t, func() bool { return d.threadsActive == 0 })
	}
}

// synchronize models __synchronize_hardirq: it spins until no processor is in
// the handlers and, where the chip is asked too, none has the interrupt before
// it.
func (d *Desc) synchronize(c *cpu.CPU, chip bool) {
	t := sched.Current(c)
	for busy := true; busy; {
		for d.has(InProgress) {
			c = on(t, c)
			c.Spend(cost.CPURelax)
		}
		c = on(t, c)
		flags := d.lock.LockIRQSave(c)
		busy = d.has(InProgress) || chip && d.activeInChip(c)
		d.lock.UnlockIRQRestore(c, flags)
	}
}

// on is where the caller runs now: a task may have been moved meanwhile.
func on(t *sched.Task, c *cpu.CPU) *cpu.CPU {
	if t == nil {
		return c
	}
	return t.CPU()
}

// activeInChip models __irq_get_irqchip_state: the first level that knows
// whether the interrupt is under way is asked.
func (d *Desc) activeInChip(c *cpu.CPU) bool {
	for data := &d.Data; data != nil; data = data.Parent {
		if data.chip.active != nil {
			return data.chip.active.Active(c, data)
		}
	}
	return false
}
