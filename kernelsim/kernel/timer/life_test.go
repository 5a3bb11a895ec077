package timer_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A deferrable timer does not wake an idle processor; it runs when something
// else has.
func TestDeferrable(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"})
	l := &log{}
	w := l.timer("w")
	w.Flags = timer.Deferrable
	do(t, m, 0, func(task *sched.Task) { timer.Mod(task.CPU(), w, timer.Jiffies(task.CPU())+5) })
	run(t, m, sim.Second)
	if len(l.calls) != 0 {
		t.Fatalf("it ran on an idle processor: %v", l.calls)
	}
	if err := m.Burn(0, 20*sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	run(t, m, 20*sim.Millisecond)
	if len(l.calls) != 1 || l.err != nil {
		t.Errorf("%v %v on a busy one", l.calls, l.err)
	}
}

// An IRQSafe timer's function runs with interrupts off, and may be waited for
// in a hard interrupt; for others that is told of.
func TestIRQSafe(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1})
	ran := false
	safe, plain := &timer.Timer{Flags: timer.IRQSafe}, (&log{}).timer("plain_fn")
	timer.Setup(safe, "safe_fn", func(c *cpu.CPU, _ *timer.Timer) {
		if ran = true; c.IF() || !preempt.InServingSoftIRQ(c) {
			t.Errorf("IF %v, preempt_count %#x", c.IF(), preempt.Count(c))
		}
	})
	do(t, m, 0, func(task *sched.Task) {
		c := task.CPU()
		timer.Mod(c, safe, timer.Jiffies(c)+2)
		timer.MSleep(task, 20*sim.Millisecond)
		c = task.CPU()
		before := len(m.Dmesg())
		c.CLI()
		softirq.IRQEnter(c)
		timer.DelSync(c, safe)
		if lines := m.Dmesg()[before:]; len(lines) != 0 {
			t.Errorf("a safe one: %v", lines)
		}
		timer.DelSync(c, plain)
		softirq.IRQExit(c)
		c.STI()
		lines := m.Dmesg()[before:]
		if len(lines) != 1 || !strings.Contains(lines[0].Text, "plain_fn is waited for in a hard interrupt") {
			t.Errorf("another: %v", lines)
		}
	})
	if !ran {
		t.Error("it never ran")
	}
}

// A function that leaves preemption disabled is reported.
func TestPreemptLeak(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1})
	var w timer.Timer
	timer.Setup(&w, "leaky_fn", func(c *cpu.CPU, _ *timer.Timer) { preempt.Disable(c) })
	do(t, m, 0, func(task *sched.Task) { timer.Mod(task.CPU(), &w, timer.Jiffies(task.CPU())) })
	err := m.Run(100 * sim.Millisecond)
	var r *oops.Report
	if !errors.As(err, &r) || r.Rule != "preempt_count leak" || r.Title != "timer: leaky_fn preempt leak: 00000101 -> 00000102" {
		t.Errorf("%v", err)
	}
}

// The tick raises TIMER only when a bucket is due.
func TestRaisedWhenDue(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"})
	if err := m.Burn(0, 2*sim.Second); err != nil {
		t.Fatal(err)
	}
	run(t, m, 100*sim.Millisecond)
	before := softirq.Count(c, softirq.Timer)
	run(t, m, sim.Second)
	if n := softirq.Count(c, softirq.Timer) - before; n != 0 {
		t.Errorf("%d runs without a timer", n)
	}
	l := &log{}
	do(t, m, 0, func(task *sched.Task) {
		for i := range uint64(3) {
			timer.Mod(task.CPU(), l.timer("w"), timer.Jiffies(task.CPU())+10*i)
		}
	})
	run(t, m, 200*sim.Millisecond)
	if n := softirq.Count(c, softirq.Timer) - before; n < 3 || n > 6 || // RCU's threads sleep too
		len(l.calls) != 3 {
		t.Errorf("%d runs, calls %v", n, l.calls)
	}
}

