// Fails: no edge is lost that comes to another processor
// Misconception: nobody has to take back a note that has been read

package irq

import (
	"bothhalves/kernelsim/kernel/irq/irqabi"
)

// HandleEdge models handle_edge_irq (kernel/irq/chip.c): an edge of the
// interrupt has come to this processor. Interrupts are off here, and on all
// other processors they may be on: the same interrupt can come to one of them
// while this function runs, and d is the same there.
func HandleEdge(d irqabi.Interrupt) {
	d.Lock()
	d.Arrived()
	if d.InProgress() || d.Disabled() || !d.Requested() {
		d.SetPending(true)
		d.Mask()
		d.Ack()
		d.Unlock()
		return
	}
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
// handlers are called once. The lock is held when it is called and when it
// returns, and not while the handlers run.
func handleEvent(d irqabi.Interrupt) {
	d.SetInProgress(true)
	d.Unlock()
	d.RunActions()
	d.Lock()
	d.SetInProgress(false)
}
