package softirq_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// Within a pass the lowest number comes first, in whatever order they were
// raised; what is raised during a pass waits for the next, even if it is
// higher.
func TestOrder(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler func(c *cpu.CPU)
		actions map[softirq.Nr]func(c *cpu.CPU)
		want    string
	}{
		{"by number", raise(6, 3, 0, 5), nil, "+6 +3 +0 +5 i<0 0> i<3 3> i<5 5> i<6 6>"},
		{"raised twice runs once", raise(3, 3), nil, "+3 +3 i<3 3>"},
		{"a higher one raised by a lower one", raise(0, 6), map[softirq.Nr]func(c *cpu.CPU){0: once(raise(5))},
			"+0 +6 i<0 +5 0> i<6 6> i<5 5>"},
		{"a lower one", raise(3, 6), map[softirq.Nr]func(c *cpu.CPU){3: once(raise(2))},
			"+3 +6 i<3 +2 3> i<6 6> i<2 2>"},
		{"itself", raise(3), map[softirq.Nr]func(c *cpu.CPU){3: once(raise(3))}, "+3 i<3 +3 3> i<3 3>"},
		{"one that is still to come in this pass", raise(2, 4), map[softirq.Nr]func(c *cpu.CPU){2: once(raise(4))},
			"+2 +4 i<2 +4 2> i<4 4> i<4 4>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, machine.Config{})
			r.handler = tt.handler
			for nr, fn := range tt.actions {
				r.actions[nr] = fn
			}
			r.interrupt()
			r.want(tt.want)
		})
	}
}

// once runs fn the first time alone.
func once(fn func(c *cpu.CPU)) func(c *cpu.CPU) {
	done := false
	return func(c *cpu.CPU) {
		if !done {
			done = true
			fn(c)
		}
	}
}

// times runs fn the first n times.
func times(n int, fn func(c *cpu.CPU)) func(c *cpu.CPU) {
	return func(c *cpu.CPU) {
		if n--; n >= 0 {
			fn(c)
		}
	}
}

// Ten passes, not ten restarts, and then the thread: only if something is still
// pending.
func TestTenPasses(t *testing.T) {
	pass := " i<3 +3 3>"
	for _, tt := range []struct {
		again int
		want  string
	}{
		{8, "+3" + strings.Repeat(pass, 8) + " i<3 3>"},
		{9, "+3" + strings.Repeat(pass, 9) + " i<3 3>"},
		{10, "+3" + strings.Repeat(pass, 10) + " W K k<3 3>"},
		{12, "+3" + strings.Repeat(pass, 10) + " W K" + strings.Repeat(" k<3 +3 3>", 2) + " k<3 3>"},
	} {
		r := newRig(t, machine.Config{})
		r.handler = raise(softirq.NetRX)
		r.actions[softirq.NetRX] = times(tt.again, raise(softirq.NetRX))
		before := softirq.Count(r.c, softirq.NetRX)
		r.interrupt()
		r.want(tt.want)
		if n := softirq.Count(r.c, softirq.NetRX) - before; n != uint64(tt.again+1) {
			t.Errorf("counted %d times, ran %d", n, tt.again+1)
		}
	}
}

// Softirqs without end are the thread's in the end, and it is a task among
// tasks: a program beside it gets its share.
func TestThreadIsFair(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.actions[softirq.NetRX] = func(c *cpu.CPU) {
		work(c, 20*sim.Microsecond)
		softirq.Raise(c, softirq.NetRX)
	}
	r.handler = raise(softirq.NetRX)
	r.must(r.m.Burn(here, sim.Second))
	r.must(r.m.Run(10 * sim.Millisecond))
	r.must(r.m.Interrupt(here, event))
	start, before := r.m.Now(), softirq.Ksoftirqd(r.c).SumExec()
	r.must(r.m.Run(400 * sim.Millisecond))
	share := float64(softirq.Ksoftirqd(r.c).SumExec()-before) / float64(r.m.Now()-start)
	if share < 0.4 || share > 0.6 {
		t.Errorf("ksoftirqd had %.0f %% of the processor beside a program, want about half", 100*share)
	}
}

