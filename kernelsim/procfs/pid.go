package procfs

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
)

// processes lists /proc/PID: every task but the idle ones, which have no
// pid.
func (fs *FS) processes() []node {
	var list []node
	for _, t := range fs.m.Tasks() {
		if t.PID > 0 {
			list = append(list, dir(fmt.Sprint(t.PID), func() []node { return fs.process(t) }))
		}
	}
	return list
}

func (fs *FS) process(t *sched.Task) []node {
	status := show("status", func() string { return fs.status(t) })
	status.refuse = errno.EINVAL // a seq_file without a write function
	return []node{
		show("stat", func() string { return taskStat(t) }),
		// comm_write: only the process itself may change its name.
		setting("comm", func() string { return workqueue.Comm(t) + "\n" }, func(string, bool) error { return errno.EINVAL }),
		status,
	}
}

// status models proc_pid_status (fs/proc/array.c), its lines on what is
// modelled.
func (fs *FS) status(t *sched.Task) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Name:\t%s\nState:\t%s\nTgid:\t%d\nPid:\t%d\nPPid:\t%d\nThreads:\t1\n",
		workqueue.Comm(t), stateName(t.State), t.PID, t.PID, parent(t))
	var allowed []int
	for _, p := range fs.m.CPUs() {
		if t.Allowed(p.ID) {
			allowed = append(allowed, p.ID)
		}
	}
	fmt.Fprintf(&b, "Cpus_allowed:\t%s\nCpus_allowed_list:\t%s\n", cpuMask(allowed, len(fs.m.CPUs())), cpuList(allowed))
	fmt.Fprintf(&b, "voluntary_ctxt_switches:\t%d\nnonvoluntary_ctxt_switches:\t%d\n", t.Voluntary(), t.Involuntary())
	return b.String()
}

// stateName is the entry of task_state_array.
func stateName(s sched.State) string {
	switch s {
	case sched.Running:
		return "R (running)"
	case sched.Interruptible:
		return "S (sleeping)"
	case sched.Uninterruptible:
		return "D (disk sleep)"
	case sched.Idling:
		return "I (idle)"
	}
	return "X (dead)"
}

// parent is a task's parent: nobody for init and kthreadd, init for a
// program, kthreadd for a kernel thread.
func parent(t *sched.Task) int {
	switch {
	case t.PID <= 2:
		return 0
	case t.User:
		return 1
	}
	return 2
}