// Timers of a processor that goes wait on another one; the wheel of one that
// comes back begins at the present.
func TestHotplug(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 3})
	l := &log{}
	var list []*timer.Timer
	do(t, m, 2, func(task *sched.Task) {
		c := task.CPU()
		for i, d := range []uint64{200, 300, 5000, 1 << 20} {
			w := l.timer(fmt.Sprint("w", i))
			w.Flags = []timer.Flags{0, timer.Pinned, timer.Deferrable, 0}[i]
			timer.Mod(c, w, timer.Jiffies(c)+d)
			list = append(list, w)
		}
	})
	if err := m.SetOnline(2, false); err != nil {
		t.Fatal(err)
	}
	for i, w := range list {
		if !w.Pending() || w.On() == 2 {
			t.Errorf("timer %d: pending %v on CPU %d", i, w.Pending(), w.On())
		}
	}
	run(t, m, 2*sim.Second)
	if len(l.calls) != 2 || l.err != nil {
		t.Errorf("calls %v, %v", l.calls, l.err)
	}
	if err := m.SetOnline(2, true); err != nil {
		t.Fatal(err)
	}
	w := l.timer("back")
	var want place
	do(t, m, 2, func(task *sched.Task) {
		c := task.CPU()
		timer.Mod(c, w, timer.Jiffies(c)+3)
		if w.On() != 2 || timer.Jiffies(c)-w.Clock() > 1 {
			t.Errorf("on CPU %d, clock %d at %d", w.On(), w.Clock(), timer.Jiffies(c))
		}
		want = naive(w.Expires, w.Clock(), 9)
	})
	run(t, m, 100*sim.Millisecond)
	if last := l.calls[len(l.calls)-1]; last != fmt.Sprintf("back@%d", want.at) {
		t.Errorf("%v, want it at %d", l.calls, want.at)
	}
}

// A timer that another processor adds to one that sleeps wakes it, so that it
// sets its clock.
func TestWakesIdle(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 2, Append: "watchdog_thresh=0"})
	run(t, m, sim.Second)
	if !timer.Idle(m.CPUs()[1]) {
		t.Fatal("CPU 1 is not idle")
	}
	l := &log{}
	w := l.timer("w")
	var want place
	do(t, m, 0, func(task *sched.Task) {
		w.Expires = timer.Jiffies(task.CPU()) + 7
		timer.AddOn(task.CPU(), w, 1)
		want = naive(w.Expires, w.Clock(), 9)
	})
	run(t, m, sim.Second)
	if !slices.Equal(l.calls, []string{fmt.Sprintf("w@%d", want.at)}) {
		t.Errorf("%v, want it at %d", l.calls, want.at)
	}
}

// The tracepoints of a timer's life, in order.
func TestTrace(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1})
	from := m.Ring().Total()
	var w timer.Timer
	do(t, m, 0, func(task *sched.Task) {
		c := task.CPU()
		timer.SetupWith(c, &w, "traced_fn", timer.Pinned, func(c *cpu.CPU, _ *timer.Timer) { c.Spend(cost.Instruction) })
		timer.Mod(c, &w, timer.Jiffies(c)+3)
		timer.Mod(c, &w, timer.Jiffies(c)+90)
		timer.Del(c, &w)
		timer.Mod(c, &w, timer.Jiffies(c)+1)
	})
	run(t, m, 100*sim.Millisecond)
	var got []trace.Kind
	for _, r := range m.Ring().From(from) {
		if r.Kind >= trace.TimerInit && r.Kind <= trace.TimerCancel && r.A&0xfffff == w.ID() {
			got = append(got, r.Kind)
			if arm := trace.UnpackTimerArm(r); r.Kind == trace.TimerStart &&
				(m.Ring().Names().Text(arm.Function) != "traced_fn" || arm.Flags != 4 || arm.Expires <= arm.Now) {
				t.Errorf("%+v", arm)
			}
		}
	}
	want := []trace.Kind{trace.TimerInit, trace.TimerStart, trace.TimerCancel, trace.TimerStart, trace.TimerCancel,
		trace.TimerStart, trace.TimerCancel, trace.TimerExpireEntry, trace.TimerExpireExit}
	if !slices.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
}

// Arming, re-arming, taking back, firing and sleeping allocate nothing.
func TestAllocatesNothing(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1, TraceLimit: 1024})
	h := newHerd(2000)
	var fires, dels float64
	sched.KThread(c, "herder", func(k *sched.Task) {
		h.run(k, len(h.timers))
		fires = testing.AllocsPerRun(3, func() { h.run(k, len(h.timers)) })
		dels = testing.AllocsPerRun(100, func() {
			timer.Mod(k.CPU(), &h.timers[0], timer.Jiffies(k.CPU())+40)
			timer.Mod(k.CPU(), &h.timers[0], timer.Jiffies(k.CPU())+400)
			timer.DelSync(k.CPU(), &h.timers[0])
		})
	})
	run(t, m, 20*sim.Second)
	if fires != 0 || dels != 0 || h.ran != 5*len(h.timers) {
		t.Errorf("%v allocations a herd, %v a cycle; %d ran", fires, dels, h.ran)
	}
}