// The limit of two milliseconds is a number of jiffies, rounded up, and the
// clock is looked at between passes alone: at the end of a pass the tick that
// counts must have come.
func TestTimeLimit(t *testing.T) {
	for _, tt := range []struct {
		hz, jiffies int
	}{{100, 1}, {250, 1}, {300, 1}, {1000, 2}} {
		jiffy := sim.Second / sim.Time(tt.hz)
		for _, x := range []struct {
			name  string
			begin sim.Time // in the jiffy
			took  sim.Time
			stays bool
		}{
			{"short", jiffy / 10, jiffy / 2, true},
			{"just before the last edge", jiffy / 10, sim.Time(tt.jiffies)*jiffy - jiffy/10 - 20*sim.Microsecond, true},
			{"just behind it", jiffy / 10, sim.Time(tt.jiffies)*jiffy - jiffy/10 + 20*sim.Microsecond, false},
			{"late in a jiffy", jiffy - 200*sim.Microsecond, sim.Time(tt.jiffies-1)*jiffy + 250*sim.Microsecond, false},
			{"very long", jiffy / 10, 3 * jiffy, false},
		} {
			t.Run(fmt.Sprintf("HZ=%d, %s", tt.hz, x.name), func(t *testing.T) {
				r := newRig(t, machine.Config{HZ: tt.hz, Append: "watchdog_thresh=0"})
				want := "+3 i<3 +3 3> i<3 3>"
				if !x.stays {
					want = "+3 i<3 +3 3> W K k<3 3>"
				}
				r.handler = func(c *cpu.CPU) {
					work(c, x.begin-c.Now()%jiffy)
					softirq.Raise(c, softirq.NetRX)
				}
				r.actions[softirq.NetRX] = once(func(c *cpu.CPU) {
					work(c, x.took)
					softirq.Raise(c, softirq.NetRX)
				})
				r.must(r.m.Run(jiffy - r.m.Now()%jiffy + jiffy/100))
				r.interrupt()
				r.want(want)
			})
		}
	}
}

// A task that should run ends the loop between two passes, and not within one.
func TestNeedResched(t *testing.T) {
	r := newRig(t, machine.Config{})
	var woken *sched.Task
	woken = sched.KThreadOn(r.c, here, "sleeper", func(t *sched.Task) {
		sched.SetState(t, sched.Interruptible)
		sched.Schedule(t.CPU())
	})
	r.must(r.m.RunIdle())
	r.mark()
	r.handler = raise(softirq.NetTX, softirq.Tasklet)
	r.actions[softirq.NetTX] = once(func(c *cpu.CPU) {
		sched.WakeUpProcess(c, woken)
		softirq.Raise(c, softirq.NetRX)
	})
	r.interrupt()
	r.want("+2 +6 i<2 +3 2> i<6 6> W K k<3 3>")
}

