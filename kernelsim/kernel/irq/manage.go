package irq

import (
	"fmt"
	"math/bits"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
)

// A Handler is a driver's function for an interrupt (irq_handler_t): it says
// whether its device was the cause. Context: hard interrupt, IF clear.
type Handler func(c *cpu.CPU, n Number, dev any) Return

// An Action is one request (struct irqaction, include/linux/interrupt.h).
type Action struct {
	Handler Handler
	Thread  ThreadFn
	Dev     any // tells the actions of a shared line apart
	perCPU  PerCPUDev
	Name    string
	Flags   Flags
	next    *Action
	nameID  uint32 // of the trace

	byDefault   bool // the handler is irq_default_primary_handler
	second      bool // it is another action's secondary
	threadFlags threadFlag
	mask        uint64 // thread_mask: its bit of threadsOneshot
	thread      *sched.Task
	secondary   *Action
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

// NotConnected is IRQ_NOTCONNECTED: what firmware says of a device whose pin
// leads nowhere.
const NotConnected Number = 1 << 31

// Request models request_irq (kernel/irq/manage.c): from now on the handler is
// called when interrupt n comes. Errors are those of RequestThreaded.
func Request(c *cpu.CPU, n Number, h Handler, flags Flags, name string, dev any) error {
	return RequestThreaded(c, n, h, nil, flags, name, dev)
}

// RequestThreaded models request_threaded_irq: from now on the handler is
// called when interrupt n comes and, when it answers WakeThread, fn in a thread
// of its own; without a handler fn is called each time, and on most chips
// OneShotFlag must keep the line masked until it returns. On a shared line dev
// tells the drivers apart. EINVAL for what makes no sense, ENOTCONN for a pin
// that leads nowhere, ENOSYS where no chip is, EBUSY if the line's users do not
// agree, ENOSPC if there is no vector left; nothing is changed then. Context:
// process context; it may sleep.
func RequestThreaded(c *cpu.CPU, n Number, h Handler, fn ThreadFn, flags Flags, name string, dev any) error {
	d, err := requestable(c, n, flags, name, dev)
	switch {
	case err != nil:
		return err
	case h == nil && fn == nil:
		return fmt.Errorf("irq: %s asks for interrupt %d without a handler or a thread's function: %w", name, n, errno.EINVAL)
	}
	if err := injected(c); err != nil {
		return fmt.Errorf("irq: request_irq(%d, %s): injected fault: %w", n, name, err)
	}
	a := &Action{Handler: h, Thread: fn, Dev: dev, Name: name, Flags: flags, nameID: c.Ring.Names().ID(name)}
	if h == nil {
		a.Handler, a.byDefault = defaultPrimary, true
	}
	return d.setup(c, a)
}

// requestable finds an interrupt that drivers may request with such flags.
func requestable(c *cpu.CPU, n Number, flags Flags, name string, dev any) (*Desc, error) {
	if n == NotConnected {
		return nil, fmt.Errorf("irq: %s asks for an interrupt whose pin is not connected: %w", name, errno.ENOTCONN)
	}
	if flags&Shared != 0 && (dev == nil || flags&NoAutoEnable != 0) ||
		flags&CondSuspend != 0 && (flags&Shared == 0 || flags&NoSuspend != 0) {
		return nil, fmt.Errorf("irq: %s asks for interrupt %d with flags %#x that contradict each other, or shares it without a dev: %w", name, n, uint32(flags), errno.EINVAL)
	}
	d := ToDesc(c, n)
	if d == nil || d.settings&NoRequest != 0 {
		return nil, fmt.Errorf("irq: %s asks for interrupt %d, which nobody may request: %w", name, n, errno.EINVAL)
	}
	if d.settings&PerCPUDevID != 0 {
		complain(c, "irq %d has a device for each processor: request_percpu_irq requests it", n)
		return nil, fmt.Errorf("irq: %s asks for interrupt %d, which has a device for each processor: %w", name, n, errno.EINVAL)
	}
	return d, nil
}

// setup models __setup_irq.
func (d *Desc) setup(c *cpu.CPU, a *Action) error {
	switch {
	case d.chip.Chip == (NoChip{}):
		return fmt.Errorf("irq: interrupt %d has no chip: %w", d.IRQ, errno.ENOSYS)
	case d.settings&NestedThread != 0 && a.Thread == nil:
		return fmt.Errorf("irq: interrupt %d is handled by another one's thread, and %s has no function for it: %w", d.IRQ, a.Name, errno.EINVAL)
	}
	if a.Flags&triggerFlags == 0 {
		a.Flags |= Flags(d.State & TriggerMask)
	}
	d.arrangeThreads(c, a)
	if d.chip.flags&OneShotSafe != 0 {
		a.Flags &^= OneShotFlag
	}
	t := sched.Current(c)
	if err := d.install(t, a); err != nil {
		a.stopThreads(t)
		return err
	}
	d.startThread(t, a)
	d.startThread(t, a.secondary)
	d.registered = true
	return nil
}

// install is the part of __setup_irq that is locked.
func (d *Desc) install(t *sched.Task, a *Action) error {
	d.request.Lock(t)
	defer d.request.Unlock(t)
	c := t.CPU()
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	end, err := d.join(c, a)
	if err == nil && d.action == nil {
		err = d.first(c, a)
	}
	if err != nil {
		return err
	}
	shared := d.action != nil
	*end = a
	d.account = irqabi.Account{}
	if shared && d.istate&SpuriousDisabled != 0 { // another chance
		d.istate &^= SpuriousDisabled
		d.undisable(c)
	}
	return nil
}

// join looks whether those who have the line already agree, gives the action
// its bit, and finds the end of their list.
func (d *Desc) join(c *cpu.CPU, a *Action) (end **Action, err error) {
	var taken uint64
	end = &d.action
	if d.action != nil {
		if err := d.mayShare(c, a); err != nil {
			return nil, err
		}
	}
	for *end != nil {
		taken |= (*end).mask
		end = &(*end).next
	}
	if err := d.giveMask(c, a, taken); err != nil {
		return nil, err
	}
	if d.action != nil && !d.has(DefaultTriggerSet) { // what the second one says is the line's
		d.State = d.State&^TriggerMask | State(a.Flags&triggerFlags) | DefaultTriggerSet
	}
	return end, nil
}

// mayShare asks whether the action can be on the line with those before it.
func (d *Desc) mayShare(c *cpu.CPU, a *Action) error {
	const same = OneShotFlag | PerCPUFlag
	old := d.action
	if d.istate&NMI != 0 {
		printk.Printk(c, printk.Err, "genirq: Invalid attempt to share NMI for %s (irq %d) on irqchip %s.", a.Name, d.IRQ, d.ChipName())
		return fmt.Errorf("irq: interrupt %d comes as an NMI, which is not shared: %w", d.IRQ, errno.EINVAL)
	}
	trigger := !d.has(DefaultTriggerSet) || Flags(d.State&TriggerMask) == a.Flags&triggerFlags
	if trigger && old.Flags&a.Flags&Shared != 0 && (old.Flags^a.Flags)&same == 0 {
		return nil
	}
	if a.Flags&ProbeShared == 0 {
		printk.Printk(c, printk.Err, "genirq: Flags mismatch irq %d. %08x (%s) vs. %08x (%s)",
			d.IRQ, uint32(a.Flags), a.Name, uint32(old.Flags), old.Name)
	}
	return fmt.Errorf("irq: %s and %s do not agree how to share interrupt %d: %w", a.Name, old.Name, d.IRQ, errno.EBUSY)
}

// giveMask gives an action that keeps the line masked a bit to do it with.
// Without one a thread alone could not stop a level from coming at once again,
// and of an edge nobody can be sure.
func (d *Desc) giveMask(c *cpu.CPU, a *Action, taken uint64) error {
	switch {
	case a.Flags&OneShotFlag != 0 && taken == ^uint64(0):
		return fmt.Errorf("irq: interrupt %d has 64 oneshot actions: %w", d.IRQ, errno.EBUSY)
	case a.Flags&OneShotFlag != 0:
		a.mask = 1 << bits.TrailingZeros64(^taken)
	case a.byDefault && d.chip.flags&OneShotSafe == 0:
		printk.Printk(c, printk.Err, "genirq: Threaded irq requested with handler=NULL and !ONESHOT for %s (irq %d)", a.Name, d.IRQ)
		return fmt.Errorf("irq: %s has a thread alone and does not ask for interrupt %d with IRQF_ONESHOT: %w", a.Name, d.IRQ, errno.EINVAL)
	}
	return nil
}

// first is what the first action of an interrupt brings with it: it is set up
// in hardware, and started.
func (d *Desc) first(c *cpu.CPU, a *Action) error {
	if err := d.setTrigger(c, State(a.Flags&triggerFlags)); err != nil {
		return err
	}
	if !d.Managed() {
		if err := Activate(c, &d.Data, false); err != nil {
			return err
		}
	}
	d.istate &^= AutoDetect | SpuriousDisabled | OneShot | Waiting
	d.Clear(InProgress)
	d.adopt(c, a.Flags)
	if a.Flags&NoAutoEnable != 0 || d.settings&NoAutoEnabled != 0 {
		if a.Flags&Shared != 0 {
			complainOnce(c, sharedNoAutoEnable, "irq %d is shared and not enabled: who shares it would wait for ever", d.IRQ)
		}
		d.depth = 1
		return nil
	}
	d.startup(c, true)
	return nil
}

// adopt makes what the first action says a property of the interrupt.
func (d *Desc) adopt(c *cpu.CPU, f Flags) {
	if f&PerCPUFlag != 0 {
		d.Set(PerCPU)
		d.settings |= PerCPUSetting
		if f&NoDebug != 0 {
			d.settings |= NoDebugging
		}
	}
	d.adoptDetection(c)
	if f&OneShotFlag != 0 {
		d.istate |= OneShot
	}
	if f&NoBalance != 0 {
		d.Set(NoBalancing)
	}
}

// setTrigger models __irq_set_trigger. Most chips have nothing to set; then a
// wish is no more than that.
func (d *Desc) setTrigger(c *cpu.CPU, trigger State) error {
	if trigger == 0 || d.chip.typer == nil {
		return nil
	}
	again := false
	if d.chip.flags&SetTypeMasked != 0 {
		d.mask(c)
		again = !d.has(Disabled)
	}
	err := d.chip.typer.SetType(c, &d.Data, trigger)
	if err == nil {
		d.State = d.State&^(TriggerMask|Level) | trigger
		d.level = trigger&State(TriggerHigh|TriggerLow) != 0
		if d.level {
			d.Set(Level)
		}
	} else {
		printk.Printk(c, printk.Err, "genirq: Setting trigger mode %d for irq %d failed (%s)", int(trigger), d.IRQ, oops.Name(d.chip.typer.SetType))
	}
	if again {
		d.unmask(c)
	}
	return err
}
