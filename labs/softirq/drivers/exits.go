package drivers

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/labs/softirq/wire"
)

// Exits is the module exits: the device of the module passes, whose interrupts
// come to tasks that are busy with this and that.
func Exits() machine.Module {
	files := []machine.File{
		{Name: "exits/task", Read: experiment(overTask)},
		{Name: "exits/nested", Read: experiment(overAction)},
		{Name: "exits/disabled", Read: experiment(overDisabled)},
		{Name: "exits/thread", Read: experiment(overThread)},
		{Name: "exits/idle", Read: experiment(overIdle)},
		{Name: "exits/tasklet", Read: experiment(overThreadWithTasklet)},
	}
	return machine.Module{Name: "exits", Files: files,
		Init: func(c *cpu.CPU) error { return spools.Of(c).start(c) },
		Exit: func(c *cpu.CPU) { spools.Of(c).stop(c) }}
}

// meanwhile lets an interrupt raise one while a task does something that takes
// 20 microseconds.
func (s *spool) meanwhile(c *cpu.CPU, raise softirq.Nr, do func(c *cpu.CPU)) {
	sched.KThreadOn(c, s.home, "exits", func(t *sched.Task) { do(t.CPU()) })
	wire.Spend(c, 10*sim.Microsecond)
	s.fire(c, raise)
	rest(c)
}

// busy is 20 microseconds of a task's work.
func (s *spool) busy(c *cpu.CPU, what string) {
	s.tell(what + " begins")
	wire.Spend(c, 20*sim.Microsecond)
	s.tell(what + " ends")
}

// overTask interrupts a task, and one that may not be preempted.
func overTask(s *spool, c *cpu.CPU) string {
	s.meanwhile(c, softirq.NetRX, func(c *cpu.CPU) { s.busy(c, "task") })
	first := s.story()
	s.reset()
	s.meanwhile(c, softirq.HI, func(c *cpu.CPU) {
		preempt.Disable(c)
		s.busy(c, "task")
		preempt.Enable(c)
	})
	return first + "\nwith preemption disabled: " + s.story()
}

// overAction interrupts an action, and raises a softirq of a lower number.
func overAction(s *spool, c *cpu.CPU) string { return s.above(c, softirq.NetTX) }

// overDisabled interrupts a task that has disabled bottom halves.
func overDisabled(s *spool, c *cpu.CPU) string {
	s.meanwhile(c, softirq.NetRX, func(c *cpu.CPU) {
		softirq.BHDisable(c)
		s.busy(c, "section")
		softirq.BHEnable(c)
		s.tell("local_bh_enable returns")
	})
	return s.story()
}

// overThread interrupts an urgent task that keeps ksoftirqd waiting.
func overThread(s *spool, c *cpu.CPU) string {
	s.behind(c, softirq.NetRX)
	return s.story()
}

// overThreadWithTasklet is overThread with a tasklet beside.
func overThreadWithTasklet(s *spool, c *cpu.CPU) string {
	s.behind(c, softirq.NetRX, softirq.Tasklet)
	return s.story()
}

// behind lets an interrupt raise something while ksoftirqd is runnable and
// waits behind an urgent task.
func (s *spool) behind(c *cpu.CPU, raise ...softirq.Nr) {
	sched.Spawn(c, "urgent", sched.Attr{CPUs: []int{s.home}, Policy: sched.FIFO, RTPrio: 50}, func(t *sched.Task) {
		softirq.Raise(t.CPU(), softirq.IRQPoll)
		s.busy(t.CPU(), "urgent task")
	})
	wire.Spend(c, 10*sim.Microsecond)
	s.fire(c, raise...)
	rest(c)
}

// Raises is the module raises: an interrupt raises something while ksoftirqd is
// runnable and waits behind an urgent task. What comes of it depends on the
// kernel's version.
func Raises() machine.Module {
	tell := func(what string, raise ...softirq.Nr) func(s *spool, c *cpu.CPU) string {
		return func(s *spool, c *cpu.CPU) string { return what + ": " + s.when(c, false, raise...) }
	}
	files := []machine.File{
		{Name: "raises/alone", Read: plain(tell("NET_RX alone", softirq.NetRX))},
		{Name: "raises/tasklet", Read: plain(tell("a tasklet", softirq.Tasklet))},
		{Name: "raises/both", Read: plain(tell("NET_RX with a tasklet", softirq.NetRX, softirq.Tasklet))},
		{Name: "raises/parked", Read: plain(func(s *spool, c *cpu.CPU) string {
			return "NET_RX while ksoftirqd is to be parked: " + s.when(c, true, softirq.NetRX)
		})},
		{Name: "raises/wait", Read: plain(waits)},
	}
	return machine.Module{Name: "raises", Files: files,
		Init: func(c *cpu.CPU) error { return spools.Of(c).start(c) },
		Exit: func(c *cpu.CPU) { spools.Of(c).stop(c) }}
}

// plain is experiment without the line about what is left.
func plain(try func(s *spool, c *cpu.CPU) string) func(c *cpu.CPU) string {
	return func(c *cpu.CPU) string {
		s := spools.Of(c)
		s.reset()
		t := sched.Current(c)
		hrtimer.USleep(t, 40*sim.Millisecond)
		align(t.CPU(), period(t.CPU())/2)
		return try(s, t.CPU()) + "\n"
	}
}

// when says whether the first of what an interrupt raises runs before the
// urgent task goes on, or later.
func (s *spool) when(c *cpu.CPU, park bool, raise ...softirq.Nr) string {
	if park {
		sched.KThreadOn(c, 2, "park", func(t *sched.Task) {
			wire.Spend(t.CPU(), 3*sim.Microsecond)
			k := s.thread(t.CPU())
			sched.Park(t, k)
			sched.Unpark(t.CPU(), k)
		})
	}
	s.behind(c, raise...)
	for _, what := range s.log {
		switch what {
		case raise[0].String():
			return "now"
		case "urgent task ends":
			return "later"
		}
	}
	return "never"
}

// waits is how long NET_RX waits behind an urgent task of 3 milliseconds.
func waits(s *spool, c *cpu.CPU) string {
	var raised, ran sim.Time
	s.handler = func(c *cpu.CPU) { raised = c.Now() }
	s.jobs[softirq.NetRX] = job{during: func(c *cpu.CPU, n int) { ran = c.Now() }}
	sched.Spawn(c, "urgent", sched.Attr{CPUs: []int{s.home}, Policy: sched.FIFO, RTPrio: 50}, func(t *sched.Task) {
		softirq.Raise(t.CPU(), softirq.IRQPoll)
		wire.Spend(t.CPU(), 3*sim.Millisecond)
	})
	wire.Spend(c, sim.Millisecond)
	s.fire(c, softirq.NetRX)
	wire.Spend(c, 5*sim.Millisecond)
	return fmt.Sprintf("NET_RX waits %d ms", (ran-raised+sim.Millisecond/2)/sim.Millisecond)
}
