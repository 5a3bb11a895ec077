// Package irqabi is what the replaceable parts of the interrupt layer and the
// layer itself say to each other. Nothing here acts. Each part is the seam of
// a lab task.
package irqabi

// A Return is a handler's answer (irqreturn_t, include/linux/irqreturn.h).
type Return uint8

// The answers. Several are combined as bits.
const (
	None       Return = 0 // it was not this device
	Handled    Return = 1
	WakeThread Return = 2
)

// An Interrupt is one interrupt as its flow handler sees it, on the processor
// where it has just come (struct irq_desc, include/linux/irqdesc.h). All but
// RunActions need the lock.
type Interrupt interface {
	// Lock and Unlock are raw_spin_lock and raw_spin_unlock of desc->lock.
	Lock()
	Unlock()
	// Arrived clears IRQS_REPLAY and IRQS_WAITING: what was sent once more is
	// here, so it may be sent once more again.
	Arrived()
	// InProgress is IRQD_IRQ_INPROGRESS.
	InProgress() bool
	SetInProgress(on bool)
	// Pending is IRQS_PENDING.
	Pending() bool
	SetPending(on bool)
	// Disabled is IRQD_IRQ_DISABLED, and Requested whether there is a
	// handler (desc->action).
	Disabled() bool
	Requested() bool
	// Masked is IRQD_IRQ_MASKED; Mask and Unmask are mask_irq and unmask_irq,
	// which leave a chip alone that is so already.
	Masked() bool
	Mask()
	Unmask()
	// Ack is the chip's irq_ack.
	Ack()
	// Count is kstat_incr_irqs_this_cpu: one more in /proc/interrupts.
	Count()
	// RunActions is handle_irq_event_percpu: it calls the drivers' handlers.
	// They take their time, and the lock must not be held meanwhile.
	RunActions()
}

// An Edge models handle_edge_irq (kernel/irq/chip.c). Context: hard interrupt,
// IF clear. This is the seam of the lab task irq-edge.
type Edge func(d Interrupt)

// An Action is one request of an interrupt (struct irqaction, include/linux/
// interrupt.h).
type Action interface {
	// Next is the request that came after this one; nil behind the last.
	Next() Action
	// Call calls the driver's handler.
	Call() Return
	// Wake is __irq_wake_thread: the driver's thread has something to do. An
	// action without a thread gets a warning in the log.
	Wake()
}

// A Walk models __handle_irq_event_percpu (kernel/irq/handle.c): it asks the
// actions, of which first is the first, and combines their answers. Context:
// hard interrupt, without the descriptor's lock. This is one half of the seam
// of the lab task irq-shared.
type Walk func(first Action) Return

// A Line is an interrupt of which note_interrupt keeps account.
type Line interface {
	// Account is irq_count and irqs_unhandled of the descriptor.
	Account() *Account
	// Recent reports whether the last unhandled interrupt was less than a
	// tenth of a second ago, and notes that there is one now
	// (last_unhandled).
	Recent() bool
	// SwitchOff says that nobody cared, and disables the line.
	SwitchOff()
}

// An Account is what a descriptor remembers of interrupts that nobody wanted.
type Account struct {
	Count     int // irq_count: of 100,000
	Unhandled int // irqs_unhandled
}

// A Note models note_interrupt (kernel/irq/spurious.c) from where it is known
// whether anybody has handled the interrupt. Context: hard interrupt, without
// the descriptor's lock. This is the other half of the seam of irq-shared.
type Note func(l Line, ret Return)
