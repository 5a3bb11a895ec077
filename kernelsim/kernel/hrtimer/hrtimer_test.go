package hrtimer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// quiet keeps the watchdog's timer away.
const quiet = "watchdog_thresh=0"

func boot(t *testing.T, cfg machine.Config) (*machine.Machine, *cpu.CPU) {
	t.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, m.CPUs()[0]
}

func run(t *testing.T, m *machine.Machine, d sim.Time) {
	t.Helper()
	if err := m.Run(d); err != nil {
		t.Fatal(err)
	}
}

func do(t *testing.T, m *machine.Machine, n int, fn func(c *cpu.CPU)) {
	t.Helper()
	if err := m.DoOn("test", []int{n}, fn); err != nil {
		t.Fatal(err)
	}
}

// A log is who was called, when, and on which processor.
type log struct {
	who []string
	at  []sim.Time
	on  []int
}

// timer makes a timer that writes into the log and does not come again.
func (l *log) timer(c *cpu.CPU, name string, mode hrtimer.Mode) *hrtimer.Timer {
	w := &hrtimer.Timer{}
	hrtimer.Init(c, w, name, mode, func(c *cpu.CPU, _ *hrtimer.Timer) hrtimer.Restart {
		l.who, l.at, l.on = append(l.who, name), append(l.at, c.Now()), append(l.on, c.ID)
		return hrtimer.NoRestart
	})
	return w
}

// latency is more than an interrupt takes to come and find its timer.
const latency = 3 * sim.Microsecond

// Timers run in the order of their times, those of the same time as they came,
// none early, none later than its interrupt takes.
func TestOrder(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	for range 30 {
		l := &log{}
		type due struct {
			name string
			at   sim.Time
		}
		var want []due
		do(t, m, 0, func(c *cpu.CPU) {
			begin := c.Now() + sim.Millisecond
			for i := range 1 + rnd.IntN(12) {
				d := due{fmt.Sprint(i), begin + sim.Time(rnd.IntN(5))*100*sim.Microsecond}
				w := l.timer(c, d.name, hrtimer.Abs)
				hrtimer.Start(c, w, d.at, hrtimer.Abs)
				if w.Wrong() || !w.Queued() || !w.Active() || w.Expires() != d.at {
					t.Fatalf("timer %d is not where it belongs", i)
				}
				if rnd.IntN(4) == 0 {
					if !hrtimer.Cancel(c, w) || w.Active() || w.Wrong() {
						t.Fatalf("timer %d is not taken back", i)
					}
					continue
				}
				want = append(want, d)
			}
		})
		run(t, m, 5*sim.Millisecond)
		slices.SortStableFunc(want, func(a, b due) int { return int(a.at - b.at) })
		if len(l.who) != len(want) {
			t.Fatalf("%v ran, want %v", l.who, want)
		}
		for i, w := range want {
			if late := l.at[i] - w.at; l.who[i] != w.name || late < 0 || late > latency+sim.Time(len(want))*sim.Microsecond {
				t.Fatalf("%v at %v, want %v", l.who, l.at, want)
			}
		}
	}
}

// Where a timer may be late, it runs with one that must run in that time; and
// when it must, if there is none.
func TestSlack(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	for _, other := range []bool{true, false} {
		l := &log{}
		var begin sim.Time
		do(t, m, 0, func(c *cpu.CPU) {
			begin = c.Now() + 500*sim.Microsecond
			w := l.timer(c, "slack", hrtimer.Abs)
			hrtimer.StartRange(c, w, begin, 200*sim.Microsecond, hrtimer.Abs)
			if w.Soft() != begin || w.Expires() != begin+200*sim.Microsecond {
				t.Errorf("may at %v, must at %v", w.Soft(), w.Expires())
			}
			if other {
				hrtimer.Start(c, l.timer(c, "exact", hrtimer.Abs), begin+50*sim.Microsecond, hrtimer.Abs)
			}
		})
		before := hrtimer.StatsOf(m.CPUs()[0]).Events
		run(t, m, sim.Millisecond)
		n := hrtimer.StatsOf(m.CPUs()[0]).Events - before
		want, must := []string{"slack"}, begin+200*sim.Microsecond
		if other {
			want, must = []string{"exact", "slack"}, begin+50*sim.Microsecond
		}
		if !slices.Equal(l.who, want) || n != 1 || l.at[0] < must || l.at[0] > must+latency {
			t.Errorf("with another %v: %v at %v, want %v at %v; %d interrupts", other, l.who, l.at, want, must, n)
		}
	}
}

