package workqueue

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
)

// Delayed models struct delayed_work.
type Delayed struct{ Work }

// QueueDelayed models queue_delayed_work.
func QueueDelayed(c *cpu.CPU, wq *Workqueue, d *Delayed, jiffies uint64) bool { return false }

// ModDelayed models mod_delayed_work.
func ModDelayed(c *cpu.CPU, wq *Workqueue, d *Delayed, jiffies uint64) bool { return false }

// FlushWork models flush_work.
func FlushWork(t *sched.Task, w *Work) bool { return false }

// Cancel models cancel_work.
func Cancel(c *cpu.CPU, w *Work) bool { return false }

// CancelSync models cancel_work_sync.
func CancelSync(t *sched.Task, w *Work) bool { return false }

// CancelDelayed models cancel_delayed_work, CancelDelayedSync
// cancel_delayed_work_sync.
func CancelDelayed(c *cpu.CPU, d *Delayed) bool { return false }

// CancelDelayedSync models cancel_delayed_work_sync.
func CancelDelayedSync(t *sched.Task, d *Delayed) bool { return false }

// Queue models queue_work.
func Queue(c *cpu.CPU, wq *Workqueue, w *Work) bool { return false }

// QueueOn models queue_work_on.
func QueueOn(c *cpu.CPU, n int, wq *Workqueue, w *Work) bool { return false }

// Schedule models schedule_work.
func Schedule(c *cpu.CPU, w *Work) bool { return false }

// Alloc models alloc_workqueue.
func Alloc(c *cpu.CPU, name string, flags Flags, maxActive int) (*Workqueue, error) { return nil, nil }

// AllocOrdered models alloc_ordered_workqueue.
func AllocOrdered(c *cpu.CPU, name string, flags Flags) (*Workqueue, error) { return nil, nil }

// Destroy models destroy_workqueue.
func Destroy(t *sched.Task, wq *Workqueue) {}

// Flush models flush_workqueue.
func Flush(t *sched.Task, wq *Workqueue) {}

// Drain models drain_workqueue.
func Drain(t *sched.Task, wq *Workqueue) {}

// OnCPU models work_on_cpu.
func OnCPU(t *sched.Task, n int, fn func(t *sched.Task)) {}

// System models system_wq.
func System(c *cpu.CPU) *Workqueue { return nil }

// Unbound models system_unbound_wq.
func Unbound(c *cpu.CPU) *Workqueue { return nil }

// Comm models wq_worker_comm.
func Comm(t *sched.Task) string { return t.Comm }
