package irq

import (
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/labs/lab"
)

// HandleEdge models handle_edge_irq (kernel/irq/chip.c): an edge of the
// interrupt has come to this processor, from the controller or sent once more
// by enable_irq, which is no other to you. The lock is not held when it is
// called, nor when it returns. Interrupts are off here, and on all other
// processors they may be on: once it is moved, the same interrupt can come to
// one of them while this function runs, and d is the same there.
func HandleEdge(d irqabi.Interrupt) {
	panic(lab.TODO("lead the edge to the handlers, or leave it to whoever is there"))
}

// handleEvent models handle_irq_event (kernel/irq/handle.c): the drivers'
// handlers are called once. Only your HandleEdge calls it, with the lock held;
// the lock is held when it returns, and not while the handlers run.
func handleEvent(d irqabi.Interrupt) {
	panic(lab.TODO("call the handlers, so that whoever comes meanwhile can see it"))
}