// What an action may rely on: interrupts on, one level of softirq, the
// interrupt stack, and an interrupted task that is whoever it is.
func TestContextOfAnAction(t *testing.T) {
	r := newRig(t, machine.Config{})
	seen := 0
	check := func(count uint32, stack string) func(c *cpu.CPU) {
		return func(c *cpu.CPU) {
			seen++
			if !c.IF() || preempt.Count(c) != count || !preempt.InServingSoftIRQ(c) || !preempt.InSoftIRQ(c) || preempt.InTask(c) ||
				!preempt.InInterrupt(c) || preempt.InHardIRQ(c) || preempt.InNMI(c) || preempt.Level(c) != 1 || c.Stack.Name != stack {
				t.Errorf("IF %v count %#x stack %s, want count %#x on %s", c.IF(), preempt.Count(c), c.Stack.Name, count, stack)
			}
			if softirq.Pending(c) != 0 {
				t.Errorf("pending %#x in the only softirq", softirq.Pending(c))
			}
		}
	}
	r.actions[softirq.NetRX] = check(0x101, "IRQ") // the idle task runs with preemption off
	r.handler = raise(softirq.NetRX)
	r.interrupt()
	r.actions[softirq.NetRX] = check(0x101, "IRQ") // one level of preempt_disable stands in for the section
	r.task(func(t *sched.Task) {
		softirq.BHDisable(t.CPU())
		softirq.Raise(t.CPU(), softirq.NetRX)
		softirq.BHEnable(t.CPU())
	})
	onThread := softirq.Ksoftirqd(r.c)
	r.actions[softirq.NetRX] = func(c *cpu.CPU) {
		seen++
		if preempt.Count(c) != 0x100 || c.Stack == entry.IRQStack(c) || sched.Current(c) != onThread {
			t.Errorf("in ksoftirqd: count %#x, stack %s, task %s", preempt.Count(c), c.Stack.Name, sched.Current(c))
		}
	}
	r.task(func(t *sched.Task) { softirq.Raise(t.CPU(), softirq.NetRX) })
	if seen != 3 {
		t.Errorf("%d actions of 3", seen)
	}
}

// An interrupt above a softirq does not run softirqs at its end: the loop below
// does, in its next pass. Nor does a section of disabled bottom halves in it.
func TestNoNesting(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.handler = raise(softirq.NetTX)
	r.actions[softirq.NetTX] = func(c *cpu.CPU) {
		r.handler = raise(softirq.NetRX, softirq.HI)
		r.now(c)
		if softirq.Pending(c) != 1<<softirq.NetRX|1<<softirq.HI {
			t.Errorf("%#x pending behind an interrupt in a softirq", softirq.Pending(c))
		}
		softirq.BHDisable(c)
		if preempt.Count(c) != 0x301 {
			t.Errorf("count %#x with bottom halves disabled in a softirq", preempt.Count(c))
		}
		softirq.BHEnable(c)
		softirq.Do(c)
	}
	r.interrupt()
	r.want("+2 i<2 +3 +0 2> i<0 0> i<3 3>")
}

// Softirqs run on every processor by themselves.
func TestInParallel(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4})
	running, most := 0, 0
	r.handler = raise(softirq.NetRX)
	r.actions[softirq.NetRX] = func(c *cpu.CPU) {
		running++
		most = max(most, running)
		work(c, 50*sim.Microsecond)
		running--
	}
	for n := range 4 {
		r.must(r.m.Interrupt(n, event))
	}
	r.must(r.m.RunIdle())
	if most != 4 {
		t.Errorf("the action ran on %d processors at once, want 4", most)
	}
}

// An NMI and the simple system vectors, of which the reschedule interrupt is
// one, do not look for softirqs when they end. All others do.
func TestWhoDoesNotLook(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.task(func(task *sched.Task) {
		c := task.CPU()
		c.CLI()
		softirq.RaiseBit(c, softirq.NetRX)
		c.NMI()
		c.Spend(cost.UserWork)
		if entry.StatsOf(c).NMI == 0 || softirq.Pending(c) != 1<<softirq.NetRX {
			t.Errorf("%d NMIs, and %#x pending", entry.StatsOf(c).NMI, softirq.Pending(c))
		}
		c.STI()
		before := entry.StatsOf(c).Reschedule
		r.must(r.m.Interrupt(here, entry.Reschedule))
		work(c, 5*sim.Microsecond)
		if entry.StatsOf(c).Reschedule != before+1 || softirq.Pending(c) != 1<<softirq.NetRX {
			t.Errorf("%d reschedule interrupts, and %#x pending", entry.StatsOf(c).Reschedule-before, softirq.Pending(c))
		}
		r.now(c)
		if softirq.Pending(c) != 0 {
			t.Errorf("%#x pending behind a device's interrupt", softirq.Pending(c))
		}
	})
	r.want("+3 t<3 3>")
}
