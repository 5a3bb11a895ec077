package hotplug

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/rcu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/kernel/workqueue"
)

// Down models cpu_device_down and _cpu_down (kernel/cpu.c): processor n is
// taken out of the machine. The boot processor's worker leads, because the one
// that asks may run on n. EBUSY for the boot processor, which cannot go, and
// for the last one; ENOSPC if the others have no room for n's vectors; nothing
// is changed then. Context: process context.
func Down(t *sched.Task, n int) (err error) {
	up := affinity.Online(t.CPU())
	switch {
	case !up.Has(n):
		return fmt.Errorf("hotplug: CPU %d is not online: %w", n, errno.EINVAL)
	case n == 0 || up.Count() == 1:
		return fmt.Errorf("hotplug: CPU %d must stay: %w", n, errno.EBUSY)
	}
	workqueue.OnCPU(t, 0, func(w *sched.Task) { err = down(w, n) })
	return err
}

// down goes through the steps: first those that n takes itself in its thread,
// then its death, then what is left to do without it.
func down(t *sched.Task, n int) error {
	kick(t, n, goDown)
	if err := takeDown(t, n); err != nil {
		kick(t, n, comeUp) // it refused: back to where it was
		return err
	}
	for _, d := range slices.Backward(shared.Of(t.CPU()).drivers) {
		if d.Dead != nil {
			d.Dead(t, n)
		}
	}
	apic.UpdateShorthand(t.CPU()) // arch_smt_update
	return nil
}

// goDown is cpuhp/N's part, from CPUHP_AP_ACTIVE down to CPUHP_TEARDOWN_CPU:
// tasks leave, drivers are told, the processor's own threads rest.
func goDown(t *sched.Task) {
	n := t.CPU().ID
	sched.Deactivate(t.CPU())
	for _, d := range slices.Backward(shared.Of(t.CPU()).drivers) {
		if d.DownPrep != nil {
			d.DownPrep(t, n)
		}
	}
	workqueue.OfflineCPU(t, n)
	tick.StopWatchdog(t.CPU())
	for _, own := range states.Raw(t.CPU()).own {
		sched.Park(t, own)
	}
	sched.WaitEmpty(t)
}

// takeDown models takedown_cpu: all processors are stopped, n disables itself,
// and when its idle task has said that nothing else is left, it has died.
func takeDown(t *sched.Task, n int) error {
	st := states.On(t.CPU(), n)
	sched.Park(t, st.thread)
	if err := sched.StopMachine(t, n, disable); err != nil {
		sched.Unpark(t.CPU(), st.thread)
		return err
	}
	st.await(t, idleDead)
	for st.reached < dead { // cpu_wait_death
		timer.SleepUninterruptible(t, 1)
	}
	timer.DeadCPU(t.CPU(), n)
	rcu.DeadCPU(t.CPU(), n)
	printk.Printk(t.CPU(), printk.Info, "smpboot: CPU %d is now offline", n)
	return nil
}

// disable models take_cpu_down, native_cpu_disable and cpu_disable_common.
// Context: the processor's stopper, all others wait with interrupts off.
func disable(c *cpu.CPU) error {
	if err := vector.CanUnplug(c); err != nil {
		return err
	}
	apic.RemoveFromMaps(c)
	affinity.SetOnline(c, c.ID, false)
	affinity.RemoveFromNode(c, c.ID)
	sched.SetDead(c, idleReport)
	vector.FixupIRQs(c)
	vector.Offline(c)
	apic.SoftDisable(c)
	heir := c.Peers[affinity.Online(c).First()]
	tick.Dying(c, heir)
	apic.CallOn(c, heir.ID, hrtimer.Retrigger, false)
	sched.ParkStopper(c)
	return nil
}

// idleReport models cpuhp_report_idle_dead and the beginning of play_dead: the
// processor may not wake anybody any more, so it lets another one do it.
func idleReport(c *cpu.CPU) {
	states.Raw(c).reached = idleDead
	apic.CallOn(c, affinity.Online(c).First(), func(other *cpu.CPU) {
		states.On(other, c.ID).complete(other)
	}, false)
	states.Raw(c).reached = dead
}
