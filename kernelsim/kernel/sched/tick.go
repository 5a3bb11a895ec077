package sched

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/sim"
)

// Tick models scheduler_tick (kernel/sched/core.c): time is booked, and a task
// whose turn is over makes room. Context: hard interrupt.
func Tick(c *cpu.CPU) {
	q := runqueues.Raw(c)
	q.update(c.Now())
	switch t := q.curr; t.Policy {
	case Normal:
		q.tickFair(c, t)
	case RR:
		q.tickRR(c, t)
	}
	q.lb.idle = idleCPU(c)
}

// Touch models touch_softlockup_watchdog_sched: c's kernel code is not stuck.
func Touch(c *cpu.CPU) { runqueues.Raw(c).touch(c) }

// Touched is when p could last switch to its most urgent thread, or was last
// known not to be stuck (watchdog_touch_ts).
func Touched(p *cpu.CPU) sim.Time { return runqueues.Raw(p).touched }

// touch models update_touch_ts.
func (q *runqueue) touch(c *cpu.CPU) { q.touched = c.Now() }

// TouchByStopper models stop_one_cpu_nowait with softlockup_fn: c's most urgent
// thread is woken to call Touch. Context: hard interrupt.
func TouchByStopper(c *cpu.CPU) {
	if st := stoppers.Raw(c); st.thread != nil {
		st.touch = true
		WakeUpProcess(c, st.thread)
	}
}
