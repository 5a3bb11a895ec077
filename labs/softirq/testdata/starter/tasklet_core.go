package softirq

import (
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/labs/lab"
)

// Schedule models tasklet_schedule and __tasklet_schedule_common (kernel/
// softirq.c): tasklet t is to run soon, on this processor, whose list is l.
// Others may schedule the same tasklet at the same time, elsewhere or in an
// interrupt here. Context: any.
func Schedule(l softirqabi.Tasklets, t softirqabi.Tasklet) {
	panic(lab.TODO("put the tasklet on the list, and see that somebody will come"))
}

// Action models tasklet_action_common (kernel/softirq.c): it runs what is on
// this processor's list. What cannot run now is not forgotten. Context:
// softirq, with IF set when it is called and when it returns.
func Action(l softirqabi.Tasklets) {
	panic(lab.TODO("take the list, and run what is on it"))
}

// tryRun runs a tasklet that was taken off the list, or returns false if that
// must not be now. Only your Action calls it.
func tryRun(t softirqabi.Tasklet) bool {
	panic(lab.TODO("run the tasklet, unless it runs elsewhere or is disabled"))
}
