package rcu

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
)

// batch is blimit: so many functions are called in one go, where others want
// the processor; more if there are very many (rcu_divisor).
const (
	batch   = 10
	divisor = 7
)

// SchedClockIRQ models rcu_sched_clock_irq: where the tick has interrupted code
// that could be preempted, in a program or in the kernel, nobody looks at
// anything; and if there is something to do, the softirq RCU does it. An idle
// processor counts as one that cannot be preempted: the thread of grace periods
// sees that it idles. Context: the tick's hard interrupt.
func SchedClockIRQ(c *cpu.CPU) {
	d := processors.Raw(c)
	if preempt.Word(c)&(preempt.PreemptMask|preempt.SoftIRQMask) == 0 {
		d.quiet = true
	}
	if d.isPending(c) {
		softirq.Raise(c, softirq.RCU)
	}
}

// SoftIRQQuiescent models rcu_softirq_qs: ksoftirqd has ended a pass, and holds
// on to nothing between two. Context: ksoftirqd.
func SoftIRQQuiescent(c *cpu.CPU) { processors.Raw(c).quiet = true }

// isPending models rcu_pending.
func (d *processor) isPending(c *cpu.CPU) bool {
	s := shared.Of(c)
	switch {
	case d.needs && d.isQuiet(c) && s.running():
	case d.list.ready > 0:
	case !s.running() && d.list.fresh != nil:
	case s.seq != d.seq:
	default:
		return false
	}
	return true
}

// isQuiet says whether the processor has been in a quiescent state since it
// knows that the grace period waits for it. Each call of the scheduler is one
// (rcu_note_context_switch).
func (d *processor) isQuiet(c *cpu.CPU) bool { return d.quiet || sched.Calls(c) != d.switches }

// core models rcu_core, what the softirq RCU does. Context: softirq.
func core(c *cpu.CPU) {
	c.Spend(cost.RCUCore)
	s, d := shared.Of(c), processors.Raw(c)
	d.note(c, s)
	if d.needs && d.isQuiet(c) {
		d.report(c, s)
	}
	if !s.running() && d.list.fresh != nil {
		d.accelerate(c, s)
	}
	if d.list.ready > 0 {
		d.invoke(c)
	}
	if d.list.ready > 0 {
		softirq.Raise(c, softirq.RCU)
	}
}

// note models note_gp_changes: the processor learns that a grace period has
// ended, and that one has begun.
func (d *processor) note(c *cpu.CPU, s *system) {
	if d.seq == s.seq {
		return
	}
	if s.completed() > d.seq/2 {
		d.list.advance(s.completed())
		d.needs = false
	}
	d.accelerate(c, s)
	if s.running() {
		d.needs, d.quiet = d.waited, false
		d.switches = sched.Calls(c)
	}
	d.seq = s.seq
}

// report models rcu_report_qs_rdp: the grace period need not wait for this
// processor any more. It cannot have ended meanwhile, so what waits here may
// wait for the next one.
func (d *processor) report(c *cpu.CPU, s *system) {
	d.needs = false
	if d.waited {
		d.accelerate(c, s)
		d.release(c, s)
	}
}

// release models rcu_report_qs_rnp: one processor less to wait for.
func (d *processor) release(c *cpu.CPU, s *system) {
	d.waited = false
	if s.left--; s.left == 0 {
		s.wake(c)
	}
}

// accelerate models rcu_accelerate_cbs and rcu_start_this_gp: what does not know
// yet for which grace period it waits, waits for the first to begin, and
// somebody has to begin it.
func (d *processor) accelerate(c *cpu.CPU, s *system) {
	gp := s.snap()
	if !d.list.assign(gp) || s.needed >= gp {
		return
	}
	s.needed = gp
	if !s.running() {
		s.wanted = true
		s.wake(c)
	}
}

// invoke models rcu_do_batch: functions are called until others want the
// processor. Who idles has time for all of them.
func (d *processor) invoke(c *cpu.CPU) {
	limit := max(batch, d.list.count>>divisor)
	for n := 1; d.list.ready > 0; n++ {
		h := d.list.take()
		fn := h.fn
		h.fn = nil
		c.Spend(cost.RCUCallback)
		fn(c, h)
		if n >= limit && (sched.NeedResched(c) || sched.Current(c).Policy != sched.Idle) {
			return
		}
	}
}
