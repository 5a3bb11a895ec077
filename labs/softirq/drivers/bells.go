package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/labs/softirq/wire"
)

// Bells is the module bells: three tasklets, and two devices whose interrupts
// schedule them, on CPU 1 and on CPU 2. Each of its files tries one thing when
// it is read, and tells what happened.
func Bells() machine.Module {
	try := func(name string, f func(b *bells, c *cpu.CPU) string) machine.File {
		return machine.File{Name: "bells/" + name, Read: func(c *cpu.CPU) string {
			b := bellsOf.Of(c)
			b.reset()
			return f(b, c) + "\n"
		}}
	}
	return machine.Module{Name: "bells", Init: startBells, Exit: stopBells, Files: []machine.File{
		try("twice", ringTwice), try("order", ringInOrder), try("task", ringFromTask), try("itself", ringItself),
		try("meanwhile", ringMeanwhile), try("both", ringOnBoth), try("disabled", ringDisabled), try("storm", ringStorm)}}
}

// A bell is a tasklet and what it does.
type bell struct {
	tasklet.Tasklet
	name        string
	takes       sim.Time
	again       int // so often it schedules itself
	rings, runs int // how often it was scheduled, and run
	open        int // times it was scheduled since its last run began
	inside      int
	most        int
}

// bells is what all share.
type bells struct {
	wires [2]wire.Wire // to CPU 1 and CPU 2
	next  [2][]*bell   // what the next interrupt's handler schedules
	a     [3]bell
	log   []string
}

var bellsOf = percpu.Shared[bells]("softirq_bells")

func startBells(c *cpu.CPU) error {
	if len(c.Peers) < 3 {
		return fmt.Errorf("bells: boot with -cpus 3 or more: %w", errno.ENODEV)
	}
	b := bellsOf.Of(c)
	*b = bells{}
	for i := range b.wires {
		if err := wire.New(c, &b.wires[i], i+1); err != nil {
			return err
		}
		err := irq.Request(c, b.wires[i].IRQ(), func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
			for _, x := range b.next[i] {
				b.ring(c, x)
			}
			return irq.Handled
		}, irq.NoThread, "bells", b)
		if err != nil {
			return err
		}
	}
	for i := range b.a {
		x := &b.a[i]
		x.name = string(rune('A' + i))
		tasklet.Setup(&x.Tasklet, x.name, func(c *cpu.CPU, _ *tasklet.Tasklet) { b.run(c, x) })
	}
	return nil
}

func stopBells(c *cpu.CPU) {
	b := bellsOf.Of(c)
	for i := range b.wires {
		_, _ = irq.Free(c, b.wires[i].IRQ(), b) // it was requested
		b.wires[i].Free(c)
	}
	for i := range b.a {
		tasklet.Kill(sched.Current(c), &b.a[i].Tasklet)
	}
}

// reset forgets the last experiment.
func (b *bells) reset() {
	for i := range b.a {
		x := &b.a[i]
		x.takes, x.again, x.rings, x.runs, x.open, x.most = 0, 0, 0, 0, 0, 0
	}
	b.log = b.log[:0]
}

// ring schedules a tasklet.
func (b *bells) ring(c *cpu.CPU, x *bell) {
	x.rings++
	x.open++
	tasklet.Schedule(c, &x.Tasklet)
}

// run is the function of all of them.
func (b *bells) run(c *cpu.CPU, x *bell) {
	b.tell("%s on CPU %d%s", x.name, c.ID, byThread(c))
	x.runs++
	x.open = 0
	x.inside++
	x.most = max(x.most, x.inside)
	if x.again > 0 {
		x.again--
		b.ring(c, x)
	}
	wire.Spend(c, x.takes)
	if x.takes > 0 {
		b.tell("%s ends", x.name)
	}
	x.inside--
}

func byThread(c *cpu.CPU) string {
	if sched.Current(c) == softirq.Ksoftirqd(c) {
		return " by ksoftirqd"
	}
	return ""
}

func (b *bells) tell(format string, args ...any) {
	if len(b.log) < 16 {
		b.log = append(b.log, fmt.Sprintf(format, args...))
	}
}

