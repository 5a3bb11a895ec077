package sched

import "bothhalves/kernelsim/sim"

// Number is the policy as user space knows it (SCHED_NORMAL, SCHED_FIFO,
// SCHED_RR of include/uapi/linux/sched.h). A stopper shows as SCHED_FIFO.
func (p Policy) Number() int {
	switch p {
	case FIFO, Stop:
		return 1
	case RR:
		return 2
	}
	return 0
}

// Class is the policy as ps prints it in its column CLS.
func (p Policy) Class() string { return [...]string{"TS", "FF", "RR"}[p.Number()] }

// RTPriority is what user space sees as rt_priority: 0 for a fair task, 99 for
// a stopper.
func (t *Task) RTPriority() int {
	switch t.Policy {
	case Stop:
		return maxRTPrio - 1
	case FIFO, RR:
		return t.RTPrio
	}
	return 0
}

// Prio is the kernel's priority as the sched tracepoints print it: 99 −
// RTPriority for an urgent task, 120 and its nice value for a fair one.
func (t *Task) Prio() int {
	if t.Policy > Normal {
		return maxRTPrio - 1 - t.RTPriority()
	}
	return defaultPrio + t.nice
}

// The scale of priorities (include/linux/sched/prio.h).
const (
	maxRTPrio   = 100 // MAX_RT_PRIO
	defaultPrio = 120 // DEFAULT_PRIO
)

// Started is when the task was made (start_time).
func (t *Task) Started() sim.Time { return t.started }

// Flags is what /proc/PID/stat tells of the task's flags (include/linux/
// sched.h): a kernel thread that no signal stops and no exec has changed, one
// that may not be moved, a worker; for a program that its addresses are random.
func (t *Task) Flags() uint32 {
	if t.User {
		return 0x00400000 // PF_RANDOMIZE
	}
	flags := uint32(0x00200000 | 0x00008000 | 0x00000040) // PF_KTHREAD, PF_NOFREEZE, PF_FORKNOEXEC
	if t.pinned || t.bound {
		flags |= 0x04000000 // PF_NO_SETAFFINITY
	}
	if t.worker != nil {
		flags |= 0x00000020 // PF_WQ_WORKER
	}
	return flags
}

// before says whether the task takes the processor from another that is urgent
// too: a stopper from all, else by priority.
func (t *Task) before(other *Task) bool {
	if (t.Policy == Stop) != (other.Policy == Stop) {
		return t.Policy == Stop
	}
	return t.Prio() < other.Prio()
}
