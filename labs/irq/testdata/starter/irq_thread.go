package irq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/labs/irq/slow"
)

// requestLine asks for interrupt n, the pin of a device. The line works by
// level, and devices of other drivers may be on it.
func requestLine(c *cpu.CPU, n irq.Number, d *slow.Device) error {
	return irq.RequestThreaded(c, n, look, serve, irq.Shared, d.Name(), d)
}

// requestMessage asks for interrupt n of a device that sends messages (MSI-X).
// A message is an edge, and nobody else sends it.
func requestMessage(c *cpu.CPU, n irq.Number, d *slow.Device) error {
	return irq.RequestThreaded(c, n, look, serve, irq.Shared, d.Name(), d)
}

// look is the handler (irq_handler_t): dev is the *slow.Device. Context: hard
// interrupt.
func look(c *cpu.CPU, n irq.Number, dev any) irq.Return {
	return irq.WakeThread
}

// serve is the thread's function: what the handler leaves to it. It may sleep.
func serve(t *sched.Task, n irq.Number, dev any) irq.Return {
	dev.(*slow.Device).Serve(t)
	return irq.None
}
