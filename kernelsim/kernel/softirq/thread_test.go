package softirq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// There is a thread for each processor, a fair one, and bound to it.
func TestThreads(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 3})
	for n, p := range r.m.CPUs() {
		k := softirq.Ksoftirqd(p)
		if want := []string{"ksoftirqd/0", "ksoftirqd/1", "ksoftirqd/2"}[n]; k.Comm != want || k.Prio() != 120 || k.CPU() != p || k.State != sched.Interruptible {
			t.Errorf("CPU %d has %s, prio %d, on CPU %d, state %#x", n, k.Comm, k.Prio(), k.CPU().ID, k.State)
		}
		for other := range 3 {
			if k.Allowed(other) != (other == n) {
				t.Errorf("%s may run on CPU %d: %v", k.Comm, other, k.Allowed(other))
			}
		}
	}
}

// A wake-up for nothing does no harm: the thread looks, and sleeps again.
func TestThreadWokenForNothing(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.task(func(t *sched.Task) { sched.WakeUpProcess(t.CPU(), softirq.Ksoftirqd(t.CPU())) })
	r.want("W K")
	if k := softirq.Ksoftirqd(r.c); k.State != sched.Interruptible {
		t.Errorf("ksoftirqd is in state %#x", k.State)
	}
}

// The thread goes with its processor, and comes back with it; its counts stay.
func TestHotplug(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.handler = raise(softirq.NetRX)
	r.interrupt()
	k, n := softirq.Ksoftirqd(r.c), softirq.Count(r.c, softirq.NetRX)
	for range 3 {
		var err error
		r.must(r.m.Do("down", func(c *cpu.CPU) { err = hotplug.Down(sched.Current(c), here) }))
		r.must(err)
		if k.State != sched.Parked || softirq.Ksoftirqd(r.c) != k || softirq.Count(r.c, softirq.NetRX) != n {
			t.Errorf("of a processor that has gone: state %#x, %d counted of %d", k.State, softirq.Count(r.c, softirq.NetRX), n)
		}
		r.must(r.m.Do("up", func(c *cpu.CPU) { err = hotplug.Up(sched.Current(c), here) }))
		r.must(err)
		r.must(r.m.Run(20 * sim.Millisecond))
		r.mark()
		r.task(func(t *sched.Task) { softirq.Raise(t.CPU(), softirq.NetRX) })
		r.want("+3 W K k<3 3>")
		n++
	}
}

// The thread tells RCU of each pass, others do not: rcu_softirq_qs.
func TestQuiescent(t *testing.T) {
	r := newRig(t, machine.Config{})
	told := 0
	softirq.Init(r.c, softirq.Config{Rules: softirq.RulesOf("6.1"), Quiescent: func(c *cpu.CPU) {
		if c == r.c {
			told++
		}
	}})
	r.handler = raise(softirq.NetRX)
	r.interrupt()
	if told != 0 {
		t.Errorf("told %d times at the end of an interrupt", told)
	}
	r.actions[softirq.NetRX] = times(2, raise(softirq.NetRX))
	r.task(func(t *sched.Task) { softirq.Raise(t.CPU(), softirq.NetRX) })
	if told != 3 {
		t.Errorf("told %d times of 3 passes", told)
	}
	r.mark()
	r.task(func(t *sched.Task) { // without a stack of their own
		softirq.BHDisable(t.CPU())
		softirq.Raise(t.CPU(), softirq.NetRX)
		softirq.BHEnable(t.CPU())
	})
	r.want("+3 t<3 3>")
	softirq.Init(r.c, softirq.Config{Rules: softirq.RulesOf("6.1"), Loop: loopPart, Quiescent: func(*cpu.CPU) { told++ }})
	told = 0
	r.task(func(t *sched.Task) { softirq.Raise(t.CPU(), softirq.NetRX) })
	if told != 1 {
		t.Errorf("told %d times by a part", told)
	}
}

// The thread can be told to end, and leaves nothing behind.
func TestThreadEnds(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.task(func(t *sched.Task) { softirq.Raise(t.CPU(), softirq.NetRX) })
	k := softirq.Ksoftirqd(r.c)
	r.task(func(t *sched.Task) { sched.KThreadStopWait(t, k) })
	if k.State != sched.Dead {
		t.Errorf("it is in state %#x", k.State)
	}
}

// The tick hears of interrupts of an idle processor alone, of the outermost one
// at its beginning, and at its end if it idles on.
func TestTickHears(t *testing.T) {
	t.Run("default", func(t *testing.T) { tickHears(t, nil) })
	t.Run("part", func(t *testing.T) { tickHears(t, exitPart) })
}

func tickHears(t *testing.T, exit softirqabi.Exit) {
	r := newRig(t, machine.Config{})
	text := ""
	note := func(s string) func(c *cpu.CPU) {
		return func(c *cpu.CPU) {
			if c == r.c {
				text += s
			}
		}
	}
	softirq.Init(r.c, softirq.Config{Rules: softirq.RulesOf("6.1"), Exit: exit, TickEnter: note("("), TickExit: note(")")})
	r.handler = note("x")
	r.interrupt()
	if text != "(x)" {
		t.Errorf("idle: %s, want (x)", text)
	}
	text = ""
	r.handler = raise(softirq.NetRX)
	r.actions[softirq.NetRX] = func(c *cpu.CPU) {
		r.handler = note("x")
		r.now(c)
	}
	r.interrupt()
	if text != "(x))" { // the inner one is no outermost, but ends on an idle processor
		t.Errorf("interrupt in a softirq: %s, want (x))", text)
	}
	r.task(func(t *sched.Task) {
		text = ""
		r.now(t.CPU())
	})
	if text[0] != 'x' {
		r.Errorf("in a task: %s", text)
	}
	wakes := sched.KThreadOn(r.c, here, "sleeper", func(t *sched.Task) {
		sched.SetState(t, sched.Interruptible)
		sched.Schedule(t.CPU())
		text += "!"
	})
	r.must(r.m.RunIdle())
	text = ""
	r.handler = func(c *cpu.CPU) { sched.WakeUpProcess(c, wakes) }
	r.interrupt()
	if text != "(!" {
		t.Errorf("an interrupt that wakes a task: %s, want (!", text)
	}
}

// Nothing on the way allocates.
func TestAllocatesNothing(t *testing.T) {
	r := newRig(t, machine.Config{TraceLimit: 1024})
	r.task(func(task *sched.Task) {
		c := task.CPU()
		irq := func() {
			c.CLI()
			emptyPass(c)
			c.STI()
		}
		bh := func() {
			softirq.BHDisable(c)
			softirq.Raise(c, softirq.NetRX)
			softirq.BHEnable(c)
		}
		thread := func() {
			softirq.Raise(c, softirq.NetRX)
			sched.Schedule(c)
		}
		for range 2000 { // the trace has its size then
			irq()
			bh()
		}
		for name, fn := range map[string]func(){"irq_exit": irq, "local_bh_enable": bh, "ksoftirqd": thread} {
			if n := testing.AllocsPerRun(200, fn); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	})
}

// Nor do the parts, but for what they do themselves.
func TestPartsAllocateNothing(t *testing.T) {
	r := newRig(t, machine.Config{TraceLimit: 1024}, machine.WithSoftirqLoop(loopPart), machine.WithIRQExit(exitPart))
	r.task(func(task *sched.Task) {
		c := task.CPU()
		c.CLI()
		for range 2000 {
			emptyPass(c)
		}
		if n := testing.AllocsPerRun(200, func() { emptyPass(c) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
		c.STI()
	})
}
