package timer_test

import (
	"fmt"
	"slices"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

const quiet = "watchdog_thresh=0"

// masked runs fn on CPU 0 with interrupts off, and puts its wheel back.
func masked(t *testing.T, m *machine.Machine, fn func(c *cpu.CPU)) {
	t.Helper()
	do(t, m, 0, func(task *sched.Task) {
		c := task.CPU()
		c.CLI()
		was := timer.StateOf(c)
		fn(c)
		timer.SetState(c, was)
		c.STI()
	})
}

// A wheel's clock goes to the present, or to the first bucket with timers if
// that comes before, and never back.
func TestForward(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	masked(t, m, func(c *cpu.CPU) {
		now := timer.Jiffies(c)
		for _, x := range []struct{ clk, next, then uint64 }{
			{now, now + 5, now}, {now + 1, now + 5, now + 1}, {now - 1, now + 5, now}, {now - 100, now + 1, now},
			{now - 100, now - 50, now - 50}, {now - 100, now, now}, {now - 100, now - 100, now - 100},
			{now - 100, now - 150, now - 100}, {now - 2, now + 5, now},
		} {
			timer.SetState(c, timer.State{Clk: x.clk, Next: x.next})
			timer.Forward(c)
			if got := timer.StateOf(c).Clk; got != x.then {
				t.Errorf("clock %d, first bucket %d, now %d: clock %d, want %d", int64(x.clk-now), int64(x.next-now), 0, int64(got-now), int64(x.then-now))
			}
		}
	})
}

// What a processor that is about to idle learns of its wheel, and what the wheel
// remembers.
func TestNextInterrupt(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	const period = 4 * sim.Millisecond
	masked(t, m, func(c *cpu.CPU) {
		const now, began = uint64(1000), sim.Time(5_000_000_000)
		for _, x := range []struct {
			is   timer.State
			at   sim.Time
			clk  uint64
			idle bool
		}{
			{timer.State{Clk: 900, Next: 1010, Waiting: true}, began + 10*period, 1000, true},
			{timer.State{Clk: 900, Next: 1001, Waiting: true}, began + period, 1000, false},
			{timer.State{Clk: 900, Next: 1002, Waiting: true}, began + 2*period, 1000, true},
			{timer.State{Clk: 900, Next: 1000, Waiting: true, Idle: true}, began, 1000, false},
			{timer.State{Clk: 900, Next: 950, Waiting: true, Idle: true}, began, 950, false},
			{timer.State{Clk: 960, Next: 950, Waiting: true, Idle: true}, began, 960, false},
			{timer.State{Clk: 1001, Next: 1010, Waiting: true}, began + 10*period, 1001, true},
			{timer.State{Clk: 900, Next: 5000}, sim.Forever, 1000, true},
			{timer.State{Clk: 1000, Next: 1010, Waiting: true, Recalc: true}, sim.Forever, 1000, true},
		} {
			timer.SetState(c, x.is)
			at := timer.NextInterrupt(c, now, began)
			if s := timer.StateOf(c); at != x.at || s.Clk != x.clk || s.Idle != x.idle || s.Recalc || at == sim.Forever && s.Waiting {
				t.Errorf("%+v: at %v, %+v; want %v, clock %d, idle %v", x.is, at, s, x.at, x.clk, x.idle)
			}
		}
		timer.SetState(c, timer.State{Idle: true})
		if timer.ClearIdle(c); timer.StateOf(c).Idle {
			t.Error("it idles still")
		}
	})
}

// A timer that is taken back leaves nothing behind in the wheel: no processor
// wakes for it.
func TestTakenBack(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1, Append: quiet})
	l := &log{}
	do(t, m, 0, func(task *sched.Task) {
		c := task.CPU()
		c.CLI()
		now := timer.Jiffies(c)
		for _, d := range []uint64{40, 90, 3000} {
			a, b := l.timer("a"), l.timer("b")
			timer.Mod(c, a, now+d)
			timer.Mod(c, b, now+d)
			if timer.Del(c, a); !timer.Marked(c) || timer.StateOf(c).Recalc {
				t.Errorf("+%d: another timer is in the bucket", d)
			}
			if timer.Del(c, b); timer.Marked(c) || !timer.StateOf(c).Recalc {
				t.Errorf("+%d: the bucket is marked still", d)
			}
			if at := timer.NextInterrupt(c, now, 0); at != sim.Forever {
				t.Errorf("+%d: a tick at %v", d, at)
			}
		}
		before := c.Profile().Count[cost.TimerEnqueue]
		w := l.timer("w")
		timer.Mod(c, w, now+5)
		if n := c.Profile().Count[cost.TimerEnqueue] - before; n != 1 {
			t.Errorf("%d charges", n)
		}
		timer.Del(c, w)
		c.STI()
	})
	run(t, m, 100*sim.Millisecond)
	before := entry.StatsOf(c).Timer
	run(t, m, 20*sim.Second)
	if n := entry.StatsOf(c).Timer - before; n != 0 || len(l.calls) != 0 {
		t.Errorf("%d interrupts, calls %v", n, l.calls)
	}
}

