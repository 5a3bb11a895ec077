// Package rcu models read-copy update (kernel/rcu/tree.c) as far as interrupts
// show it: functions that are to be called when all processors have let go of
// what they may have been looking at. A thread leads through grace periods, the
// tick and the softirq RCU do the rest on each processor. The tree of nodes, with
// which many processors do not wait for one lock, is one node here; readers are
// those who cannot be preempted.
package rcu

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/oops"
)

// A Head stands in whatever is to be freed (struct rcu_head).
type Head struct {
	fn   func(c *cpu.CPU, h *Head)
	next *Head
	gp   uint64 // the grace period that has to end first; 0: not known yet
}

// A system is what all processors share (struct rcu_state and the root of the
// tree).
type system struct {
	seq    uint64 // gp_seq: two for each grace period, odd while one goes on
	needed uint64 // gp_seq_needed: the last grace period that somebody waits for
	wanted bool   // RCU_GP_FLAG_INIT
	left   int    // how many processors have yet to report
	thread *sched.Task
}

var shared = percpu.Shared[system]("rcu_state")

// A processor is one processor's part (struct rcu_data).
type processor struct {
	seq      uint64 // what it knows of gp_seq
	waited   bool   // its bit of qsmask: the grace period waits for it
	needs    bool   // core_needs_qs: it knows that
	quiet    bool   // !cpu_no_qs: it has been in a quiescent state since
	switches uint64 // how often it had called the scheduler when it began to look
	halts    uint64 // dynticks_snap
	list     callbacks
}

var processors = percpu.New[processor]("rcu_data")

// Init models rcu_init: the softirq has its action. Context: boot, once.
func Init(c *cpu.CPU) { softirq.Open(c, softirq.RCU, core) }

// Call models call_rcu: fn is called with h when a grace period has passed, in
// a softirq of the processor that calls. A head that is still on its way is not
// queued a second time, and the log tells. The charge comes with the call of fn.
// Context: any.
func Call(c *cpu.CPU, h *Head, fn func(c *cpu.CPU, h *Head)) {
	flags := c.SaveFlags()
	defer c.RestoreFlags(flags)
	if h.fn != nil {
		printk.Printk(c, printk.Err, "call_rcu(): Double-freed CB %s->%s()!!!", sched.Pointer(h.fn), oops.Name(h.fn))
		return
	}
	*h = Head{fn: fn}
	processors.Raw(c).list.add(h)
}

// Waiting is how many functions wait on p, and GracePeriods how many grace
// periods have ended.
func Waiting(p *cpu.CPU) int { return processors.Raw(p).list.count }

// GracePeriods: see Waiting.
func GracePeriods(c *cpu.CPU) uint64 { return shared.Of(c).completed() }

// NeedsCPU models rcu_needs_cpu: c must not stop its tick.
func NeedsCPU(c *cpu.CPU) bool { return processors.Raw(c).list.count > 0 }

// Synchronize models synchronize_rcu: it returns when a grace period has passed.
// The code that boots the kernel need not wait: nobody else runs. Context:
// process context.
func Synchronize(t *sched.Task) {
	sched.MightSleep(t)
	if t.Policy == sched.Idle || shared.Of(t.CPU()).thread == nil {
		return
	}
	done := false
	Call(t.CPU(), &Head{}, func(c *cpu.CPU, _ *Head) { // wakeme_after_rcu
		done = true
		sched.WakeUpProcess(c, t)
	})
	for !done {
		sched.SetState(t, sched.Uninterruptible)
		if !done {
			sched.Schedule(t.CPU())
		}
		sched.SetState(t, sched.Running)
	}
}

func (s *system) running() bool { return s.seq&1 != 0 }

// completed is the number of the last grace period that has ended, snap of the
// first that has not begun yet (rcu_seq_snap): only that will have waited for
// all that goes on now.
func (s *system) completed() uint64 { return s.seq / 2 }
func (s *system) snap() uint64      { return (s.seq+1)/2 + 1 }
