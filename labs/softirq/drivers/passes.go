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

// Passes is the module passes: a device that interrupts CPU 1, and whose
// handler raises softirqs. Each of its files tries one thing when it is read,
// and tells what happened.
func Passes() machine.Module {
	files := []machine.File{
		{Name: "passes/order", Read: experiment(order)},
		{Name: "passes/again", Read: experiment(again)},
		{Name: "passes/on", Read: experiment(interruptsOn)},
		{Name: "passes/inside", Read: experiment(inside)},
		{Name: "passes/ten", Read: experiment(ten)},
		{Name: "passes/jiffy", Read: experiment(jiffy)},
		{Name: "passes/urgent", Read: experiment(urgent)},
		{Name: "passes/share", Read: experiment(share)},
		{Name: "passes/rcu", Read: experiment(grace)},
	}
	return machine.Module{Name: "passes", Files: files,
		Init: func(c *cpu.CPU) error { return spools.Of(c).start(c) },
		Exit: func(c *cpu.CPU) { spools.Of(c).stop(c) }}
}

// experiment makes a file of one: it begins when all else is over, and in the
// middle of a jiffy, so that no tick disturbs it unless it wants one.
func experiment(try func(s *spool, c *cpu.CPU) string) func(c *cpu.CPU) string {
	return func(c *cpu.CPU) string {
		s := spools.Of(c)
		s.reset()
		t := sched.Current(c)
		hrtimer.USleep(t, 40*sim.Millisecond)
		c = t.CPU()
		align(c, period(c)/2)
		s.woken = s.thread(c).Switches()
		text := try(s, c)
		c = t.CPU() // it may have slept
		return fmt.Sprintf("%s\nksoftirqd had the processor %d times, %s\n", text, s.thread(c).Switches()-s.woken, s.left(c))
	}
}

func (s *spool) thread(c *cpu.CPU) *sched.Task { return softirq.Ksoftirqd(c.Peers[s.home]) }

func period(c *cpu.CPU) sim.Time { return sim.Second / sim.Time(sched.HZ(c)) }

// align waits until the next tick is so far away.
func align(c *cpu.CPU, before sim.Time) {
	p := period(c)
	for c.Now()%p < p-before-10*sim.Microsecond || c.Now()%p > p-before {
		wire.Spend(c, 5*sim.Microsecond)
	}
}

// order raises three from the highest number to the lowest.
func order(s *spool, c *cpu.CPU) string {
	s.fire(c, softirq.IRQPoll, softirq.NetRX, softirq.NetTX)
	rest(c)
	return s.story()
}

// again raises more while actions run: some that are behind the present one in
// its pass, one before it, and the present one itself.
func again(s *spool, c *cpu.CPU) string {
	s.jobs[softirq.NetTX] = job{runs: 2, during: func(c *cpu.CPU, n int) {
		if n == 1 {
			s.raiseAll(c, softirq.NetRX, softirq.Tasklet, softirq.HI)
		}
	}}
	s.fire(c, softirq.NetTX, softirq.IRQPoll)
	rest(c)
	return s.story()
}

// interruptsOn lets another interrupt come while an action runs.
func interruptsOn(s *spool, c *cpu.CPU) string { return s.above(c) }

// above lets an interrupt raise something while the action of NET_RX runs.
func (s *spool) above(c *cpu.CPU, raise ...softirq.Nr) string {
	s.jobs[softirq.NetRX] = job{takes: 30 * sim.Microsecond}
	s.fire(c, softirq.NetRX)
	wire.Spend(c, 15*sim.Microsecond)
	s.fire(c, raise...)
	rest(c)
	return s.story()
}

// inside calls do_softirq where softirqs must not run: in an action, and where
// bottom halves are disabled.
func inside(s *spool, c *cpu.CPU) string {
	s.jobs[softirq.NetRX] = job{during: func(c *cpu.CPU, n int) {
		softirq.Raise(c, softirq.NetTX)
		s.tell("do_softirq")
		softirq.Do(c)
		s.tell("returns")
	}}
	s.fire(c, softirq.NetRX)
	rest(c)
	first := s.story()
	s.reset()
	sched.KThreadOn(c, s.home, "passes", func(t *sched.Task) {
		c := t.CPU()
		softirq.BHDisable(c)
		softirq.Raise(c, softirq.NetTX)
		s.tell("do_softirq")
		softirq.Do(c)
		s.tell("local_bh_enable")
		softirq.BHEnable(c)
	})
	rest(c)
	return fmt.Sprintf("in an action: %s\nwith bottom halves disabled: %s", first, s.story())
}

// ten lets one raise itself again and again, quickly.
func ten(s *spool, c *cpu.CPU) string {
	s.jobs[softirq.NetRX] = job{runs: 25, takes: sim.Microsecond}
	s.fire(c, softirq.NetRX)
	rest(c)
	return s.story()
}

// jiffy lets one raise itself again and again that takes its time: 1.2 ms pass
// until the kernel's clock has gone as far as the softirqs may go on. In the
// pass in which that happens another one comes behind it.
func jiffy(s *spool, c *cpu.CPU) string {
	s.jobs[softirq.NetRX] = job{runs: 5, takes: 500 * sim.Microsecond, during: func(c *cpu.CPU, n int) {
		if n == 2 {
			softirq.Raise(c, softirq.IRQPoll)
		}
	}}
	align(c, 1200*sim.Microsecond%period(c))
	s.fire(c, softirq.NetRX)
	wire.Spend(c, 4*sim.Millisecond)
	return s.story()
}

// urgent lets an action wake a task that should have the processor at once.
func urgent(s *spool, c *cpu.CPU) string {
	t := sched.Spawn(c, "urgent", sched.Attr{CPUs: []int{s.home}, Policy: sched.FIFO, RTPrio: 50}, func(t *sched.Task) {
		sched.SetState(t, sched.Interruptible)
		sched.Schedule(t.CPU())
		s.tell("the urgent task")
	})
	rest(c)
	s.jobs[softirq.NetRX] = job{runs: 6, takes: sim.Microsecond, during: func(c *cpu.CPU, n int) {
		if n == 3 {
			sched.WakeUpProcess(c, t)
		}
	}}
	s.fire(c, softirq.NetRX)
	rest(c)
	return s.story()
}

// storm lets NET_RX raise itself for so long, 50 us each time.
func (s *spool) storm(c *cpu.CPU, d sim.Time) {
	end := c.Now() + d
	s.jobs[softirq.NetRX] = job{takes: 50 * sim.Microsecond, during: func(c *cpu.CPU, n int) {
		if c.Now() < end {
			softirq.Raise(c, softirq.NetRX)
		}
	}}
	s.fire(c, softirq.NetRX)
}

// share lets softirqs come without end for 40 ms, above a program that wants
// 10 ms.
func share(s *spool, c *cpu.CPU) string {
	const storm = 40 * sim.Millisecond
	var done sim.Time
	begin := c.Now()
	sched.Spawn(c, "program", sched.Attr{CPUs: []int{s.home}, User: true}, func(t *sched.Task) {
		sched.Compute(t, 10*sim.Millisecond)
		done = t.CPU().Now() - begin
	})
	s.storm(c, storm)
	wire.Spend(c, storm+10*sim.Millisecond)
	if preempt.InServingSoftIRQ(c.Peers[s.home]) {
		return "softirqs run still"
	}
	return fmt.Sprintf("softirqs for 40 ms: the program's 10 ms were done meanwhile: %s", yes(done != 0 && done < storm))
}