// A timer finds the present in every wheel that it comes to, so that it waits
// in a bucket that is as fine as its time is near.
func TestClockOfTheWheel(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 3, Append: quiet})
	l := &log{}
	w, moved := l.timer("w"), l.timer("moved")
	do(t, m, 1, func(task *sched.Task) { timer.Mod(task.CPU(), moved, timer.Jiffies(task.CPU())+1<<20) })
	run(t, m, 30*sim.Second)
	do(t, m, 2, func(task *sched.Task) {
		c := task.CPU()
		now := timer.Jiffies(c)
		timer.Mod(c, moved, now+10)
		w.Expires = now + 10
		timer.AddOn(c, w, 0)
		if moved.On() != 2 || w.On() != 0 || moved.Clock() != now || w.Clock() != now {
			t.Errorf("on CPUs %d and %d, clocks %d and %d behind", moved.On(), w.On(), now-moved.Clock(), now-w.Clock())
		}
	})
	run(t, m, sim.Second)
	if len(l.calls) != 2 {
		t.Errorf("calls %v", l.calls)
	}
}

// The wheel of a processor that has gone is empty, the heir's clock is of the
// present, and the wheel of one that comes stands at the present.
func TestWheelsAtHotplug(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 2, Append: quiet})
	l := &log{}
	w := l.timer("w")
	do(t, m, 1, func(task *sched.Task) { timer.Mod(task.CPU(), w, timer.Jiffies(task.CPU())+2000) })
	run(t, m, 7*sim.Second)
	c := m.CPUs()[1]
	if err := m.SetOnline(1, false); err != nil {
		t.Fatal(err)
	}
	do(t, m, 0, func(task *sched.Task) {
		if behind := timer.Jiffies(task.CPU()) - w.Clock(); timer.Marked(c) || w.On() != 0 || behind > 20 {
			t.Errorf("marked %v, on CPU %d, its clock %d behind", timer.Marked(c), w.On(), behind)
		}
		timer.SetState(c, timer.State{Recalc: true, Waiting: true, Idle: true})
		timer.PrepareCPU(task.CPU(), 1)
		now := timer.Jiffies(task.CPU())
		if s := timer.StateOf(c); s != (timer.State{Clk: now, Next: now + timer.MaxDelta}) {
			t.Errorf("%+v at %d", s, now)
		}
	})
}

// Somebody arms a timer whose function runs elsewhere: it stays there, so that
// who waits for its end finds it.
func TestArmedWhileItRuns(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 2, Append: quiet})
	var w timer.Timer
	runs, inside := 0, false
	timer.Setup(&w, "long_fn", func(c *cpu.CPU, _ *timer.Timer) {
		runs++
		inside = true
		for range 2000 {
			c.Spend(cost.ProbeLoop)
		}
		inside = false
	})
	do(t, m, 1, func(task *sched.Task) { timer.Mod(task.CPU(), &w, timer.Jiffies(task.CPU())+1) })
	do(t, m, 0, func(task *sched.Task) {
		for !inside {
			task.CPU().Spend(cost.ProbeLoop)
		}
		c := task.CPU()
		if was, running := timer.TryDelSync(c, &w); was || !running {
			t.Errorf("it waited %v, runs %v", was, running)
		}
		if timer.Mod(c, &w, timer.Jiffies(c)+100); w.On() != 1 {
			t.Errorf("it has moved to CPU %d", w.On())
		}
		if !timer.ShutdownSync(task.CPU(), &w) || inside {
			t.Errorf("it runs behind ShutdownSync: %v", inside)
		}
		if timer.Mod(task.CPU(), &w, timer.Jiffies(task.CPU())); w.Pending() {
			t.Error("it waits, and has been shut down")
		}
	})
	run(t, m, sim.Second)
	if runs != 1 {
		t.Errorf("it ran %d times", runs)
	}
}

