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

// A FlowHandler leads one interrupt from its vector to the drivers' handlers
// and tells its chip what it needs to hear (irq_flow_handler_t). Context: hard
// interrupt, IF clear.
type FlowHandler func(c *cpu.CPU, d *Desc)

// Handle models generic_handle_irq_desc: the vector has been looked up.
func Handle(c *cpu.CPU, d *Desc) { d.handle(c, d) }

// mayRun models irq_may_run: nobody else is in the handlers.
func (d *Desc) mayRun() bool { return !d.has(InProgress) }

// wanted is false of an interrupt without a handler, or disabled.
func (d *Desc) wanted() bool { return d.action != nil && !d.has(Disabled) }

// HandleEdge models handle_edge_irq (kernel/irq/chip.c). The acknowledgment
// comes before the handlers, because the next edge may come while they run. If
// it comes to another processor, that one masks it and leaves it to this one.
func HandleEdge(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	d.istate &^= Replay | Waiting
	if !d.mayRun() || !d.wanted() {
		d.istate |= Pending
		d.maskAck(c)
		d.lock.Unlock(c)
		return
	}
	d.count(c)
	d.chip.ack.Ack(c, &d.Data)
	for again := true; again; again = d.istate&Pending != 0 && !d.has(Disabled) {
		if d.action == nil {
			d.mask(c)
			break
		}
		if d.istate&Pending != 0 && !d.has(Disabled) {
			d.unmask(c)
		}
		d.handleEvent(c)
	}
	d.lock.Unlock(c)
}

// HandleFastEOI models handle_fasteoi_irq (kernel/irq/chip.c). The chip holds
// the line back by itself until it hears the end of interrupt.
func HandleFastEOI(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	switch {
	case !d.mayRun():
	case !d.wanted():
		d.istate = d.istate&^(Replay|Waiting) | Pending
		d.mask(c)
	default:
		d.istate &^= Replay | Waiting
		d.count(c)
		d.handleEvent(c)
	}
	d.chip.eoi.EOI(c, &d.Data)
	d.lock.Unlock(c)
}

// HandleLevel models handle_level_irq (kernel/irq/chip.c): the line stays
// masked while the handlers run, because it is active until they have served
// the device.
func HandleLevel(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	d.maskAck(c)
	switch {
	case !d.mayRun():
	case !d.wanted():
		d.istate = d.istate&^(Replay|Waiting) | Pending
	default:
		d.istate &^= Replay | Waiting
		d.count(c)
		d.handleEvent(c)
		if !d.has(Disabled) {
			d.unmask(c)
		}
	}
	d.lock.Unlock(c)
}

// HandleBad models handle_bad_irq: an interrupt that nobody has set up.
func HandleBad(c *cpu.CPU, d *Desc) {
	printk.Printk(c, printk.Crit, "unexpected IRQ trap at vector %02x", int(d.IRQ))
	d.count(c)
	if d.chip.ack != nil {
		d.chip.ack.Ack(c, &d.Data)
	}
}

// count models kstat_incr_irqs_this_cpu.
func (d *Desc) count(c *cpu.CPU) {
	d.counts[c.ID]++
	d.total++
}

// handleEvent models handle_irq_event: the drivers' handlers run without the
// descriptor's lock. Whoever finds the interrupt in progress leaves it.
func (d *Desc) handleEvent(c *cpu.CPU) {
	d.istate &^= Pending
	d.Set(InProgress)
	d.lock.Unlock(c)
	d.noteInterrupt(c, d.runActions(c))
	d.lock.Lock(c)
	d.Clear(InProgress)
}

// runActions models __handle_irq_event_percpu: every action is asked, and
// their answers are combined.
func (d *Desc) runActions(c *cpu.CPU) (all Return) {
	for a := d.action; a != nil; a = a.next {
		before := preempt.Count(c)
		sched.Record(c, trace.IRQHandlerEntry, uint32(d.IRQ), a.nameID, 0, 0)
		res := a.Handler(c, d.IRQ, a.Dev)
		sched.Record(c, trace.IRQHandlerExit, uint32(d.IRQ), uint32(min(res, 1)), 0, 0)
		if c.IF() || preempt.Count(c) != before {
			d.looksBack(c, a, before)
		}
		all |= res
	}
	return all
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
