package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
)

// Free models free_irq (kernel/irq/manage.c): dev's handler is not called any
// more, and has returned where it was running, as has its thread's function.
// The last one's interrupt is shut down. It returns the name; EINVAL, with
// Linux's warning, for one that is free already. Context: process context; it
// may sleep.
func Free(c *cpu.CPU, n Number, dev any) (name string, err error) {
	d, err := global(c, n)
	if err != nil {
		return "", err
	}
	d.dropNotifier(c)
	if preempt.InInterrupt(c) {
		complain(c, "Trying to free IRQ %d from IRQ context!", n)
	}
	t := sched.Current(c)
	d.request.Lock(t)
	defer d.request.Unlock(t)
	a := d.release(t.CPU(), dev)
	if a == nil {
		return "", fmt.Errorf("irq: interrupt %d is free already, or another's: %w", n, errno.EINVAL)
	}
	d.synchronize(t.CPU(), true)
	a.stopThreads(t)
	if d.action == nil {
		c = t.CPU()
		flags := d.lock.LockIRQSave(c)
		Deactivate(c, &d.Data)
		d.lock.UnlockIRQRestore(c, flags)
	}
	return a.Name, nil
}

// release takes dev's action off the list, and stops the interrupt if it was
// the last one; nil, with a warning, if dev has none.
func (d *Desc) release(c *cpu.CPU, dev any) *Action {
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	a := d.unlink(dev)
	if a == nil {
		complain(c, "Trying to free already-free IRQ %d", d.IRQ)
		return nil
	}
	if d.action == nil {
		d.settings &^= DisableUnlazy
		d.shutdown(c)
	}
	d.dropHint(c)
	return a
}

// unlink takes dev's action off the list; nil if it has none.
func (d *Desc) unlink(dev any) *Action {
	for at := &d.action; *at != nil; at = &(*at).next {
		if a := *at; a.Dev == dev {
			*at = a.next
			return a
		}
	}
	return nil
}
