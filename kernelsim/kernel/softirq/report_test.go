package softirq_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// deafLoop runs what is pending with interrupts off.
func deafLoop(p softirqabi.Processor) {
	p.Begin()
	for nr := range 10 {
		if p.Pending()&(1<<nr) != 0 {
			p.SetPending(p.Pending() &^ (1 << nr))
			p.Run(nr)
		}
	}
	p.End()
}

// What an action leaves behind wrongly ends the run, in Linux's words where
// Linux has some, and with the name of the softirq.
func TestReports(t *testing.T) {
	for _, tt := range []struct {
		name       string
		parts      []machine.Part
		action     softirq.Action
		rule, says string
		why, line  string
	}{
		{"preemption left off", nil, preempt.Disable,
			"preempt_count leak", "huh, entered softirq 3 NET_RX %p with preempt_count 00000101, exited with 00000102?",
			"what the action disabled or locked it must enable or unlock before it returns", "action: preempt.Disable  kernelsim/kernel/preempt/preempt.go"},
		{"bottom halves left off", nil, softirq.BHDisable,
			"preempt_count leak", "huh, entered softirq 3 NET_RX %p with preempt_count 00000101, exited with 00000301?", "what the action disabled", "action: softirq.BHDisable"},
		{"interrupts left off", nil, (*cpu.CPU).CLI,
			"IF left off", "softirq 3 NET_RX %p disabled interrupts", "runs with interrupts on and must return so", "action: cpu.(*CPU).CLI"},
		{"interrupts left on", []machine.Part{machine.WithSoftirqLoop(deafLoop)}, (*cpu.CPU).STI,
			"IF left on", "softirq 3 NET_RX %p enabled interrupts", "with interrupts off and must return so", "action: cpu.(*CPU).STI"},
		{"nothing left behind", []machine.Part{machine.WithSoftirqLoop(deafLoop)}, func(*cpu.CPU) {}, "", "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, machine.Config{}, tt.parts...)
			softirq.Open(r.c, softirq.NetRX, tt.action)
			r.handler = raise(softirq.NetRX)
			r.must(r.m.Interrupt(here, event))
			err := r.m.RunIdle()
			var rep *oops.Report
			if !errors.As(err, &rep) {
				if tt.rule != "" || err != nil {
					t.Fatalf("ended with %v", err)
				}
				return
			}
			says := strings.Replace(tt.says, "%p", sched.Pointer(tt.action), 1)
			if rep.Rule != tt.rule || rep.Title != says || !strings.Contains(rep.Why, tt.why) || rep.CPU != here {
				t.Errorf("%s: %s (%s) on CPU %d, want %s: %s", rep.Rule, rep.Title, rep.Why, rep.CPU, tt.rule, says)
			}
			if len(rep.Lines) == 0 || !strings.HasPrefix(rep.Lines[0], tt.line) {
				t.Errorf("lines %q", rep.Lines)
			}
			if rep.Context[0] != "softirq NET_RX" {
				t.Errorf("context %q", rep.Context)
			}
		})
	}
}

// The context names the softirq while its action runs, and whose function that
// has called; not between two actions.
func TestContextOf(t *testing.T) {
	slow := cost.Default()
	slow[cost.SoftIRQ] = 100_000
	r := newRig(t, machine.Config{Cost: &slow})
	var seen []string
	look := func(c *cpu.CPU) { seen = append(seen, strings.Join(softirq.ContextOf(c), " < ")) }
	r.actions[softirq.NetRX] = func(c *cpu.CPU) {
		look(c)
		softirq.Calls(c, "mine")
		look(c)
		softirq.Calls(c, "")
		look(c)
	}
	r.handler = raise(softirq.NetTX, softirq.NetRX)
	r.must(r.m.Interrupt(here, event))
	r.must(r.m.Run(50 * sim.Microsecond)) // in front of the first
	r.handler = look
	r.must(r.m.Interrupt(here, event))
	r.must(r.m.Run(100 * sim.Microsecond)) // between the two
	r.must(r.m.Interrupt(here, event))
	r.must(r.m.RunIdle())
	const idle = " < task swapper/1/0"
	want := []string{"hard interrupt < softirq" + idle, "hard interrupt < softirq" + idle,
		"softirq NET_RX" + idle, "softirq NET_RX (mine)" + idle, "softirq NET_RX" + idle}
	if !slices.Equal(seen, want) {
		t.Errorf("got  %q\nwant %q", seen, want)
	}
	seen = nil
	r.interrupt()
	if seen[0] != "hard interrupt"+idle {
		t.Errorf("without a softirq: %q", seen)
	}
}

// What things cost, and what their records hold.
func TestCharges(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.handler = raise(softirq.NetRX, softirq.NetTX)
	before := r.c.Profile().Count[cost.SoftIRQ]
	r.interrupt()
	if n := r.c.Profile().Count[cost.SoftIRQ] - before; n < 2 {
		t.Errorf("%d softirqs were charged of 2", n)
	}
	r.task(func(task *sched.Task) {
		c := task.CPU()
		start := c.Now()
		softirq.BHDisable(c)
		off := c.Now()
		softirq.BHEnable(c)
		if off-start != 1 || c.Now()-off != 1 {
			t.Errorf("disabling took %d ns, enabling %d", off-start, c.Now()-off)
		}
	})
	for _, x := range r.m.Ring().From(r.from) {
		if (x.Kind == trace.SoftIRQRaise || x.Kind == trace.SoftIRQEntry || x.Kind == trace.SoftIRQExit) && (x.B != 0 || x.C != 0 || x.D != 0) {
			t.Errorf("record %+v", *x)
		}
	}
}

// An action that nobody has opened is a call of address 0.
func TestNoAction(t *testing.T) {
	r := newRig(t, machine.Config{})
	softirq.Open(r.c, softirq.NetRX, nil)
	r.handler = raise(softirq.NetRX)
	r.must(r.m.Interrupt(here, event))
	var rep *oops.Report
	if err := r.m.RunIdle(); !errors.As(err, &rep) || rep.Title != "BUG: kernel NULL pointer dereference, address: 0000000000000000" ||
		!slices.Contains(rep.Lines, "#PF: error_code(0x0010) - not-present page") || !slices.Contains(rep.Context, "softirq NET_RX") {
		t.Errorf("ended with %v", err)
	}
}
