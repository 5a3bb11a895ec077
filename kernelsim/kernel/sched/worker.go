package sched

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
)

// A Worker is what works in a thread, and hears from the scheduler when the
// thread waits (PF_WQ_WORKER, kernel/workqueue_internal.h).
type Worker interface {
	// Sleeping models wq_worker_sleeping: t calls Schedule, and not only to
	// give way. Context: process context, interrupts on.
	Sleeping(t *Task)
	// Running models wq_worker_running: t is back from Schedule.
	Running(t *Task)
}

// SetWorker models set_pf_worker of the calling thread; nil takes the mark
// away.
func SetWorker(t *Task, w Worker) { t.worker = w }

// Worker is what works in the thread, nil for all others.
func (t *Task) Worker() Worker { return t.worker }

// submitWork models sched_submit_work: a worker that is going to wait says so
// before it does, because somebody else may have to work meanwhile.
func submitWork(t *Task) {
	if t.worker != nil && t.State != Running {
		t.worker.Sleeping(t)
	}
}

// updateWorker models sched_update_worker.
func updateWorker(t *Task) {
	if t.worker != nil {
		t.worker.Running(t)
	}
}

// BindMask models kthread_bind_mask (kernel/kthread.c) of a thread that has
// not run yet: it stays on cpus, and no user may change that.
func BindMask(c *cpu.CPU, t *Task, cpus []int) {
	t.restrict(len(c.Peers), cpus)
	t.bound = true
}

// SetPerCPU models kthread_set_per_cpu: the thread belongs to its CPU, on
// which it may run while others must not, or it does not any more.
func SetPerCPU(t *Task, own bool) { t.pinned = own }

// SetComm models set_task_comm.
func SetComm(c *cpu.CPU, t *Task, name string) {
	t.Comm = comm(name)
	c.Ring.Names().SetComm(uint16(t.PID), t.Comm)
}

// SetCPUs models set_cpus_allowed_ptr of a kernel thread, which no flag of the
// thread forbids to the kernel: it may run on cpus from now on. EINVAL if none
// of them is online. A task that moves itself returns on one of them. Context:
// process context.
func SetCPUs(c *cpu.CPU, t *Task, cpus []int) error {
	for _, id := range cpus {
		if id < 0 || id >= len(c.Peers) {
			return errno.EINVAL
		}
	}
	if !anyOf(c, cpus, Online) {
		return errno.EINVAL
	}
	setCPUs(c, t, cpus)
	for t == Current(c) && !t.Allowed(t.cpu.ID) {
		Schedule(t.cpu)
		c = t.cpu
	}
	return nil
}

// anyOf says whether one of cpus fits.
func anyOf(c *cpu.CPU, cpus []int, fits func(p *cpu.CPU) bool) bool {
	for _, id := range cpus {
		if fits(c.Peers[id]) {
			return true
		}
	}
	return false
}
