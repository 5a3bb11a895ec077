package irq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
)

// Of so many interrupts of a line no more may be unhandled: else nobody cares
// for the line, and it would come for ever.
const (
	lookAt   = 100_000
	tolerate = 99_900
)

// A watch is what note_interrupt keeps of one interrupt.
type watch struct {
	account       irqabi.Account
	lastUnhandled uint64 // in jiffies
	// deferring (SPURIOUS_DEFERRED): whether an interrupt was handled is seen
	// when the next one comes, by whether a thread has handled one since:
	// threadsLast is how many it were then (threads_handled_last).
	deferring   bool
	threadsLast int
}

// A detector is what is common to all interrupts (kernel/irq/spurious.c).
type detector struct {
	off     bool // noirqdebug
	fixup   int  // irqfixup: 1 looks for misrouted interrupts, 2 asks more often
	polling int  // irq_poll_active
	pollCPU int  // irq_poll_cpu
	warned  bool
	bogus   int         // how often a bogus answer has been told of
	timer   timer.Timer // poll_spurious_irq_timer
}

var detectors = percpu.Shared[detector]("irq_poll_active")

// noteInterrupt models note_interrupt (kernel/irq/spurious.c): an interrupt
// that nobody wants, again and again, is switched off. Context: hard
// interrupt, without the descriptor's lock.
func (d *Desc) noteInterrupt(c *cpu.CPU, ret Return) {
	switch {
	case d.istate&PollInProgress != 0:
		return
	case ret > Handled|WakeThread:
		d.reportBogus(c, ret)
		return
	case ret&WakeThread != 0:
		if ret = d.deferred(ret); ret == WakeThread {
			return
		}
	}
	if ret == None && d.parts.Note == nil {
		d.unhandled(c)
	}
	found := d.lookElsewhere(c, ret)
	if d.parts.Note != nil {
		d.notePart(c, ret, found)
		return
	}
	if found && ret == None {
		d.account.Unhandled--
	}
	d.tally(c, ret)
}

// deferred judges an interrupt for which a thread was woken. Whether the
// thread will handle it nobody knows yet, so it is the one before that is
// judged now; WakeThread where there was none.
func (d *Desc) deferred(ret Return) Return {
	switch {
	case ret != WakeThread: // a handler has handled it, whatever the thread says
		d.deferring = false
		return ret
	case !d.deferring:
		d.deferring = true
		return WakeThread
	case d.threadsHandled != d.threadsLast:
		d.threadsLast = d.threadsHandled
		return Handled
	}
	return None
}

// unhandled counts an interrupt that nobody wanted. A stray one now and then
// is no harm: after a tenth of a second the count begins anew.
func (d *Desc) unhandled(c *cpu.CPU) {
	if d.recent(c) {
		d.account.Unhandled++
	} else {
		d.account.Unhandled = 1
	}
}

// recent reports whether the last unhandled one was less than a tenth of a
// second ago, and notes that there is one now.
func (d *Desc) recent(c *cpu.CPU) bool {
	now := timer.Jiffies(c)
	recent := now <= d.lastUnhandled+uint64(sched.HZ(c)/10)
	d.lastUnhandled = now
	return recent
}

// tally counts the interrupts since the first unhandled one, and judges when
// there are enough of them.
func (d *Desc) tally(c *cpu.CPU, ret Return) {
	if d.account.Unhandled == 0 {
		return
	}
	d.account.Count++
	if d.account.Count < lookAt {
		return
	}
	d.account.Count = 0
	if d.account.Unhandled > tolerate {
		d.switchOff(c, ret)
	}
	d.account.Unhandled = 0
}

// switchOff tells that nobody cared, and disables the line. From now on its
// handlers are asked ten times a second, for those that share it and are
// innocent.
func (d *Desc) switchOff(c *cpu.CPU, ret Return) {
	d.report(c, ret)
	printk.Printk(c, printk.Emerg, "Disabling IRQ #%d", d.IRQ)
	d.istate |= SpuriousDisabled
	d.depth++
	d.disable(c, d.settings&DisableUnlazy != 0)
	armPoll(c)
}

// reportBogus models report_bad_irq: a hundred times, then no more.
func (d *Desc) reportBogus(c *cpu.CPU, ret Return) {
	const most = 100
	if t := detectors.Of(c); t.bogus < most {
		t.bogus++
		d.report(c, ret)
	}
}

// report models __report_bad_irq: what happened, how it came to that, and who
// was asked.
func (d *Desc) report(c *cpu.CPU, ret Return) {
	if ret > Handled|WakeThread {
		printk.Printk(c, printk.Err, "irq event %d: bogus return value %x", d.IRQ, uint8(ret))
	} else {
		printk.Printk(c, printk.Err, `irq %d: nobody cared (try booting with the "irqpoll" option)`, d.IRQ)
	}
	sched.DumpStack(c, printk.Warning)
	printk.Printk(c, printk.Err, "handlers:")
	flags := d.lock.LockIRQSave(c)
	defer d.lock.UnlockIRQRestore(c, flags)
	for a := d.action; a != nil; a = a.next {
		line := sched.Symbol(a.Handler)
		if a.Thread != nil {
			line += " threaded " + sched.Symbol(a.Thread)
		}
		printk.Printk(c, printk.Err, "%s", line)
	}
}

// adoptDetection is what noirqdebug means for an interrupt's first request.
func (d *Desc) adoptDetection(c *cpu.CPU) {
	if detectors.Of(c).off {
		d.settings |= NoDebugging
	}
}

// Spurious is what /proc/irq/N/spurious shows: irq_count, irqs_unhandled, and
// last_unhandled in jiffies.
func (d *Desc) Spurious() (irqabi.Account, uint64) { return d.account, d.lastUnhandled }

// notePart lets a part judge. To it an interrupt that was found elsewhere is a
// handled one.
func (d *Desc) notePart(c *cpu.CPU, ret Return, found bool) {
	if found && ret == None {
		ret = Handled
	}
	d.parts.Note(line{c, d}, irqabi.Return(ret))
}

// A line is an interrupt as a part sees it that judges.
type line struct {
	c *cpu.CPU
	d *Desc
}

var _ irqabi.Line = line{}

// Account is irq_count and irqs_unhandled.
func (l line) Account() *irqabi.Account { return &l.d.account }

// Recent looks at last_unhandled, and sets it.
func (l line) Recent() bool { return l.d.recent(l.c) }

// SwitchOff says that nobody cared, and disables the line.
func (l line) SwitchOff() { l.d.switchOff(l.c, None) }
