package tasklet_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// event is the vector of the tests' interrupt.
const event cpu.Vector = 0x40

// A rig is a machine with an interrupt.
type rig struct {
	*testing.T
	m       *machine.Machine
	handler func(c *cpu.CPU)
	log     []string
}

func newRig(t *testing.T, cfg machine.Config, parts ...machine.Part) *rig {
	t.Helper()
	if cfg.CPUs == 0 {
		cfg.CPUs = 2
	}
	m, err := machine.Boot(cfg, parts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	r := &rig{T: t, m: m}
	r.must(entry.Request(m.CPUs()[0], event, "test", func(c *cpu.CPU, _ cpu.Vector) { r.handler(c) }))
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// interrupt lets fn run in an interrupt of CPU n, and all that follows.
func (r *rig) interrupt(n int, fn func(c *cpu.CPU)) {
	r.Helper()
	r.handler = fn
	r.must(r.m.Interrupt(n, event))
	r.must(r.m.RunIdle())
}

// task runs fn in a thread of CPU n, and lets all come to rest.
func (r *rig) task(n int, fn func(t *sched.Task)) {
	r.Helper()
	r.must(r.m.DoOn("task", []int{n}, func(c *cpu.CPU) { fn(sched.Current(c)) }))
	r.must(r.m.RunIdle())
}

// note is a tasklet that writes down its name.
func (r *rig) note(name string) *tasklet.Tasklet {
	t := new(tasklet.Tasklet)
	tasklet.Setup(t, name, func(*cpu.CPU, *tasklet.Tasklet) { r.log = append(r.log, name) })
	return t
}

// want compares what the tasklets have written down, and forgets it.
func (r *rig) want(text string) {
	r.Helper()
	if got := strings.Join(r.log, " "); got != text {
		r.Errorf("ran %q, want %q", got, text)
	}
	r.log = nil
}

// work takes d of time in small pieces.
func work(c *cpu.CPU, d sim.Time) {
	for end := c.Now() + d; c.Now() < end; {
		c.Spend(cost.ProbeLoop)
	}
}

// schedule schedules tasklets one after the other.
func schedule(list ...*tasklet.Tasklet) func(c *cpu.CPU) {
	return func(c *cpu.CPU) {
		for _, t := range list {
			tasklet.Schedule(c, t)
		}
	}
}
