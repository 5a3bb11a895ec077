package machine

import (
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
)

// SoftIRQParts are the replaceable parts of the bottom half. What is nil is the
// default.
type SoftIRQParts struct {
	Loop     softirqabi.Loop
	Exit     softirqabi.Exit
	Schedule softirqabi.Schedule
	Action   softirqabi.Action
}

// WithSoftirqLoop replaces do_softirq with all that it calls: the passes over
// what is pending.
func WithSoftirqLoop(f softirqabi.Loop) Part { return func(p *Parts) { p.SoftIRQ.Loop = f } }

// WithIRQExit replaces irq_exit_rcu: what is done when a hard interrupt is
// over.
func WithIRQExit(f softirqabi.Exit) Part { return func(p *Parts) { p.SoftIRQ.Exit = f } }

// WithTasklets replaces how tasklets are scheduled (tasklet_schedule) and how
// they are run (tasklet_action_common).
func WithTasklets(schedule softirqabi.Schedule, action softirqabi.Action) Part {
	return func(p *Parts) { p.SoftIRQ.Schedule, p.SoftIRQ.Action = schedule, action }
}
