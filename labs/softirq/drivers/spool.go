// Package drivers holds what the lab's tasks load into the machine: softirqs
// that do as they are told, tasklets that try to meet, and a card and a service
// that want the same processor.
package drivers

import (
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/sim"
	"bothhalves/labs/softirq/wire"
)

// A job is what a softirq does in an experiment.
type job struct {
	runs   int                     // it raises itself until it has run so often
	takes  sim.Time                // how long it takes
	during func(c *cpu.CPU, n int) // what it does in its n-th run; nil: nothing
}

// A spool is a wire at one processor whose handler raises softirqs, three of
// them with the spool's own actions, and what came of it.
type spool struct {
	wire.Wire
	home            int
	raise           []softirq.Nr     // by the next interrupt's handler
	handler         func(c *cpu.CPU) // what it does beside that; nil: nothing
	tasklet, urgent tasklet.Tasklet  // normal, and of high priority
	jobs            [softirq.NumSoftIRQs]job
	ran             [softirq.NumSoftIRQs]int
	inside          string // the softirq whose action runs, empty if none does
	log             []string
	woken           uint64 // how often ksoftirqd had the processor when the experiment began
}

var spools = percpu.Shared[spool]("softirq_spool")

// own are the softirqs of which the spool has the actions. No other part of
// the machine uses them while there is no network card.
func own() []softirq.Nr { return []softirq.Nr{softirq.NetTX, softirq.NetRX, softirq.IRQPoll} }

// start prepares a spool on CPU 1.
func (s *spool) start(c *cpu.CPU) error {
	*s = spool{home: 1}
	if len(c.Peers) <= s.home {
		return fmt.Errorf("boot with -cpus 2 or more: %w", errno.ENODEV)
	}
	if err := wire.New(c, &s.Wire, s.home); err != nil {
		return err
	}
	for _, nr := range own() {
		softirq.Open(c, nr, func(c *cpu.CPU) { s.act(c, nr) })
	}
	tasklet.Setup(&s.tasklet, "spool", func(c *cpu.CPU, _ *tasklet.Tasklet) { s.tell("TASKLET" + s.where(c)) })
	tasklet.Setup(&s.urgent, "spool_hi", func(c *cpu.CPU, _ *tasklet.Tasklet) { s.tell("HI" + s.where(c)) })
	return irq.Request(c, s.IRQ(), s.interrupt, irq.NoThread, "spool", s)
}

func (s *spool) stop(c *cpu.CPU) {
	_, _ = irq.Free(c, s.IRQ(), s) // it was requested
	s.Free(c)
	for _, nr := range own() {
		softirq.Open(c, nr, nothing)
	}
}

// nothing is the action of a softirq whose module has gone.
func nothing(*cpu.CPU) {}

// reset forgets the last experiment.
func (s *spool) reset() {
	s.jobs, s.ran = [softirq.NumSoftIRQs]job{}, [softirq.NumSoftIRQs]int{}
	s.raise, s.handler, s.log, s.inside = nil, nil, s.log[:0], ""
}

// tell notes what happens, for a while.
func (s *spool) tell(what string) {
	if len(s.log) < 5000 {
		s.log = append(s.log, what)
	}
}

// story is what happened, in order. The same thing again and again is counted.
func (s *spool) story() string {
	var parts []string
	for i := 0; i < len(s.log); {
		n := 1
		for i+n < len(s.log) && s.log[i+n] == s.log[i] {
			n++
		}
		if n == 1 {
			parts = append(parts, s.log[i])
		} else {
			parts = append(parts, fmt.Sprintf("%s ×%d", s.log[i], n))
		}
		i += n
	}
	return strings.Join(parts, ", ")
}

// interrupt is the handler: it raises what it was told to.
func (s *spool) interrupt(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
	if s.inside == "" {
		s.tell("interrupt")
	} else {
		s.tell("interrupt in " + s.inside)
	}
	s.raiseAll(c, s.raise...)
	if s.handler != nil {
		s.handler(c)
	}
	return irq.Handled
}

// raiseAll raises some. Context: any.
func (s *spool) raiseAll(c *cpu.CPU, list ...softirq.Nr) {
	for _, nr := range list {
		switch nr {
		case softirq.HI:
			tasklet.HiSchedule(c, &s.urgent)
		case softirq.Tasklet:
			tasklet.Schedule(c, &s.tasklet)
		default:
			softirq.Raise(c, nr)
		}
	}
}

// act is the action of each of the softirqs.
func (s *spool) act(c *cpu.CPU, nr softirq.Nr) {
	s.tell(nr.String() + s.where(c))
	below := s.inside
	s.inside = nr.String()
	s.ran[nr]++
	j := &s.jobs[nr]
	if j.during != nil {
		j.during(c, s.ran[nr])
	}
	wire.Spend(c, j.takes)
	if s.ran[nr] < j.runs {
		softirq.Raise(c, nr)
	}
	s.inside = below
}

// where is who runs the action, if it is not the way out of an interrupt, or
// which one it has interrupted.
func (s *spool) where(c *cpu.CPU) string {
	switch {
	case s.inside != "":
		return " inside " + s.inside
	case sched.Current(c) == softirq.Ksoftirqd(c):
		return " by ksoftirqd"
	}
	return ""
}

// fire lets an interrupt raise some softirqs, and waits until all is over.
func (s *spool) fire(c *cpu.CPU, raise ...softirq.Nr) {
	s.raise = slices.Clone(raise)
	s.Pulse(c)
}

// rest lets time pass until all that is under way must be over.
func rest(c *cpu.CPU) { wire.Spend(c, 300*sim.Microsecond) }

// left is what the processor is left with.
func (s *spool) left(c *cpu.CPU) string {
	p := c.Peers[s.home]
	var names []string
	for nr := softirq.HI; nr < softirq.NumSoftIRQs; nr++ {
		if softirq.Pending(p)>>nr&1 != 0 {
			names = append(names, nr.String())
		}
	}
	if len(names) == 0 {
		names = []string{"nothing"}
	}
	return fmt.Sprintf("pending: %s, in softirq: %s", strings.Join(names, " "), yes(preempt.InServingSoftIRQ(p)))
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