// Relative times count from now, times that have passed are now, and a timer
// that waits is moved.
func TestStart(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	l := &log{}
	var now sim.Time
	do(t, m, 0, func(c *cpu.CPU) {
		c.CLI()
		now = c.Now()
		rel, past, moved, far := l.timer(c, "rel", hrtimer.Rel), l.timer(c, "past", hrtimer.Abs), l.timer(c, "moved", hrtimer.Abs), l.timer(c, "far", hrtimer.Rel)
		hrtimer.Start(c, rel, 300*sim.Microsecond, hrtimer.Rel)
		hrtimer.Start(c, past, 5, hrtimer.Abs)
		for _, at := range []sim.Time{50, 900, 700} {
			hrtimer.Start(c, moved, now+at*sim.Microsecond, hrtimer.Abs)
		}
		hrtimer.Start(c, far, sim.Forever, hrtimer.Rel)
		if far.Expires() != sim.Forever || rel.Wrong() {
			t.Errorf("far at %v", far.Expires())
		}
		hrtimer.Start(c, &hrtimer.Timer{}, 5, hrtimer.Abs) // without a function: nothing
		c.STI()
		hrtimer.Cancel(c, far)
		if hrtimer.Cancel(c, far) {
			t.Error("taken back twice")
		}
	})
	run(t, m, sim.Millisecond)
	if !slices.Equal(l.who, []string{"past", "rel", "moved"}) || l.at[2] < now+700*sim.Microsecond || l.at[2] > now+702*sim.Microsecond {
		t.Errorf("%v at %v, from %v", l.who, l.at, now)
	}
}

// Forward moves a time on by whole intervals, and says how many.
func TestForward(t *testing.T) {
	for _, x := range []struct{ expires, now, interval, n, then sim.Time }{
		{100, 99, 10, 0, 100}, {100, 100, 10, 1, 110}, {100, 109, 10, 1, 110}, {100, 110, 10, 2, 120},
		{100, 155, 10, 6, 160}, {100, 100, 0, 1, 101}, {0, 7, 3, 3, 9},
	} {
		var w hrtimer.Timer
		w.SetExpires(x.expires)
		if n := hrtimer.ForwardFrom(&w, x.now, x.interval); n != uint64(x.n) || w.Expires() != x.then || w.Soft() != x.then {
			t.Errorf("%d at %d by %d: %d times, then %d; want %d, %d", x.expires, x.now, x.interval, n, w.Expires(), x.n, x.then)
		}
	}
}

// A timer that comes again keeps its rhythm, and one that waits is not moved.
func TestPeriodic(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	var at []sim.Time
	var w hrtimer.Timer
	do(t, m, 0, func(c *cpu.CPU) {
		hrtimer.Init(c, &w, "period_fn", hrtimer.Rel, func(c *cpu.CPU, w *hrtimer.Timer) hrtimer.Restart {
			at = append(at, w.Expires())
			hrtimer.Forward(c, w, 100*sim.Microsecond)
			if len(at) == 7 {
				return hrtimer.NoRestart
			}
			return hrtimer.Again
		})
		hrtimer.Start(c, &w, 100*sim.Microsecond, hrtimer.Rel)
		if hrtimer.Forward(c, &w, 1) != 0 {
			t.Error("one that waits was moved")
		}
	})
	run(t, m, 2*sim.Millisecond)
	if len(at) != 7 || at[6]-at[0] != 600*sim.Microsecond || w.Active() {
		t.Errorf("at %v, active %v", at, w.Active())
	}
}

