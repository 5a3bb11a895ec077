package workqueue

import (
	"fmt"

	"bothhalves/kernelsim/kernel/sched"
)

// Comm models proc_task_name (fs/proc/array.c) with wq_worker_comm: what
// /proc/PID/comm, stat and status call a thread. A worker has the name of the
// workqueue behind its own, whose work it runs (+) or has run last (-).
func Comm(t *sched.Task) string {
	k := workerOf(t)
	switch {
	case k == nil || k.pool == nil || k.desc == "":
		return t.Comm
	case k.work != nil:
		return t.Comm + "+" + k.desc
	}
	return t.Comm + "-" + k.desc
}

// SetDesc models set_worker_desc: the work that t runs says what it is about,
// in at most 23 bytes, instead of its workqueue's name.
func SetDesc(t *sched.Task, text string) {
	if k := workerOf(t); k != nil {
		k.desc = text[:min(len(text), nameLen)]
	}
}

// String is the share as show_pwq prints its first line.
func (pwq *poolWorkqueue) String() string {
	p := pwq.pool
	text := fmt.Sprintf("pwq %d: cpus=%s", p.id, p.attrs.CPUs)
	if p.node >= 0 {
		text += fmt.Sprintf(" node=%d", p.node)
	}
	text += fmt.Sprintf(" flags=%#x nice=%d active=%d/%d refcnt=%d", uint32(p.flags), p.attrs.Nice, pwq.active, pwq.maxActive, pwq.refs)
	if pwq.mayday {
		text += " MAYDAY"
	}
	return text
}
