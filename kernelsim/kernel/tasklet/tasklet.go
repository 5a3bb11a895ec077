// Package tasklet models tasklets (kernel/softirq.c, include/linux/
// interrupt.h): functions that a driver lets run in a softirq, each on one
// processor at a time.
package tasklet

import (
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/kernel/wait"
	"bothhalves/kernelsim/oops"
)

// A Tasklet is a function that is to run once for all the times that it was
// scheduled while it waited (struct tasklet_struct). Setup prepares it.
type Tasklet struct {
	name string
	fn   func(c *cpu.CPU, t *Tasklet)

	next   *Tasklet // in the list in which it waits
	state  uint32
	count  int // atomic_t count: it is disabled while this is not 0
	waits  bool
	queue  wait.Queue // who waits for its state to change, once waits is set
	symbol [2]uint32  // its name and its function's among those of the trace
}

// The bits of a tasklet's state (TASKLET_STATE_SCHED, TASKLET_STATE_RUN).
const (
	scheduled uint32 = 1 << iota
	running
)

// Setup models tasklet_setup. name is the tasklet's symbol and, behind a slash,
// that of its function, if that is to have one: "keyboard_tasklet/kbd_bh". fn
// runs in softirq context, with interrupts on, and may not sleep.
func Setup(t *Tasklet, name string, fn func(c *cpu.CPU, t *Tasklet)) {
	*t = Tasklet{name: name, fn: fn}
}

// Name is the tasklet's symbol.
func (t *Tasklet) Name() string {
	name, _, _ := strings.Cut(t.name, "/")
	return name
}

// Function is its function's.
func (t *Tasklet) Function() string {
	if _, function, ok := strings.Cut(t.name, "/"); ok {
		return function
	}
	function, _, _ := strings.Cut(oops.Name(t.fn), "  ")
	return function
}

// Scheduled, Running and Enabled say what the tasklet does, for tests and
// views.
func (t *Tasklet) Scheduled() bool { return t.state&scheduled != 0 }

// Running says whether its function runs on some processor.
func (t *Tasklet) Running() bool { return t.state&running != 0 }

// Enabled says whether it may run.
func (t *Tasklet) Enabled() bool { return t.count == 0 }

// A Config holds what the machine puts in.
type Config struct {
	// Schedule and Action replace tasklet_schedule and tasklet_action_common;
	// nil: the defaults.
	Schedule softirqabi.Schedule
	Action   softirqabi.Action
}

// system is the package's state that all processors share.
type system struct {
	cfg  Config
	work func(c *cpu.CPU, high bool) // see OnAction
	told bool                        // that SCHED was clear
}

var shared = percpu.Shared[system]("tasklets")

// Init models softirq_init as far as tasklets go. Context: once, at boot, when
// the per-CPU areas stand.
func Init(c *cpu.CPU, cfg Config) {
	shared.Of(c).cfg = cfg
	for _, p := range c.Peers {
		vec.Raw(p).empty()
		hiVec.Raw(p).empty()
	}
	softirq.Open(c, softirq.Tasklet, taskletAction)
	softirq.Open(c, softirq.HI, taskletHiAction)
}

// OnAction lets fn run before the tasklets of each softirq of theirs: the work
// of BH workqueues (workqueue_softirq_action). It is not called in releases
// that have none. Context: boot.
func OnAction(c *cpu.CPU, fn func(c *cpu.CPU, high bool)) { shared.Of(c).work = fn }

// Schedule models tasklet_schedule: t runs soon, on this processor, unless it
// waits already somewhere. It is rescheduled while it runs: then it runs again
// afterwards. Context: any.
func Schedule(c *cpu.CPU, t *Tasklet) { schedule(c, t, low) }

// HiSchedule models tasklet_hi_schedule: in the first of the softirqs. A
// tasklet that waits among the others stays there.
func HiSchedule(c *cpu.CPU, t *Tasklet) { schedule(c, t, high) }

// schedule models tasklet_schedule and __tasklet_schedule_common.
func schedule(c *cpu.CPU, t *Tasklet, p priority) {
	if part := shared.Of(c).cfg.Schedule; part != nil {
		l := &list{c, p}
		part(l, l.view(t))
		return
	}
	flags := c.SaveFlags()
	if !t.set(c, scheduled) {
		p.head(c).append(t)
		softirq.RaiseIRQOff(c, p.softirq())
	}
	c.RestoreFlags(flags)
}

// set models test_and_set_bit: it says whether the bit was set already.
func (t *Tasklet) set(c *cpu.CPU, bit uint32) (was bool) {
	was = t.state&bit != 0
	t.state |= bit
	c.Spend(cost.AtomicRMW)
	return was
}

// DisableNoSync models tasklet_disable_nosync: t does not begin to run any
// more; it may be running. Calls nest. Context: any.
func DisableNoSync(c *cpu.CPU, t *Tasklet) {
	t.count++
	c.Spend(cost.AtomicRMW)
}

// Enable models tasklet_enable: it takes back one disabling. Nothing is raised:
// a tasklet that was scheduled meanwhile is being tried all along. Context:
// any.
func Enable(c *cpu.CPU, t *Tasklet) {
	t.count--
	c.Spend(cost.AtomicRMW)
}
