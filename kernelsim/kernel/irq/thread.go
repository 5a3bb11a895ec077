package irq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
)

// A ThreadFn is a driver's function for the interrupt's thread (the thread_fn
// of request_threaded_irq): it may sleep, unless the thread was forced upon
// it. Context: process context, in the thread t.
type ThreadFn func(t *sched.Task, n Number, dev any) Return

// RequestThreaded models request_threaded_irq (kernel/irq/manage.c): Request
// with a thread. The handler says by WakeThread that fn has something to do;
// without a handler, which needs OneShotFlag, that is so each time.
func RequestThreaded(c *cpu.CPU, n Number, h Handler, fn ThreadFn, flags Flags, name string, dev any) error {
	if fn != nil {
		return fmt.Errorf("irq: no threads yet: %w", errno.ENOSYS)
	}
	return Request(c, n, h, flags, name, dev)
}

// ForceThreads models setup_forced_irqthreads, the parameter threadirqs: from
// now on handlers run in threads wherever that can be. Context: boot.
func ForceThreads(c *cpu.CPU) { shared.Of(c).force = true }
