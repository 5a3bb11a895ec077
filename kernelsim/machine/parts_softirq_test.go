package machine_test

import (
	"slices"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// way notes which parts a tasklet's softirq leads through.
type way struct{ steps []string }

// parts are the four, each of the simplest kind that works.
func (w *way) parts() []machine.Part {
	tell := func(what string) { w.steps = append(w.steps, what) }
	return []machine.Part{
		machine.WithIRQExit(func(r softirqabi.Return) {
			r.LeaveHardIRQ()
			if mask := r.Pending(); mask>>softirq.Tasklet&1 != 0 && !r.InInterrupt() && !r.Forced() && !r.ThreadHasIt(mask) {
				tell("exit")
			}
			if r.Pending() != 0 && !r.InInterrupt() {
				r.Do()
			}
			r.TickExit()
		}),
		machine.WithSoftirqLoop(func(p softirqabi.Processor) {
			if p.InInterrupt() {
				return
			}
			p.Begin()
			for mask := p.Pending(); mask != 0; mask = p.Pending() {
				p.SetPending(0)
				if mask>>softirq.Tasklet&1 != 0 {
					tell(map[bool]string{false: "loop", true: "loop by the thread"}[p.ByThread()])
				}
				p.EnableIRQ()
				for nr := range int(softirq.NumSoftIRQs) {
					if mask>>nr&1 != 0 {
						p.Run(nr)
					}
				}
				p.DisableIRQ()
			}
			p.End()
		}),
		machine.WithTasklets(func(l softirqabi.Tasklets, t softirqabi.Tasklet) {
			if t.TestAndSetSched() {
				return
			}
			tell("schedule")
			flags := l.SaveIRQ()
			l.Append(t)
			l.Raise()
			l.RestoreIRQ(flags)
		}, func(l softirqabi.Tasklets) {
			l.DisableIRQ()
			t := l.Detach()
			l.EnableIRQ()
			for t != nil {
				next := t.Next()
				if t.TryLock() {
					tell("action")
					t.ClearSched()
					t.Call()
					t.Unlock()
				}
				t = next
			}
		}),
	}
}

// TestSoftirqParts: the way of a tasklet leads through the parts, from an
// interrupt and from a task.
func TestSoftirqParts(t *testing.T) {
	var w way
	m := boot(t, machine.Config{CPUs: 2}, w.parts()...)
	var bell tasklet.Tasklet
	tasklet.Setup(&bell, "bell", func(*cpu.CPU, *tasklet.Tasklet) { w.steps = append(w.steps, "tasklet") })
	for _, tc := range []struct {
		from string
		ring func(c *cpu.CPU)
		want []string
	}{
		{"an interrupt", func(c *cpu.CPU) {
			apic.CallOn(c, 1, func(c *cpu.CPU) { tasklet.Schedule(c, &bell) }, true)
		}, []string{"schedule", "exit", "loop", "action", "tasklet"}},
		{"a task", func(c *cpu.CPU) { tasklet.Schedule(c, &bell) },
			[]string{"schedule", "loop by the thread", "action", "tasklet"}},
	} {
		w.steps = nil
		if err := m.Do("ring", tc.ring); err != nil {
			t.Fatal(err)
		}
		if err := m.Run(sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(w.steps, tc.want) {
			t.Errorf("from %s the way was %q, want %q", tc.from, w.steps, tc.want)
		}
	}
}

// TestSoftirqPartsAreWatched: a part that leaves the processor as it should not
// be ends the run with a report, not with a machine that stands still.
func TestSoftirqPartsAreWatched(t *testing.T) {
	for _, tc := range []struct {
		rule string
		part machine.Part
	}{
		{"preempt_count leak", machine.WithIRQExit(func(r softirqabi.Return) { r.TickExit() })},
		{"preempt_count leak", machine.WithSoftirqLoop(func(p softirqabi.Processor) { p.SetPending(0); p.Begin() })},
		{"IF left on", machine.WithSoftirqLoop(func(p softirqabi.Processor) { p.SetPending(0); p.EnableIRQ() })},
		{"no such softirq", machine.WithSoftirqLoop(func(p softirqabi.Processor) { p.Run(int(softirq.NumSoftIRQs)) })},
		{"IF set", machine.WithTasklets(nil, func(l softirqabi.Tasklets) { l.Detach() })},
	} {
		m, err := machine.Boot(machine.Config{CPUs: 2}, tc.part)
		if err == nil {
			err = m.Do("ring", func(c *cpu.CPU) {
				apic.CallOn(c, 1, func(c *cpu.CPU) { softirq.Raise(c, softirq.Tasklet) }, true)
			})
			if err == nil {
				err = m.Run(sim.Millisecond)
			}
		}
		if r := m.Report(); err == nil || r == nil || r.Rule != tc.rule {
			t.Errorf("%s: error %v, report %v", tc.rule, err, r)
		}
	}
}
