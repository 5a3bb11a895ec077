package tasklet

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
)

// Disable models tasklet_disable: when it returns, t does not run, and it does
// not begin to until Enable. Context: process context.
func Disable(task *sched.Task, t *Tasklet) {
	DisableNoSync(task.CPU(), t)
	t.unlockWait(task)
}

// DisableInAtomic models tasklet_disable_in_atomic: Disable that does not
// sleep. On the processor on which t runs it would wait for ever. Context: any
// but t's own function.
func DisableInAtomic(c *cpu.CPU, t *Tasklet) {
	DisableNoSync(c, t)
	t.spinWait(c)
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
		if softirq.RulesNow(task.CPU()).KillYields {
			t.yield(task)
		} else {
			t.wait(task, scheduled)
		}
	}
	t.unlockWait(task)
	t.clearSched(task.CPU())
}

// yield is what kernels until 5.12 did instead of sleeping.
func (t *Tasklet) yield(task *sched.Task) {
	for t.state&scheduled != 0 {
		sched.Yield(task)
	}
}

// unlockWait models tasklet_unlock_wait: when it returns, t does not run.
func (t *Tasklet) unlockWait(task *sched.Task) {
	if !softirq.RulesNow(task.CPU()).KillYields {
		t.wait(task, running)
		return
	}
	t.spinWait(task.CPU())
}

// spinWait models tasklet_unlock_spin_wait. Who may be preempted meanwhile
// spins on.
func (t *Tasklet) spinWait(c *cpu.CPU) {
	task := sched.Current(c)
	for t.state&running != 0 {
		task.CPU().Spend(cost.CPURelax)
	}
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