func (b *bells) story() string { return strings.Join(b.log, ", ") }

// fire lets the interrupt of CPU n schedule some.
func (b *bells) fire(c *cpu.CPU, n int, list ...*bell) {
	b.next[n-1] = list
	b.wires[n-1].Pulse(c)
}

// ringTwice schedules one twice before it can run.
func ringTwice(b *bells, c *cpu.CPU) string {
	b.fire(c, 1, &b.a[0], &b.a[0])
	rest(c)
	return b.story()
}

// ringInOrder schedules three, and the first one again.
func ringInOrder(b *bells, c *cpu.CPU) string {
	b.fire(c, 1, &b.a[2], &b.a[0], &b.a[1], &b.a[2])
	rest(c)
	return b.story()
}

// ringFromTask schedules one where no interrupt ends.
func ringFromTask(b *bells, c *cpu.CPU) string {
	sched.KThreadOn(c, 1, "bells", func(t *sched.Task) {
		b.ring(t.CPU(), &b.a[0])
		b.tell("scheduled by a task")
	})
	rest(c)
	return b.story()
}

// ringItself has one that schedules itself, and another one behind it.
func ringItself(b *bells, c *cpu.CPU) string {
	b.a[0].again = 2
	b.fire(c, 1, &b.a[0], &b.a[1])
	rest(c)
	return b.story()
}

// ringMeanwhile schedules one from an interrupt that comes while it runs.
func ringMeanwhile(b *bells, c *cpu.CPU) string {
	b.a[0].takes = 30 * sim.Microsecond
	b.fire(c, 1, &b.a[0])
	wire.Spend(c, 15*sim.Microsecond)
	b.fire(c, 1, &b.a[0])
	rest(c)
	return b.story()
}

// ringOnBoth schedules one on a second processor while it runs on the first,
// with another one behind it, which nobody keeps from running.
func ringOnBoth(b *bells, c *cpu.CPU) string {
	b.a[0].takes, b.a[1].takes = 30*sim.Microsecond, 10*sim.Microsecond
	b.fire(c, 1, &b.a[0])
	wire.Spend(c, 5*sim.Microsecond)
	b.fire(c, 2, &b.a[0], &b.a[1])
	rest(c)
	return b.story()
}

// ringDisabled schedules one that is disabled, with another one behind it.
func ringDisabled(b *bells, c *cpu.CPU) string {
	tasklet.DisableNoSync(c, &b.a[0].Tasklet)
	b.fire(c, 1, &b.a[0], &b.a[1])
	rest(c)
	b.tell("enabled")
	tasklet.Enable(c, &b.a[0].Tasklet)
	rest(c)
	return b.story()
}

// ringStorm lets interrupts come to both processors, in hundreds of distances
// to each other, and asks whether a run began behind each scheduling.
func ringStorm(b *bells, c *cpu.CPU) string {
	b.a[0].takes, b.a[1].takes = 700, 300
	for k := range 300 {
		b.fire(c, 1, &b.a[0], &b.a[k%3])
		wire.Spend(c, sim.Time(k*37%2300))
		b.fire(c, 2, &b.a[k/3%3], &b.a[0])
		wire.Spend(c, sim.Time(k*61%1700))
	}
	rest(c)
	var wrong []string
	for i := range b.a {
		switch x := &b.a[i]; {
		case x.open > 0:
			wrong = append(wrong, fmt.Sprintf("%s was scheduled, and has not run since", x.name))
		case x.most > 1:
			wrong = append(wrong, fmt.Sprintf("%s ran on two processors at once", x.name))
		case x.runs > x.rings:
			wrong = append(wrong, fmt.Sprintf("%s ran more often than it was scheduled", x.name))
		case x.Scheduled() || x.Running():
			wrong = append(wrong, fmt.Sprintf("%s is left scheduled: %s, running: %s", x.name, yes(x.Scheduled()), yes(x.Running())))
		}
	}
	if len(wrong) > 0 {
		return strings.Join(wrong, "\n")
	}
	for i := range b.a {
		tasklet.Kill(sched.Current(c), &b.a[i].Tasklet)
	}
	return "a run began behind each of 1200 schedulings, and none beside another; all killed"
}
