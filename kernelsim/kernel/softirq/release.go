package softirq

import "bothhalves/kernelsim/hw/cpu"

// Rules are what differs between kernel versions in when softirqs run.
type Rules struct {
	Name string
	// ThreadFirst: softirqs are left to ksoftirqd while that is runnable
	// (ksoftirqd_running, 4.9 to 6.4).
	ThreadFirst bool
	// Now are the softirqs that are run at once all the same, together with
	// all that is pending beside them (SOFTIRQ_NOW_MASK).
	Now uint16
	// ParkingWaits: a ksoftirqd that is about to be parked counts as runnable
	// (until 5.0).
	ParkingWaits bool
	// AsksState: wakeup_softirqd looks at the thread's state before it wakes
	// it (until 5.13).
	AsksState bool
	// KillYields: tasklet_kill yields, and tasklet_disable spins, where later
	// kernels sleep (until 5.12).
	KillYields bool
	// TaskletEvents: there are the tracepoints tasklet_entry and tasklet_exit
	// (6.4, and 6.1 with its back-ports).
	TaskletEvents bool
	// BHWork: tasklet_action runs the work of BH workqueues first (6.9).
	BHWork bool
}

// now is SOFTIRQ_NOW_MASK.
const now = 1<<HI | 1<<Tasklet

// RulesOf is the rules of the release that boot -kernel names; of one that it
// does not know, those of 6.1. The exemption of HI and TASKLET came in 4.16
// and was carried back to the 4.9 that Debian built.
func RulesOf(release string) Rules {
	r := Rules{Name: release}
	switch release {
	case "4.9", "4.20":
		r.ThreadFirst, r.Now, r.ParkingWaits, r.AsksState, r.KillYields = true, now, true, true, true
	case "5.14":
		r.ThreadFirst, r.Now = true, now
	case "6.12":
		r.TaskletEvents, r.BHWork = true, true
	default:
		r.Name, r.ThreadFirst, r.Now, r.TaskletEvents = "6.1", true, now, true
	}
	return r
}

// RulesNow are the rules of the machine.
func RulesNow(c *cpu.CPU) *Rules { return &states.Raw(c).cfg.Rules }
