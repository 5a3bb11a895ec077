package tasklet_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
)

// fails lets fn run in an interrupt of CPU 1, and returns how the run ended.
func (r *rig) fails(fn func(c *cpu.CPU)) *oops.Report {
	r.Helper()
	r.handler = fn
	r.must(r.m.Interrupt(1, event))
	var rep *oops.Report
	if err := r.m.RunIdle(); !errors.As(err, &rep) {
		r.Fatalf("ended with %v", err)
	}
	return rep
}

// What a tasklet leaves behind wrongly is found at its end, and it is named: the
// one behind it has done nothing.
func TestReports(t *testing.T) {
	for _, tt := range []struct {
		name       string
		fn         func(c *cpu.CPU, _ *tasklet.Tasklet)
		rule, says string
	}{
		{"preemption", func(c *cpu.CPU, _ *tasklet.Tasklet) { preempt.Disable(c) }, "preempt_count leak", "with preempt_count 00000101, exited with 00000102?"},
		{"interrupts", func(c *cpu.CPU, _ *tasklet.Tasklet) { c.CLI() }, "IF left off", "disabled interrupts"},
	} {
		r := newRig(t, machine.Config{})
		var x tasklet.Tasklet
		tasklet.Setup(&x, "x_tasklet/x_fn", tt.fn)
		rep := r.fails(schedule(&x, r.note("innocent")))
		if rep.Rule != tt.rule || !strings.Contains(rep.Title, "softirq 6 TASKLET ") || !strings.HasSuffix(rep.Title, tt.says) || !slices.Contains(rep.Lines, "tasklet: x_tasklet") {
			t.Errorf("%s: %s: %s %q", tt.name, rep.Rule, rep.Title, rep.Lines)
		}
		if rep.Context[0] != "softirq TASKLET (x_tasklet/x_fn)" || len(r.log) != 0 {
			t.Errorf("%s: in %q, ran %v", tt.name, rep.Context, r.log)
		}
	}
}

// Between two tasklets the report names none.
func TestContext(t *testing.T) {
	r := newRig(t, machine.Config{Kernel: "6.12"})
	var seen []string
	tasklet.OnAction(r.m.CPUs()[0], func(c *cpu.CPU, _ bool) { seen = append(seen, softirq.ContextOf(c)[0]) })
	x := r.note("x")
	for range 2 {
		r.interrupt(1, schedule(x))
	}
	if want := []string{"softirq TASKLET", "softirq TASKLET"}; !slices.Equal(seen, want) {
		t.Errorf("%q", seen)
	}
}

// A part must turn interrupts off before it touches the list, or raises.
func TestPartsThatMeddle(t *testing.T) {
	for _, tt := range []struct {
		name     string
		schedule softirqabi.Schedule
		action   softirqabi.Action
	}{
		{"Append", func(l softirqabi.Tasklets, x softirqabi.Tasklet) {
			x.TestAndSetSched()
			l.EnableIRQ()
			l.Append(x)
		}, actLikeOurs},
		{"Raise", func(l softirqabi.Tasklets, x softirqabi.Tasklet) {
			x.TestAndSetSched()
			l.Append(x)
			l.EnableIRQ()
			l.Raise()
		}, actLikeOurs},
		{"Detach", scheduleLikeOurs, func(l softirqabi.Tasklets) { l.Detach() }},
		{"RaiseBit", scheduleLikeOurs, func(l softirqabi.Tasklets) { l.RaiseBit() }},
	} {
		r := newRig(t, machine.Config{}, machine.WithTasklets(tt.schedule, tt.action))
		rep := r.fails(schedule(r.note("x")))
		if rep.Rule != "IF set" || !strings.Contains(rep.Title, tt.name) || rep.CPU != 1 || rep.Why == "" {
			t.Errorf("%s: %s: %s on CPU %d", tt.name, rep.Rule, rep.Title, rep.CPU)
		}
	}
}

// What the operations cost: one atomic instruction each.
func TestCharges(t *testing.T) {
	r := newRig(t, machine.Config{})
	x := r.note("x")
	r.task(1, func(task *sched.Task) {
		c := task.CPU()
		c.CLI()
		for _, op := range []struct {
			name string
			do   func()
			took int64
		}{
			{"tasklet_disable_nosync", func() { tasklet.DisableNoSync(c, x) }, 6},
			{"tasklet_enable", func() { tasklet.Enable(c, x) }, 6},
			{"tasklet_schedule", func() { softirq.BHDisable(c); tasklet.Schedule(c, x) }, 1 + 6 + 1},
			{"tasklet_schedule of one that waits", func() { tasklet.Schedule(c, x) }, 6},
		} {
			start := c.Now()
			op.do()
			if took := int64(c.Now() - start); took != op.took {
				t.Errorf("%s took %d ns, want %d", op.name, took, op.took)
			}
		}
		c.STI()
		softirq.BHEnable(c)
	})
	r.want("x")
}
