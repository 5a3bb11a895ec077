package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// count models kstat_incr_irqs_this_cpu.
func (d *Desc) count(c *cpu.CPU) {
	d.counts[c.ID]++
	d.total++
}

// handleEvent models handle_irq_event (kernel/irq/handle.c): the drivers'
// handlers run without the descriptor's lock. Whoever finds the interrupt in
// progress leaves it.
func (d *Desc) handleEvent(c *cpu.CPU) Return {
	d.istate &^= Pending
	d.Set(InProgress)
	d.lock.Unlock(c)
	ret := d.handleEventPerCPU(c)
	d.lock.Lock(c)
	d.Clear(InProgress)
	return ret
}

// handleEventPerCPU models handle_irq_event_percpu.
func (d *Desc) handleEventPerCPU(c *cpu.CPU) Return {
	ret := d.runActions(c)
	if d.settings&NoDebugging == 0 {
		d.noteInterrupt(c, ret)
	}
	return ret
}

// runActions models __handle_irq_event_percpu: every action is asked, and
// their answers are combined.
func (d *Desc) runActions(c *cpu.CPU) (all Return) {
	if d.parts.Walk != nil {
		return d.walk(c)
	}
	for a := d.action; a != nil; a = a.next {
		res := d.call(c, a)
		if res == WakeThread {
			d.wakeThread(c, a)
		}
		all |= res
	}
	return all
}

// call runs one action's handler.
func (d *Desc) call(c *cpu.CPU, a *Action) Return {
	before := preempt.Count(c)
	sched.Record(c, trace.IRQHandlerEntry, uint32(d.IRQ), a.nameID, 0, 0)
	res := a.Handler(c, d.IRQ, a.Dev)
	sched.Record(c, trace.IRQHandlerExit, uint32(d.IRQ), uint32(min(res, 1)), 0, 0)
	if c.IF() || preempt.Count(c) != before {
		d.looksBack(c, a, before)
	}
	return res
}

// wakeThread models __irq_wake_thread: the action's thread has something to
// do. If it has not begun with the last thing yet, it will do both at once.
// Context: hard interrupt, the interrupt in progress; or the descriptor's lock.
func (d *Desc) wakeThread(c *cpu.CPU, a *Action) {
	switch {
	case a.thread == nil:
		d.warnNoThread(c, a)
	case a.thread.State == sched.Dead || a.did(runThread): // PF_EXITING
	default:
		a.threadFlags |= runThread
		d.threadsOneshot |= a.mask
		d.threadsActive++
		sched.WakeUpProcess(c, a.thread)
	}
}

// warnNoThread models warn_no_thread: once for each action.
func (d *Desc) warnNoThread(c *cpu.CPU, a *Action) {
	if !a.did(warned) {
		a.threadFlags |= warned
		printk.Printk(c, printk.Warning, "IRQ %d device %s returned IRQ_WAKE_THREAD but no thread function available.", d.IRQ, a.Name)
	}
}

// looksBack reports a handler that left something behind. Linux looks at
// interrupts here; the second finding is ours.
func (d *Desc) looksBack(c *cpu.CPU, a *Action, before uint32) {
	if c.IF() {
		oops.Raise(oops.Report{Rule: "IF left on", CPU: c.ID,
			Title: fmt.Sprintf("irq %d handler %s enabled interrupts", d.IRQ, oops.Name(a.Handler)),
			Lines: []string{"action: " + a.Name},
			Why:   "a hard interrupt's handler runs with interrupts off and must return so; who turned them off restores what was, not 'on'"})
	}
	oops.Raise(oops.Report{Rule: "preempt_count leak", CPU: c.ID,
		Title: fmt.Sprintf("huh, entered irq %d %s with preempt_count %08x, exited with %08x?", d.IRQ, a.Name, before, preempt.Count(c)),
		Lines: []string{"handler: " + oops.Name(a.Handler)},
		Why:   "what the handler disabled or locked it must enable or unlock before it returns"})
}
