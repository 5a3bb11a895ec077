package hotplug

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/kernel/workqueue"
)

// Up models cpu_device_up and _cpu_up (kernel/cpu.c): processor n is started
// as at boot, then it goes through its own steps. EINVAL for one that is
// online; EIO if it does not answer. Context: process context.
func Up(t *sched.Task, n int) error {
	c := t.CPU()
	if affinity.Online(c).Has(n) {
		return fmt.Errorf("hotplug: CPU %d is online already: %w", n, errno.EINVAL)
	}
	st := states.On(c, n)
	timer.PrepareCPU(c, n)
	workqueue.PrepareCPU(t, n)
	c = t.CPU()
	if err := shared.Of(c).cfg.Boot(t, n); err != nil {
		return err
	}
	st.await(t, onlineIdle)
	sched.Unpark(t.CPU(), st.thread)
	kick(t, n, comeUp)
	st.reached = online
	apic.UpdateShorthand(t.CPU()) // arch_smt_update
	return nil
}

// OnlineIdle models cpuhp_online_idle, which the new processor calls before it
// idles for the first time: the others go on. At boot nobody waits for that.
// Context: the idle task, interrupts on.
func OnlineIdle(c *cpu.CPU) {
	st := states.Raw(c)
	if st.reached != dead {
		return
	}
	sched.UnparkStopper(c)
	st.reached = onlineIdle
	st.complete(c)
}

// comeUp is cpuhp/N's part, from CPUHP_AP_ONLINE_IDLE up to CPUHP_ONLINE.
func comeUp(t *sched.Task) {
	n := t.CPU().ID
	for _, own := range states.Raw(t.CPU()).own {
		sched.Unpark(t.CPU(), own)
	}
	irq.AffinityOnlineCPU(t.CPU(), n)
	workqueue.OnlineCPU(t, n)
	for _, d := range shared.Of(t.CPU()).drivers {
		if d.Online != nil {
			d.Online(t, n)
		}
	}
	sched.Activate(t.CPU())
}
