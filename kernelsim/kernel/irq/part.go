package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
)

// Parts are the replaceable parts of the layer. What is nil is the default.
type Parts struct {
	Edge irqabi.Edge
	Walk irqabi.Walk
	Note irqabi.Note
}

// Plug puts a machine's parts in. Context: once, before EarlyInit.
func Plug(c *cpu.CPU, p Parts) { shared.Of(c).parts = p }

// A view is an interrupt on the processor where it came.
type view struct {
	c *cpu.CPU
	d *Desc
}

var _ irqabi.Interrupt = view{}

// edgePart lets a part lead an edge, and looks at what it leaves behind.
func (d *Desc) edgePart(c *cpu.CPU) {
	before := preempt.Count(c)
	d.parts.Edge(view{c, d})
	if after := preempt.Count(c); after != before {
		oops.Raise(oops.Report{Rule: "preempt_count leak", CPU: c.ID,
			Title: fmt.Sprintf("huh, entered the flow of irq %d with preempt_count %08x, exited with %08x?", d.IRQ, before, after),
			Why:   "what was locked is unlocked on every way out, or the next one waits for ever"})
	}
}

// held models lockdep_assert_held for what a part does.
func (v view) held(what string) {
	if !v.d.lock.Locked() {
		oops.Raise(oops.Report{Rule: "lock not held", CPU: v.c.ID,
			Title: fmt.Sprintf("WARNING: irq %d: %s without desc->lock", v.d.IRQ, what),
			Why:   "another processor may be in the same flow: what is read without the lock may be false when it is used"})
	}
}

// Lock models raw_spin_lock, Unlock raw_spin_unlock.
func (v view) Lock() { v.d.lock.Lock(v.c) }

// Unlock models raw_spin_unlock.
func (v view) Unlock() { v.d.lock.Unlock(v.c) }

// Arrived clears IRQS_REPLAY and IRQS_WAITING.
func (v view) Arrived() {
	v.held("Arrived")
	v.d.istate &^= Replay | Waiting
}

// InProgress is IRQD_IRQ_INPROGRESS.
func (v view) InProgress() bool {
	v.held("InProgress")
	return v.d.has(InProgress)
}

// SetInProgress sets or clears it.
func (v view) SetInProgress(on bool) {
	v.held("SetInProgress")
	if on {
		v.d.Set(InProgress)
	} else {
		v.d.Clear(InProgress)
	}
}

// Pending is IRQS_PENDING.
func (v view) Pending() bool {
	v.held("Pending")
	return v.d.istate&Pending != 0
}

// SetPending sets or clears it.
func (v view) SetPending(on bool) {
	v.held("SetPending")
	v.d.istate &^= Pending
	if on {
		v.d.istate |= Pending
	}
}

// Disabled is IRQD_IRQ_DISABLED.
func (v view) Disabled() bool { return v.d.has(Disabled) }

// Requested reports whether there is an action.
func (v view) Requested() bool { return v.d.action != nil }

// Masked is IRQD_IRQ_MASKED.
func (v view) Masked() bool { return v.d.has(Masked) }

// Mask models mask_irq.
func (v view) Mask() {
	v.held("Mask")
	v.d.mask(v.c)
}

// Unmask models unmask_irq.
func (v view) Unmask() {
	v.held("Unmask")
	v.d.unmask(v.c)
}

// Ack calls the chip's irq_ack.
func (v view) Ack() {
	v.held("Ack")
	v.d.chip.ack.Ack(v.c, &v.d.Data)
}

// Count models kstat_incr_irqs_this_cpu.
func (v view) Count() {
	v.held("Count")
	v.d.count(v.c)
}

// RunActions models handle_irq_event_percpu.
func (v view) RunActions() { v.d.noteInterrupt(v.c, v.d.runActions(v.c)) }

// walk lets a part ask the actions.
func (d *Desc) walk(c *cpu.CPU) Return {
	if d.action == nil {
		return Return(d.parts.Walk(nil))
	}
	return Return(d.parts.Walk(request{c, d, d.action}))
}

// A request is an action on the processor where its interrupt came.
type request struct {
	c *cpu.CPU
	d *Desc
	a *Action
}

var _ irqabi.Action = request{}

// Next is the request that came after this one.
func (r request) Next() irqabi.Action {
	if r.a.next == nil {
		return nil
	}
	return request{r.c, r.d, r.a.next}
}

// Call calls the handler.
func (r request) Call() irqabi.Return { return irqabi.Return(r.d.call(r.c, r.a)) }

// Wake models __irq_wake_thread.
func (r request) Wake() { r.d.wakeThread(r.c, r.a) }
