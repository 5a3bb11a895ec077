package worker

import (
	"testing"

	"bothhalves/checker/script"
)

// TestCommandTask: what is left out of a replay's trace is the scheduler's
// about the processes of commands, and nothing that a driver does in one.
func TestCommandTask(t *testing.T) {
	for line, out := range map[string]bool{
		"sh-21 [000] .....     0.001190: sched_process_exit: comm=sh pid=21 prio=120":                                                                                 true,
		"cat-22 [000] d..2.     0.001194: sched_switch: prev_comm=cat prev_pid=22 prev_prio=120 prev_state=X ==> next_comm=swapper/0 next_pid=0 next_prio=120":        true,
		"<idle>-0 [000] d..2.     0.001191: sched_switch: prev_comm=swapper/0 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=modprobe next_pid=22 next_prio=120": true,
		"sh-21 [000] d....     0.001150: vector_entry: vector=97":                                                                                                     false,
		"nicrx/0-21 [000] .....     0.001190: sched_process_exit: comm=nicrx/0 pid=21 prio=120":                                                                       false,
		"<idle>-0 [000] d..3.     0.001190: sched_wakeup: comm=shrinker pid=22 prio=120 target_cpu=000":                                                               false,
	} {
		if script.CommandTask.MatchString(line) != out {
			t.Errorf("%s: left out: %t", line, !out)
		}
	}
}
