package tasklet

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
)

// Disable models tasklet_disable: when it returns, t does not run, and it does
// not begin to until Enable. Context: process context.
func Disable(task *sched.Task, t *Tasklet) {
	DisableNoSync(task.CPU(), t)
	t.wait(task, running)
}

// DisableInAtomic models tasklet_disable_in_atomic: Disable that does not
// sleep. On the processor on which t runs it would wait for ever. Context: any
// but t's own function.
func DisableInAtomic(c *cpu.CPU, t *Tasklet) {
	DisableNoSync(c, t)
	for t.state&running != 0 {
		c.Spend(cost.CPURelax)
	}
}

// Kill models tasklet_kill: a tasklet that waits runs once more, then it
// neither waits nor runs. Nothing keeps others from scheduling it again: they
// must have been stopped before. One that is disabled and waits never runs, so
// this never returns. Context: process context.
func Kill(task *sched.Task, t *Tasklet) {
	if preempt.InInterrupt(task.CPU()) {
		printk.Printk(task.CPU(), printk.Notice, "Attempt to kill tasklet from interrupt")
	}
	for t.set(task.CPU(), scheduled) {
		t.wait(task, scheduled)
	}
	t.wait(task, running)
	t.clearSched(task.CPU())
}

// waitClass is the class of the locks of those who wait for a variable.
var waitClass = lock.NewClass("bit_wait_table + i")

// wait models wait_var_event: task sleeps until a bit of the state is clear.
func (t *Tasklet) wait(task *sched.Task, bit uint32) {
	if !t.waits {
		t.waits = true
		t.queue.Init(task.CPU(), waitClass)
	}
	t.queue.Event(task, func() bool { return t.state&bit == 0 })
}
