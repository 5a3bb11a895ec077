package irq

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
)

// NoDetection models noirqdebug_setup (kernel/irq/spurious.c), the parameter
// noirqdebug: no line is ever switched off. Context: boot.
func NoDetection(c *cpu.CPU) {
	detectors.Of(c).off = true
	printk.Printk(c, printk.Info, "IRQ lockup detection disabled")
}

// FixMisrouted models irqfixup_setup, the parameter irqfixup: an interrupt
// that nobody wants may belong to another line, whose handlers are asked.
// Context: boot.
func FixMisrouted(c *cpu.CPU) {
	detectors.Of(c).fixup = 1
	printk.Printk(c, printk.Warning, "Misrouted IRQ fixup support enabled.")
	printk.Printk(c, printk.Warning, "This may impact system performance.")
}

// PollMisrouted models irqpoll_setup, the parameter irqpoll: they are asked at
// every interrupt of the timer too. Context: boot.
func PollMisrouted(c *cpu.CPU) {
	detectors.Of(c).fixup = 2
	printk.Printk(c, printk.Warning, "Misrouted IRQ fixup and polling support enabled")
	printk.Printk(c, printk.Warning, "This may significantly impact system performance")
}

// lookElsewhere models try_misrouted_irq and misrouted_irq: true if the
// handlers of another line have found something to do.
func (d *Desc) lookElsewhere(c *cpu.CPU, ret Return) bool {
	if t := detectors.Of(c); t.fixup > 0 && (ret == None || t.fixup > 1 && d.asksOthers()) {
		return t.askAll(c, d)
	}
	return false
}

// asksOthers reports whether an interrupt is a chance to ask the others too,
// though it is handled itself.
func (d *Desc) asksOthers() bool {
	return d.IRQ == 0 || d.action != nil && d.action.Flags&IRQPoll != 0
}

// askAll asks the handlers of all lines but one, and but the timer's.
func (t *detector) askAll(c *cpu.CPU, but *Desc) (found bool) {
	t.polling++
	defer func() { t.polling-- }()
	if t.polling != 1 {
		return false
	}
	t.pollCPU = c.ID
	for _, d := range shared.Of(c).descs {
		if d != nil && d.IRQ != 0 && d != but && d.try(c, false) {
			found = true
		}
	}
	return found
}

// try models try_one_irq: the handlers of a line that is shared are asked
// whether there is something to do; of a disabled one only where force says
// so. Context: interrupts off.
func (d *Desc) try(c *cpu.CPU, force bool) (found bool) {
	const never = PerCPUSetting | NestedThread
	d.lock.Lock(c)
	defer d.lock.Unlock(c)
	switch a := d.action; {
	case d.settings&never != 0, d.has(Disabled) && !force:
		return false
	case a == nil, a.Flags&Shared == 0, a.Flags&timerFlag != 0:
		return false
	case d.has(InProgress): // who is in the handlers shall ask them once more
		d.istate |= Pending
		return false
	}
	d.istate |= PollInProgress
	for again := true; again; again = d.istate&Pending != 0 && d.action != nil {
		if d.handleEvent(c) == Handled {
			found = true
		}
	}
	d.istate &^= PollInProgress
	return found
}

// timerFlag is __IRQF_TIMER: the request is that of the clock.
const timerFlag = Timer &^ (NoSuspend | NoThread)

// armPoll models mod_timer of poll_spurious_irq_timer: a tenth of a second
// from now, even if it waits already.
func armPoll(c *cpu.CPU) {
	t := detectors.Of(c)
	if !t.timer.Ready() {
		timer.Setup(&t.timer, "poll_spurious_irqs", pollSpurious)
	}
	timer.Mod(c, &t.timer, timer.Jiffies(c)+uint64(sched.HZ(c)/10))
}

// pollSpurious models poll_spurious_irqs: it asks the handlers of lines that
// were switched off, and comes again. Context: softirq.
func pollSpurious(c *cpu.CPU, _ *timer.Timer) {
	t := detectors.Of(c)
	t.polling++
	if t.polling == 1 {
		t.pollCPU = c.ID
		for _, d := range shared.Of(c).descs {
			if d != nil && d.IRQ != 0 && d.istate&SpuriousDisabled != 0 {
				c.CLI()
				d.try(c, true)
				c.STI()
			}
		}
	}
	t.polling--
	armPoll(c)
}

// waitForPoll models irq_wait_for_poll: the handlers are being asked by a poll
// on another processor, whose end is waited for. True: they may run here
// afterwards. On the poll's own processor that would last for ever. Context:
// under the descriptor's lock.
func (d *Desc) waitForPoll(c *cpu.CPU) bool {
	if t := detectors.Of(c); t.pollCPU == c.ID {
		if !t.warned {
			t.warned = true
			complain(c, "irq poll in progress on cpu %d for irq %d", c.ID, d.IRQ)
		}
		return false
	}
	for again := true; again; again = d.has(InProgress) {
		d.lock.Unlock(c)
		for d.has(InProgress) {
			c.Spend(cost.CPURelax)
		}
		d.lock.Lock(c)
	}
	return !d.has(Disabled) && d.action != nil
}
