package softirq

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
)

// Leaked ends the run because nr's action has not left the processor as it
// found it: with a preempt_count of before, and interrupts on if on says so.
// Linux prints the first finding, puts the count back and goes on; it does not
// look for the second. fn is who did it, lines say more. Context: softirq.
func Leaked(c *cpu.CPU, nr Nr, fn any, before uint32, on bool, lines ...string) {
	r := oops.Report{CPU: c.ID, Lines: append(lines, "action: "+oops.Name(fn))}
	if after := preempt.Count(c); after != before {
		r.Rule = "preempt_count leak"
		r.Title = fmt.Sprintf("huh, entered softirq %d %s %s with preempt_count %08x, exited with %08x?", nr, nr, sched.Pointer(fn), before, after)
		r.Why = "what the action disabled or locked it must enable or unlock before it returns"
		oops.Raise(r)
	}
	if on {
		r.Rule = "IF left off"
		r.Title = fmt.Sprintf("softirq %d %s %s disabled interrupts", nr, nr, sched.Pointer(fn))
		r.Why = "a softirq's action runs with interrupts on and must return so: the next softirq relies on it, and the processor is deaf meanwhile"
	} else {
		r.Rule = "IF left on"
		r.Title = fmt.Sprintf("softirq %d %s %s enabled interrupts", nr, nr, sched.Pointer(fn))
		r.Why = "the action was called with interrupts off and must return so"
	}
	oops.Raise(r)
}

// ContextOf is sched.ContextOf, with the name of the softirq that c serves.
func ContextOf(c *cpu.CPU) []string {
	list := sched.ContextOf(c)
	for i := range list {
		if list[i] == "softirq" {
			list[i] += name(c)
		}
	}
	return list
}

// name is what follows the word softirq in a report: the softirq's name, and
// whose function it has called.
func name(c *cpu.CPU) string {
	s := states.Raw(c)
	switch {
	case !s.busy:
		return ""
	case s.function != "":
		return " " + s.serving.String() + " (" + s.function + ")"
	}
	return " " + s.serving.String()
}

// Calls says whose function the running action calls from now on, for reports:
// a tasklet's name; empty at its end. Context: softirq.
func Calls(c *cpu.CPU, function string) { states.Raw(c).function = function }
