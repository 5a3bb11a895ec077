package irq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/printk"
)

// A FlowHandler leads one interrupt from its vector to the drivers' handlers
// and tells its chip what it needs to hear (irq_flow_handler_t). Context: hard
// interrupt, IF clear.
type FlowHandler func(c *cpu.CPU, d *Desc)

// Handle models generic_handle_irq_desc: the vector has been looked up.
func Handle(c *cpu.CPU, d *Desc) { d.handle(c, d) }

// mayRun models irq_may_run: nobody else is in the handlers. A poll is
// somebody whose end is worth waiting for. Nothing sleeps here, so no
// interrupt is one that wakes (IRQD_WAKEUP_ARMED).
func (d *Desc) mayRun(c *cpu.CPU) bool {
	return !d.has(InProgress) || d.istate&PollInProgress != 0 && d.waitForPoll(c)
}

// wanted is false of an interrupt without a handler, or disabled.
func (d *Desc) wanted() bool { return d.action != nil && !d.has(Disabled) }

// HandleEdge models handle_edge_irq (kernel/irq/chip.c). The acknowledgment
// comes before the handlers, because the next edge may come while they run. If
// it comes to another processor, that one masks it and leaves it to this one.
func HandleEdge(c *cpu.CPU, d *Desc) {
	if d.parts.Edge != nil {
		d.edgePart(c)
		return
	}
	d.lock.Lock(c)
	d.istate &^= Replay | Waiting
	if !d.mayRun(c) || !d.wanted() {
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
// the line back by itself until it hears the end of interrupt; where threads
// are to go on with the work it is masked too, until they have. An interrupt
// that comes while the handlers run is ended and forgotten: a level will come
// again.
func HandleFastEOI(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	switch {
	case !d.mayRun(c):
		d.endUnhandled(c)
	case !d.wanted():
		d.istate = d.istate&^(Replay|Waiting) | Pending
		d.mask(c)
		d.endUnhandled(c)
	default:
		d.istate &^= Replay | Waiting
		d.count(c)
		if d.istate&OneShot != 0 {
			d.mask(c)
		}
		d.handleEvent(c)
		d.condUnmaskEOI(c)
	}
	d.lock.Unlock(c)
}

// endUnhandled is the end of interrupt of one that was not for the handlers.
func (d *Desc) endUnhandled(c *cpu.CPU) {
	if d.chip.flags&EOIIfHandled == 0 {
		d.chip.eoi.EOI(c, &d.Data)
	}
}

// condUnmaskEOI models cond_unmask_eoi_irq: if no thread was woken the line is
// free now, else the last thread frees it.
func (d *Desc) condUnmaskEOI(c *cpu.CPU) {
	switch {
	case d.istate&OneShot == 0:
		d.chip.eoi.EOI(c, &d.Data)
	case d.canUnmask():
		d.chip.eoi.EOI(c, &d.Data)
		d.unmask(c)
	case d.chip.flags&EOIThreaded == 0:
		d.chip.eoi.EOI(c, &d.Data)
	}
}

// canUnmask reports whether the line is masked for the sake of its handlers
// alone, and those are through.
func (d *Desc) canUnmask() bool {
	return !d.has(Disabled) && d.has(Masked) && d.threadsOneshot == 0
}

// HandleLevel models handle_level_irq (kernel/irq/chip.c): the line stays
// masked while the handlers run, because it is active until they have served
// the device.
func HandleLevel(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	d.maskAck(c)
	switch {
	case !d.mayRun(c):
	case !d.wanted():
		d.istate = d.istate&^(Replay|Waiting) | Pending
	default:
		d.istate &^= Replay | Waiting
		d.count(c)
		d.handleEvent(c)
		if d.canUnmask() { // cond_unmask_irq
			d.unmask(c)
		}
	}
	d.lock.Unlock(c)
}

// HandleSimple models handle_simple_irq (kernel/irq/chip.c): no chip needs to
// hear anything, as where another interrupt's handler has found out that it is
// this one.
func HandleSimple(c *cpu.CPU, d *Desc) {
	d.lock.Lock(c)
	switch {
	case !d.mayRun(c):
	case !d.wanted():
		d.istate = d.istate&^(Replay|Waiting) | Pending
	default:
		d.istate &^= Replay | Waiting
		d.count(c)
		d.handleEvent(c)
	}
	d.lock.Unlock(c)
}

// HandlePerCPU models handle_percpu_irq (kernel/irq/chip.c): each processor
// has this interrupt for itself, so there is nobody to lock out, and no total
// to keep.
func HandlePerCPU(c *cpu.CPU, d *Desc) {
	d.counts[c.ID]++
	if d.chip.ack != nil {
		d.chip.ack.Ack(c, &d.Data)
	}
	d.handleEventPerCPU(c)
	if d.chip.eoi != nil {
		d.chip.eoi.EOI(c, &d.Data)
	}
}

// HandleBad models handle_bad_irq (kernel/irq/handle.c) and ack_bad_irq
// (arch/x86/kernel/irq.c): an interrupt that nobody has set up. It is ended all
// the same, or it would hold back all those of its class.
func HandleBad(c *cpu.CPU, d *Desc) {
	d.count(c)
	printk.Printk(c, printk.Err, "unexpected IRQ trap at vector %02x", int(d.IRQ))
	apic.EOI(c)
}
