package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
)

// A Handler is a driver's function for an interrupt (irq_handler_t): it says
// whether its device was the cause. Context: hard interrupt, IF clear.
type Handler func(c *cpu.CPU, n Number, dev any) Return

// An Action is one request (struct irqaction, include/linux/interrupt.h).
type Action struct {
	Handler Handler
	Dev     any // tells the actions of a shared line apart
	Name    string
	Flags   Flags
	next    *Action
	nameID  uint32 // of the trace
}

// A failure is what the next requests are to meet.
type failure struct {
	at  int // 1: the next one
	err *errno.Errno
}

// FailRequest makes the n-th request from now on fail with an error, once, as
// fault injection does (Documentation/fault-injection); 0 takes it back.
func FailRequest(c *cpu.CPU, n int, err *errno.Errno) { shared.Of(c).fail = failure{n, err} }

// Failing tells what FailRequest has left to do: how many requests ahead, and
// with what error.
func Failing(c *cpu.CPU) (n int, err *errno.Errno) {
	f := shared.Of(c).fail
	return f.at, f.err
}

// injected counts a request.
func injected(c *cpu.CPU) error {
	f := &shared.Of(c).fail
	if f.at == 0 {
		return nil
	}
	f.at--
	if f.at > 0 {
		return nil
	}
	return f.err
}

// Request models request_irq (kernel/irq/manage.c): from now on the handler is
// called when interrupt n comes. On a shared line dev tells the drivers apart.
// EINVAL for what makes no sense, ENOSYS where no chip is, EBUSY if the line's
// users do not agree, ENOSPC if there is no vector left; nothing is changed
// then. Context: process context; it may sleep.
func Request(c *cpu.CPU, n Number, h Handler, flags Flags, name string, dev any) error {
	if flags&Shared != 0 && (dev == nil || flags&NoAutoEnable != 0) ||
		flags&CondSuspend != 0 && (flags&Shared == 0 || flags&NoSuspend != 0) {
		return fmt.Errorf("irq: %s asks for interrupt %d with flags %#x that contradict each other, or shares it without a dev: %w", name, n, uint32(flags), errno.EINVAL)
	}
	d := ToDesc(c, n)
	switch {
	case d == nil:
		return fmt.Errorf("irq: %s asks for interrupt %d, which nobody may request: %w", name, n, errno.EINVAL)
	case h == nil:
		return fmt.Errorf("irq: %s asks for interrupt %d without a handler: %w", name, n, errno.EINVAL)
	}
	if err := injected(c); err != nil {
		return fmt.Errorf("irq: request_irq(%d, %s): injected fault: %w", n, name, err)
	}
	return d.setup(c, &Action{Handler: h, Dev: dev, Name: name, Flags: flags, nameID: c.Ring.Names().ID(name)})
}

// setup models __setup_irq.
func (d *Desc) setup(c *cpu.CPU, a *Action) error {
	if d.chip.Chip == (NoChip{}) {
		return fmt.Errorf("irq: interrupt %d has no chip: %w", d.IRQ, errno.ENOSYS)
	}
	if a.Flags&triggerFlags == 0 {
		a.Flags |= Flags(d.State & TriggerMask)
	}
	if d.chip.flags&OneShotSafe != 0 {
		a.Flags &^= OneShotFlag
	}
	t := sched.Current(c)
	d.request.Lock(t)
	defer d.request.Unlock(t)
	c = t.CPU()
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	end, err := d.join(c, a)
	if err != nil {
		return err
	}
	if d.action == nil {
		if err := d.first(c, a); err != nil {
			return err
		}
	}
	*end = a
	d.irqCount, d.irqsUnhandled = 0, 0
	d.registered = true
	return nil
}

// join looks whether those who have the line already agree, and finds the end
// of their list.
func (d *Desc) join(c *cpu.CPU, a *Action) (end **Action, err error) {
	end = &d.action
	if old := d.action; old != nil && !agree(old, a) {
		if a.Flags&ProbeShared == 0 {
			printk.Printk(c, printk.Err, "genirq: Flags mismatch irq %d. %08x (%s) vs. %08x (%s)",
				d.IRQ, uint32(a.Flags), a.Name, uint32(old.Flags), old.Name)
		}
		return nil, fmt.Errorf("irq: %s and %s do not agree how to share interrupt %d: %w", a.Name, old.Name, d.IRQ, errno.EBUSY)
	}
	for *end != nil {
		end = &(*end).next
	}
	return end, nil
}

// agree reports whether two actions can be on one line.
func agree(old, a *Action) bool {
	const same = triggerFlags | OneShotFlag | PerCPUFlag
	return old.Flags&a.Flags&Shared != 0 && (old.Flags^a.Flags)&same == 0
}

// first is what the first action of an interrupt brings with it: it is set up
// in hardware, and started.
func (d *Desc) first(c *cpu.CPU, a *Action) error {
	if trigger := a.Flags & triggerFlags; trigger != 0 {
		d.State = d.State&^TriggerMask | State(trigger)
	}
	if !d.Managed() {
		if err := Activate(c, &d.Data, false); err != nil {
			return err
		}
	}
	d.istate &^= AutoDetect | SpuriousDisabled | OneShot | Waiting
	d.Clear(InProgress)
	if a.Flags&PerCPUFlag != 0 {
		d.Set(PerCPU)
	}
	if a.Flags&NoBalance != 0 {
		d.Set(NoBalancing)
	}
	if a.Flags&NoAutoEnable != 0 {
		d.depth = 1
		return nil
	}
	d.startup(c, true)
	return nil
}

// Free models free_irq: dev's handler is not called any more, and has
// returned where it was running. The last one's interrupt is shut down. It
// returns the name; EINVAL, with Linux's warning, for one that is free
// already. Context: process context; it may sleep.
func Free(c *cpu.CPU, n Number, dev any) (name string, err error) {
	d := ToDesc(c, n)
	if d == nil {
		return "", fmt.Errorf("irq: no interrupt %d: %w", n, errno.EINVAL)
	}
	t := sched.Current(c)
	d.request.Lock(t)
	defer d.request.Unlock(t)
	c = t.CPU()
	flags := d.lock.LockIRQSave(c)
	a := d.unlink(dev)
	if a == nil {
		d.lock.UnlockIRQRestore(c, flags)
		printk.Printk(c, printk.Warning, "Trying to free already-free IRQ %d", n)
		return "", fmt.Errorf("irq: interrupt %d is free already, or another's: %w", n, errno.EINVAL)
	}
	last := d.action == nil
	if last {
		d.shutdown(c)
	}
	d.lock.UnlockIRQRestore(c, flags)
	d.synchronize(c)
	if last {
		flags := d.lock.LockIRQSave(c)
		Deactivate(c, &d.Data)
		d.lock.UnlockIRQRestore(c, flags)
	}
	return a.Name, nil
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
