package irq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
)

// An AffinityNotify is told where an interrupt may go now, each time that it
// changes (struct irq_affinity_notify, include/linux/interrupt.h).
type AffinityNotify struct {
	// Notify gets the new mask. Context: process context.
	Notify func(t *sched.Task, n *AffinityNotify, m Mask)
	// Release is called when nobody needs the notifier any more.
	Release func(n *AffinityNotify)
}

// SetAffinityNotifier models irq_set_affinity_notifier (kernel/irq/manage.c).
func SetAffinityNotifier(c *cpu.CPU, n Number, notify *AffinityNotify) error { return errno.ENOSYS }
