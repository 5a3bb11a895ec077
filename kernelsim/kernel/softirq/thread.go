package softirq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
)

// StartThread models what spawn_ksoftirqd lets smpboot do: processor n gets
// its ksoftirqd. Context: boot.
func StartThread(c *cpu.CPU, n int) *sched.Task {
	t := sched.KThreadOn(c, n, fmt.Sprintf("ksoftirqd/%d", n), Thread)
	*ksoftirqd.Raw(c.Peers[n]) = t
	return t
}

// Thread models smpboot_thread_fn (kernel/smpboot.c) with ksoftirqd_should_run
// and run_ksoftirqd: the function of ksoftirqd.
func Thread(t *sched.Task) {
	for !t.ShouldStop() {
		sched.SetState(t, sched.Interruptible)
		switch {
		case t.ShouldPark():
			sched.SetState(t, sched.Running)
			sched.ParkMe(t)
		case pending.Peek(t.CPU()) == 0:
			sched.Schedule(t.CPU())
		default:
			sched.SetState(t, sched.Running)
			runThread(t)
		}
	}
	sched.SetState(t, sched.Running)
}

// runThread models run_ksoftirqd: on the thread's own stack, on which nothing
// else lies.
func runThread(t *sched.Task) {
	c := t.CPU()
	c.CLI()
	if pending.Peek(c) == 0 {
		c.STI()
		return
	}
	states.Raw(c).run(c, true)
	c.STI()
	sched.CondResched(t)
}
