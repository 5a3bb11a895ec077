package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
)

// An AffinityNotify is told where an interrupt may go now, each time that it
// changes (struct irq_affinity_notify, include/linux/interrupt.h).
type AffinityNotify struct {
	// Notify gets the new mask. Context: process context.
	Notify func(t *sched.Task, n *AffinityNotify, m Mask)
	// Release is called when nobody needs the notifier any more. Context:
	// process context.
	Release func(n *AffinityNotify)

	irq  Number
	refs int
	work workqueue.Work
}

// IRQ is the interrupt that the notifier belongs to.
func (n *AffinityNotify) IRQ() Number { return n.irq }

// SetAffinityNotifier models irq_set_affinity_notifier (kernel/irq/manage.c):
// from now on notify is told when the interrupt's affinity changes; the one
// before is released. nil only releases. EINVAL for a number that nobody has.
// Context: process context.
func SetAffinityNotifier(c *cpu.CPU, n Number, notify *AffinityNotify) error {
	sched.MightSleep(sched.Current(c))
	d := ToDesc(c, n)
	if d == nil {
		return fmt.Errorf("irq: no interrupt %d: %w", n, errno.EINVAL)
	}
	if notify != nil {
		notify.irq, notify.refs = n, 1
		workqueue.Init(&notify.work, "irq_affinity_notify", notify.tell)
	}
	flags := d.lock.LockIRQSave(c)
	old := d.notify
	d.notify = notify
	d.lock.UnlockIRQRestore(c, flags)
	if old != nil {
		if workqueue.CancelSync(sched.Current(c), &old.work) {
			old.put()
		}
		old.put()
	}
	return nil
}

// tell models irq_affinity_notify.
func (n *AffinityNotify) tell(t *sched.Task, _ *workqueue.Work) {
	if d := ToDesc(t.CPU(), n.irq); d != nil {
		n.Notify(t, n, d.ShownAffinity())
	}
	n.put()
}

// put models kref_put.
func (n *AffinityNotify) put() {
	if n.refs--; n.refs == 0 && n.Release != nil {
		n.Release(n)
	}
}

// notifyAffinity is the end of irq_set_affinity_locked: the notifier is told
// later, because this may be an interrupt.
func (d *Desc) notifyAffinity(c *cpu.CPU) {
	n := d.notify
	if n == nil {
		return
	}
	n.refs++
	if !workqueue.Schedule(c, &n.work) {
		n.put() // the one that waits will tell
	}
}

// SetHint models irq_set_affinity_and_hint, and irq_set_affinity_hint of old:
// what the driver advises users of, and the affinity too. An empty mask takes
// the advice back.
func SetHint(c *cpu.CPU, n Number, m Mask) error {
	if err := UpdateHint(c, n, m); err != nil {
		return err
	}
	if !m.Empty() {
		_ = SetAffinity(c, n, m) // advice
	}
	return nil
}

// UpdateHint models irq_update_affinity_hint: the advice alone.
func UpdateHint(c *cpu.CPU, n Number, m Mask) error {
	d := ToDesc(c, n)
	if d == nil {
		return fmt.Errorf("irq: no interrupt %d: %w", n, errno.EINVAL)
	}
	flags := d.lock.LockIRQSave(c)
	d.hint = m
	d.lock.UnlockIRQRestore(c, flags)
	return nil
}

// Hint is the driver's advice (affinity_hint).
func (d *Desc) Hint() Mask { return d.hint }

// dropHint models the end of __free_irq: a driver that forgot its advice, whose
// mask may be gone soon, is warned.
func (d *Desc) dropHint(c *cpu.CPU) {
	if !d.hint.Empty() {
		warn(c, "kernel/irq/manage.c:1913 free_irq")
		d.hint = Mask{}
	}
}

// dropNotifier models the beginning of free_irq.
func (d *Desc) dropNotifier(c *cpu.CPU) {
	if d.notify != nil {
		warn(c, "kernel/irq/manage.c:2028 free_irq")
		d.notify = nil
	}
}

// warn is the first line of WARN_ON.
func warn(c *cpu.CPU, where string) {
	t := sched.Current(c)
	printk.Printk(c, printk.Warning, "WARNING: CPU: %d PID: %d at %s", c.ID, t.PID, where)
}