// Hard timers run in the hard interrupt, soft ones in their softirq, when their
// time has come; one that does not come first does not get a clock of its own.
func TestSoft(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1, Append: quiet})
	var where []string
	fn := func(name string) hrtimer.Func {
		return func(c *cpu.CPU, _ *hrtimer.Timer) hrtimer.Restart {
			where = append(where, fmt.Sprintf("%s hard %v soft %v IF %v", name, preempt.InHardIRQ(c), preempt.InServingSoftIRQ(c), c.IF()))
			return hrtimer.NoRestart
		}
	}
	var hard, soft, later hrtimer.Timer
	do(t, m, 0, func(c *cpu.CPU) {
		hrtimer.Init(c, &hard, "hard", hrtimer.Hard, fn("hard"))
		hrtimer.Init(c, &soft, "soft", hrtimer.Soft, fn("soft"))
		hrtimer.Init(c, &later, "later", hrtimer.Soft, fn("later"))
		hrtimer.Start(c, &later, 800*sim.Microsecond, hrtimer.Rel|hrtimer.Soft)
		hrtimer.Start(c, &soft, 200*sim.Microsecond, hrtimer.Rel|hrtimer.Soft)
		hrtimer.Start(c, &hard, 300*sim.Microsecond, hrtimer.Rel|hrtimer.Hard)
		if got := hard.ExpiresNext(); got != soft.Expires() {
			t.Errorf("the clock is set to %v, want %v", got, soft.Expires())
		}
	})
	run(t, m, 500*sim.Microsecond)
	want := []string{"soft hard false soft true IF true", "hard hard true soft false IF false"}
	if !slices.Equal(where, want) || softirq.Count(c, softirq.HRTimer) != 1 {
		t.Errorf("%q, want %q; %d softirqs", where, want, softirq.Count(c, softirq.HRTimer))
	}
	do(t, m, 0, func(c *cpu.CPU) {
		if got := hard.ExpiresNext(); got > later.Expires() {
			t.Errorf("behind the softirq the clock is set to %v, want %v", got, later.Expires())
		}
		hrtimer.Cancel(c, &later)
	})
	run(t, m, sim.Millisecond)
	if len(where) != 2 {
		t.Errorf("%q", where)
	}
}

// A timer started in an interrupt of an idle processor goes to a busy one, if
// that one's clock comes before; a pinned one stays.
func TestWhere(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 3, Append: quiet})
	l := &log{}
	var far, near, pinned *hrtimer.Timer
	do(t, m, 0, func(c *cpu.CPU) {
		far, near, pinned = l.timer(c, "far", 0), l.timer(c, "near", 0), l.timer(c, "pinned", 0)
		if err := entry.Request(c, 0x60, "test", func(c *cpu.CPU, _ cpu.Vector) {
			hrtimer.Start(c, far, 20*sim.Millisecond, hrtimer.Rel)
			hrtimer.Start(c, near, 10*sim.Microsecond, hrtimer.Rel)
			hrtimer.Start(c, pinned, 20*sim.Millisecond, hrtimer.Rel|hrtimer.Pinned)
		}); err != nil {
			t.Fatal(err)
		}
	})
	if err := m.Burn(2, 60*sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	run(t, m, 5*sim.Millisecond)
	if err := m.Interrupt(0, 0x60); err != nil {
		t.Fatal(err)
	}
	run(t, m, sim.Millisecond)
	if far.CPU() != 2 || near.CPU() != 0 || pinned.CPU() != 0 {
		t.Errorf("far on %d, near on %d, pinned on %d", far.CPU(), near.CPU(), pinned.CPU())
	}
	run(t, m, 30*sim.Millisecond)
	if !slices.Equal(l.who, []string{"near", "pinned", "far"}) && !slices.Equal(l.who, []string{"near", "far", "pinned"}) {
		t.Errorf("%v ran", l.who)
	}
	for i, name := range l.who {
		if want := map[string]int{"far": 2}[name]; l.on[i] != want {
			t.Errorf("%s ran on %d", name, l.on[i])
		}
	}
}
