package sched

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// Schedule models schedule() (kernel/sched/core.c): the current task gives
// the CPU away. It comes back when the task is chosen again, maybe on another
// CPU: c is stale then, ask the task. Context: process context, nothing
// locked.
func Schedule(c *cpu.CPU) {
	t := Current(c)
	submitWork(t)
	c = t.cpu
	for again := true; again; again = preempt.NeedResched(c) {
		preempt.Add(c, preempt.Offset)
		c = schedule(c, t, false)
		preempt.EnableNoResched(c)
	}
	updateWorker(t)
}

// schedule models __schedule: choose the next task and switch to it. It
// returns the CPU that t is on when it runs again.
func schedule(c *cpu.CPU, t *Task, preempted bool) *cpu.CPU {
	debug(c, t)
	was := c.SaveFlags()
	c.Spend(cost.ContextSwitch)
	q := runqueues.Raw(c)
	q.update(c.Now())
	q.calls++
	if t.State != Running && !preempted {
		t.onRQ = false
	}
	if next := pickAfter(c, t); next != t {
		t.exec.left(preempted || t.State == Running)
		switchTo(c, t, next, switchState(t, preempted))
	}
	c = t.cpu
	c.RestoreFlags(was)
	return c
}

// pickAfter puts t back among the ready ones if it is ready, and picks.
func pickAfter(c *cpu.CPU, t *Task) *Task {
	q := runqueues.Raw(c)
	if t.onRQ && t.Policy != Idle {
		q.requeue(t)
	}
	next := q.pickNext(c)
	if next == q.idle && t != q.idle && q.newlyIdle(c) {
		next = q.pickNext(c)
	}
	t.resched = false
	preempt.ClearNeedResched(c)
	return next
}

// switchState is the state as sched_switch reports it: a preempted task is
// ready, whatever it was about to wait for.
func switchState(t *Task, preempted bool) uint32 {
	if preempted {
		return trace.StatePreempted
	}
	return uint32(t.State)
}

// switchTo models context_switch: the CPU's registers become next's. The
// calling coroutine stops here until t is chosen again; only a dead task's
// returns at once, to end.
func switchTo(c *cpu.CPU, t, next *Task, state uint32) {
	preempt.Add(c, preempt.Offset) // rq->lock, which the next task would release
	record(c, trace.SchedSwitch, uint32(t.PID), state, uint32(next.PID),
		uint32(uint16(t.Prio()))<<16|uint32(uint16(next.Prio())))
	preempt.Sub(c, preempt.Offset)
	q := runqueues.Raw(c)
	q.curr, *current.Raw(c) = next, next
	q.switches++
	next.cpu, c.Task = c, uint16(next.PID)
	next.exec.start, next.exec.slice = c.Now(), next.exec.sum
	next.exec.switches++
	t.stack, c.Stack = c.Stack, next.stack
	c.SetCurrent(next.co)
	lock.SetCurrent(c, &next.held)
	if t.State != Dead {
		c.Park(t.co)
	}
}

// firstSwitch models schedule_tail: a new task arrives with the preempt_count
// of the switch that chose it and with interrupts off, and lets go of both.
func firstSwitch(t *Task) {
	t.cpu.STI()
	preempt.EnableNoResched(t.cpu)
}

// debug models schedule_debug: only the count of this very call may stand. The
// count that is printed has that one in it, as Linux's has.
func debug(c *cpu.CPU, t *Task) {
	if preempt.Count(c) == preempt.Offset || t.State == Dead {
		return
	}
	raiseAtomic(c, t, fmt.Sprintf("BUG: scheduling while atomic: %s/0x%08x", t, preempt.Count(c)))
}

func raiseAtomic(c *cpu.CPU, t *Task, title string) {
	oops.Raise(oops.Report{Rule: "sleep in atomic", CPU: c.ID, Task: t.String(), Title: title,
		Why: "this code may not sleep: it runs in an interrupt, holds a spinlock, or has preemption disabled"})
}

// MightSleep models might_sleep(): whoever may sleep says so first, so that
// the mistake is found even when there is nothing to wait for. A voluntarily
// preemptible kernel also switches here when a reschedule is due. The idle
// task that boots the kernel is let off: nobody else is there to wait for.
func MightSleep(t *Task) {
	c := t.cpu
	if t.PID == 0 && !shared.Of(c).booted {
		return
	}
	if preempt.Count(c) != 0 || !c.IF() {
		oops.Raise(oops.Report{Rule: "sleep in atomic", CPU: c.ID, Task: t.String(),
			Title: "BUG: sleeping function called from invalid context at " + oops.Frames(oops.Callers(0))[0].File,
			Lines: []string{fmt.Sprintf("in_atomic(): %d, irqs_disabled(): %d, non_block: 0, pid: %d, name: %s",
				bit(preempt.InAtomic(c)), bit(!c.IF()), t.PID, t.Comm),
				fmt.Sprintf("preempt_count: %x, expected: 0", preempt.Count(c))},
			Why: "this code may not sleep: it runs in an interrupt, holds a spinlock, or has preemption or interrupts disabled"})
	}
	CondResched(t)
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// CondResched models cond_resched(): a point in long kernel code at which it
// lets others run.
func CondResched(t *Task) {
	c := t.cpu
	c.Spend(cost.Instruction)
	c = t.cpu
	if preempt.NeedResched(c) && preempt.Count(c) == 0 {
		giveWay(c, t, true)
	}
}

// giveWay models the loop of preempt_schedule_common, or, where t is not
// preempted, of schedule: t gives the CPU away for as long as others want it.
func giveWay(c *cpu.CPU, t *Task, preempted bool) {
	for preempt.NeedResched(c) {
		preempt.Add(c, preempt.Offset)
		c = schedule(c, t, preempted)
		preempt.EnableNoResched(c)
	}
}

// Preempt models preempt_schedule (the target of preempt_enable): it does
// nothing unless the kernel is fully preemptible.
func Preempt(c *cpu.CPU) {
	if shared.Of(c).full && c.IF() {
		giveWay(c, Current(c), true)
	}
}

// PreemptIRQ models the scheduling half of irqentry_exit (kernel/entry/common.c):
// on the way back to a program exit_to_user_mode_loop calls schedule, so the
// program leaves in state R, not R+; kernel code is preempted only in a fully
// preemptible kernel, and only if it holds nothing. IF is clear before and
// after.
func PreemptIRQ(c *cpu.CPU) {
	t := Current(c)
	if preempt.Count(c) != 0 || !preempt.NeedResched(c) || t.Policy == Idle {
		return
	}
	switch {
	case t.User && t.State == Running:
		giveWay(c, t, false)
	case shared.Of(c).full:
		giveWay(c, t, true)
	}
}
