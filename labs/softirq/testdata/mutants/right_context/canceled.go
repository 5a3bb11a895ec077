// Fails: removed at any moment: what was taken is stored, and nothing comes behind
// Misconception: cancel_work_sync waits until the work has been done

package softirq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/labs/softirq/meter"
)

// interrupt is the handler (irq_handler_t): dev is the *meter.Device. It may
// return WakeThread. Context: hard interrupt.
func interrupt(c *cpu.CPU, n irq.Number, dev any) irq.Return {
	d := dev.(*meter.Device)
	cause := d.Take(c)
	if cause&meter.Measured != 0 {
		tasklet.Schedule(c, &d.Tasklet)
	}
	if cause&meter.Alarm != 0 {
		return irq.WakeThread
	}
	return irq.Handled
}

// inThread is the function of the interrupt's thread. It is called once for
// each time, or for several times, that the handler returned WakeThread.
// Context: a thread of its own, SCHED_FIFO with priority 50.
func inThread(t *sched.Task, n irq.Number, dev any) irq.Return {
	d := dev.(*meter.Device)
	d.CloseValve(t)
	return irq.Handled
}

// inTasklet is the function of d.Tasklet. Context: softirq.
func inTasklet(c *cpu.CPU, d *meter.Device) {
	for d.Taken() > 0 {
		d.Decode(c)
	}
	workqueue.Schedule(c, &d.Work)
}

// inWork is the function of d.Work. Context: a kernel thread that many share.
func inWork(t *sched.Task, d *meter.Device) {
	for d.Decoded() > 0 {
		d.Store(t)
	}
}

// remove takes back what the driver has: the interrupt, the tasklet, the work.
// What has been taken from the device must be stored when it returns, and
// nothing of the driver may run any more. Context: process context.
func remove(t *sched.Task, d *meter.Device) {
	_, _ = irq.Free(t.CPU(), d.IRQ(), d) // it was requested
	tasklet.Kill(t, &d.Tasklet)
	workqueue.CancelSync(t, &d.Work)
}