// A softirq that comes late catches up with what is due, and with no more.
func TestLate(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	l := &log{}
	var base uint64
	do(t, m, 0, func(task *sched.Task) {
		c := task.CPU()
		base = timer.Jiffies(c)
		timer.Mod(c, l.timer("due"), base+1)
		timer.Mod(c, l.timer("near"), base+4)
		timer.Mod(c, l.timer("far"), base+40)
		c.CLI()
		for timer.Jiffies(c) < base+10 {
			c.Spend(cost.ProbeLoop)
		}
		c.STI()
	})
	run(t, m, sim.Second)
	want := []string{fmt.Sprintf("due@%d", base+10), fmt.Sprintf("near@%d", base+10), fmt.Sprintf("far@%d", base+41)}
	if !slices.Equal(l.calls, want) {
		t.Errorf("%v, want %v", l.calls, want)
	}
}

// Timeouts in jiffies are rounded up.
func TestFromMsecs(t *testing.T) {
	for hz, want := range map[int][4]uint64{100: {0, 1, 1, 10_000}, 250: {0, 1, 3, 25_000}, 300: {0, 1, 3, 30_000}, 1000: {0, 1, 10, 100_000}} {
		_, c := boot(t, machine.Config{CPUs: 1, HZ: hz})
		for i, ms := range []uint64{0, 1, 10, 100_000} {
			if got := timer.FromMsecs(c, ms); got != want[i] {
				t.Errorf("HZ=%d: %d ms are %d jiffies", hz, ms, got)
			}
		}
	}
}

// A deferrable timer that is added to an idle processor sends it no interrupt.
func TestDeferrableAddOn(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 2, Append: quiet})
	run(t, m, sim.Second)
	w := (&log{}).timer("w")
	w.Flags = timer.Deferrable
	before := entry.StatsOf(m.CPUs()[1]).Reschedule
	do(t, m, 0, func(task *sched.Task) {
		w.Expires = timer.Jiffies(task.CPU()) + 5
		timer.AddOn(task.CPU(), w, 1)
	})
	run(t, m, sim.Millisecond)
	if n := entry.StatsOf(m.CPUs()[1]).Reschedule - before; n != 0 || !w.Pending() {
		t.Errorf("%d interrupts, pending %v", n, w.Pending())
	}
}

// The trace names each timer and its function, and says when it was armed and
// which bucket it ran from.
func TestTraceWords(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	from := m.Ring().Total()
	var a, b timer.Timer
	fn := func(*cpu.CPU, *timer.Timer) {}
	initial := sched.InitialJiffies(250)
	var now uint64
	do(t, m, 0, func(task *sched.Task) {
		c := task.CPU()
		now = timer.Jiffies(c)
		timer.SetupWith(c, &a, "a_fn", 0, fn)
		timer.Setup(&b, "b_fn", fn)
		b.Expires = now + 7
		timer.AddOn(c, &b, 0)
		timer.Mod(c, &a, now+5)
		timer.Del(c, &a)
		timer.Setup(&a, "other_fn", fn)
		timer.Mod(c, &a, now+3)
	})
	run(t, m, 100*sim.Millisecond)
	var got []string
	name := m.Ring().Names().Text
	for _, r := range m.Ring().From(from) {
		if id := r.A & 0xfffff; id != a.ID() && id != b.ID() {
			continue
		}
		switch r.Kind {
		case trace.TimerStart:
			arm := trace.UnpackTimerArm(r)
			got = append(got, fmt.Sprintf("start %d %s in %d", arm.Timer-a.ID(), name(arm.Function), arm.Expires-arm.Now))
			if uint64(arm.Now) != now-initial || a.ID() == 0 {
				t.Errorf("armed at %d, want %d", arm.Now, now-initial)
			}
		case trace.TimerExpireEntry:
			got = append(got, fmt.Sprintf("entry %d %s at %d of %d", r.A-a.ID(), name(r.B), r.C-uint32(now-initial), r.D-uint32(now-initial)))
		case trace.TimerInit, trace.TimerCancel, trace.TimerExpireExit:
			got = append(got, fmt.Sprintf("%v %d", r.Kind, r.A-a.ID()))
			if r.B != 0 || r.C != 0 || r.D != 0 {
				t.Errorf("%v: words %d %d %d", r.Kind, r.B, r.C, r.D)
			}
		}
	}
	want := []string{"timer_init 0", "start 1 b_fn in 7", "start 0 a_fn in 5", "timer_cancel 0", "start 0 other_fn in 3",
		"timer_cancel 0", "entry 0 other_fn at 4 of 4", "timer_expire_exit 0", "timer_cancel 1", "entry 1 b_fn at 8 of 8", "timer_expire_exit 1"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}
