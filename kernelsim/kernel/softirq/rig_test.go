package softirq_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// event is the vector of the tests' interrupt.
const event cpu.Vector = 0x40

// here is the processor that the tests look at.
const here = 1

// mine are the softirqs that the kernel itself does not raise here: their
// actions are the tests'.
var mine = []softirq.Nr{softirq.HI, softirq.NetTX, softirq.NetRX, softirq.Block, softirq.IRQPoll, softirq.Tasklet}

// A rig is a machine whose processor 1 the tests look at.
type rig struct {
	*testing.T
	m    *machine.Machine
	c    *cpu.CPU
	from uint64
	// handler is what the interrupt does; nil: nothing.
	handler func(c *cpu.CPU)
	// actions are what the softirqs do; nil: nothing.
	actions [softirq.NumSoftIRQs]func(c *cpu.CPU)
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
	r := &rig{T: t, m: m, c: m.CPUs()[here]}
	if err := entry.Request(r.c, event, "test", func(c *cpu.CPU, _ cpu.Vector) {
		if r.handler != nil {
			r.handler(c)
		}
	}); err != nil {
		t.Fatal(err)
	}
	for _, nr := range mine {
		softirq.Open(r.c, nr, func(c *cpu.CPU) {
			if r.actions[nr] != nil {
				r.actions[nr](c)
			}
		})
	}
	r.must(m.Run(100 * sim.Millisecond)) // the processors idle without ticks
	r.mark()
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// mark forgets what has been traced so far.
func (r *rig) mark() { r.from = r.m.Ring().Total() }

// interrupt lets the interrupt come, and all that follows from it.
func (r *rig) interrupt() {
	r.Helper()
	r.must(r.m.Interrupt(here, event))
	r.must(r.m.RunIdle())
}

// task runs fn in a thread on the processor, and lets all come to rest.
func (r *rig) task(fn func(t *sched.Task)) {
	r.Helper()
	r.must(r.m.DoOn("task", []int{here}, func(c *cpu.CPU) { fn(sched.Current(c)) }))
	r.must(r.m.RunIdle())
}

// now lets the interrupt come while c's code is at this very point.
func (r *rig) now(c *cpu.CPU) {
	r.must(r.m.Interrupt(here, event))
	for range 4 { // until it is here
		c.Spend(cost.UserWork)
	}
}

// work takes d of time in small pieces.
func work(c *cpu.CPU, d sim.Time) {
	for end := c.Now() + d; c.Now() < end; {
		c.Spend(cost.ProbeLoop)
	}
}

// softirqs lists what was traced of softirqs on the processor: +3 for a raise,
// <3 and 3> for entry and exit, with the letter of who was interrupted in
// front: i for the idle task, k for ksoftirqd, t for a task; W for ksoftirqd
// being woken, K for its being switched to. Softirqs that are not the tests'
// are left out.
func (r *rig) softirqs() string {
	var list []string
	for _, x := range r.m.Ring().From(r.from) {
		if int(x.CPU) == here {
			if s := r.describe(x); s != "" {
				list = append(list, s)
			}
		}
	}
	return strings.Join(list, " ")
}

func (r *rig) describe(x *trace.Record) string {
	thread := uint32(softirq.Ksoftirqd(r.c).PID)
	switch x.Kind {
	case trace.SchedWakeup:
		if x.A == thread {
			return "W"
		}
	case trace.SchedSwitch:
		if x.C == thread {
			return "K"
		}
	case trace.SoftIRQRaise:
		if slices.Contains(mine, softirq.Nr(x.A)) {
			return fmt.Sprintf("+%d", x.A)
		}
	case trace.SoftIRQEntry:
		if slices.Contains(mine, softirq.Nr(x.A)) {
			return fmt.Sprintf("%s<%d", r.who(x), x.A)
		}
	case trace.SoftIRQExit:
		if slices.Contains(mine, softirq.Nr(x.A)) {
			return fmt.Sprintf("%d>", x.A)
		}
	}
	return ""
}

// who is the letter of the task that a record's softirq has borrowed.
func (r *rig) who(x *trace.Record) string {
	switch int(x.Task) {
	case 0:
		return "i"
	case softirq.Ksoftirqd(r.c).PID:
		return "k"
	}
	return "t"
}

// want compares what was traced since the last mark.
func (r *rig) want(text string) {
	r.Helper()
	if got := r.softirqs(); got != text {
		r.Errorf("got  %s\nwant %s", got, text)
	}
}

func raise(list ...softirq.Nr) func(c *cpu.CPU) {
	return func(c *cpu.CPU) {
		for _, nr := range list {
			softirq.Raise(c, nr)
		}
	}
}
