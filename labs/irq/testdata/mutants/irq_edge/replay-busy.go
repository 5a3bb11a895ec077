// Fails: an edge that comes while the interrupt is disabled waits for enable_irq
// Misconception: a replay never meets a handler at work

package irq

import (
	"bothhalves/kernelsim/kernel/irq/irqabi"
)

// HandleEdge models handle_edge_irq (kernel/irq/chip.c): an edge of the
// interrupt has come to this processor, from the controller or sent once more
// by enable_irq, which is no other to you. The lock is not held when it is
// called, nor when it returns. Interrupts are off here, and on all other
// processors they may be on: once it is moved, the same interrupt can come to
// one of them while this function runs, and d is the same there.
func HandleEdge(d irqabi.Interrupt) {
	d.Lock()
	if d.InProgress() || d.Disabled() || !d.Requested() {
		if !d.InProgress() {
			d.Arrived()
		}
		d.SetPending(true)
		d.Mask()
		d.Ack()
		d.Unlock()
		return
	}
	d.Arrived()
	d.Count()
	d.Ack()
	for {
		if d.Pending() && !d.Disabled() {
			d.Unmask()
		}
		handleEvent(d)
		if !d.Pending() || d.Disabled() {
			break
		}
	}
	d.Unlock()
}

// handleEvent models handle_irq_event (kernel/irq/handle.c): the drivers'
// handlers are called once. Only your HandleEdge calls it, with the lock held;
// the lock is held when it returns, and not while the handlers run.
func handleEvent(d irqabi.Interrupt) {
	d.SetPending(false)
	d.SetInProgress(true)
	d.Unlock()
	d.RunActions()
	d.Lock()
	d.SetInProgress(false)
}
