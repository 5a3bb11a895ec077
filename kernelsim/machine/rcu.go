package machine

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/rcu"
	"bothhalves/kernelsim/kernel/sched"
)

// initRCU models rcu_init. A task that has ended is given back only when nobody
// can be looking at it any more.
func (m *Machine) initRCU(c *cpu.CPU) {
	rcu.Init(c)
	sched.SetReaper(c, func(c *cpu.CPU, _ *sched.Task) { rcu.Call(c, &rcu.Head{}, delayedPutTask) })
}

// delayedPutTask models delayed_put_task_struct (kernel/exit.c): the last
// reference to the task goes.
func delayedPutTask(*cpu.CPU, *rcu.Head) {}
