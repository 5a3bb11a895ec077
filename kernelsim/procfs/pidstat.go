package procfs

import (
	"fmt"

	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
)

// taskStat models do_task_stat (fs/proc/array.c): 52 numbers, of which proc(5)
// tells the meaning. What the machine does not have, memory and terminals, is
// as for a kernel thread.
func taskStat(t *sched.Task) string {
	user, system := t.CPUTime()
	group, ignored, exitSignal := 0, 0x7fffffff, 17 // a kernel thread ignores all signals; SIGCHLD
	if t.User {
		group, ignored = t.PID, 0
	}
	if t.PID == 2 {
		exitSignal = 0 // rest_init wants no signal of kthreadd's end
	}
	return fmt.Sprintf("%d (%s) %s %d %d %d 0 -1 %d 0 0 0 0 %d %d 0 0 %d %d 1 0 %d "+
		"0 0 18446744073709551615 0 0 0 0 0 0 0 %d 0 %d 0 0 %d %d %d %d 0 0 0 0 0 0 0 0 0 0 0\n",
		t.PID, workqueue.Comm(t), t.State.Letter(), parent(t), group, group, t.Flags(), user/tick, system/tick,
		t.Prio()-100, t.Nice(), t.Started()/tick, ignored, waits(t), exitSignal,
		t.CPU().ID, t.RTPriority(), t.Policy.Number())
}

// waits is what is left of the field wchan: whether it sleeps.
func waits(t *sched.Task) int {
	if t.State == sched.Running {
		return 0
	}
	return 1
}
