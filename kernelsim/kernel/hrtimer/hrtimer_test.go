package hrtimer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
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

// Timers of a processor that goes run on another one, at their times.
func TestHotplug(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 2, Append: quiet})
	l := &log{}
	var hard, soft *hrtimer.Timer
	do(t, m, 1, func(c *cpu.CPU) {
		hard, soft = l.timer(c, "hard", 0), l.timer(c, "soft", hrtimer.Soft)
		hrtimer.Start(c, hard, 400*sim.Millisecond, hrtimer.Rel)
		hrtimer.Start(c, soft, 300*sim.Millisecond, hrtimer.Rel|hrtimer.Soft)
	})
	if err := m.SetOnline(1, false); err != nil {
		t.Fatal(err)
	}
	if hard.CPU() != 0 || soft.CPU() != 0 || hard.Wrong() || soft.Wrong() {
		t.Errorf("on CPUs %d and %d", hard.CPU(), soft.CPU())
	}
	run(t, m, sim.Second)
	if !slices.Equal(l.who, []string{"soft", "hard"}) || l.at[0]-soft.Expires() > 2*latency || l.at[1]-hard.Expires() > latency {
		t.Errorf("%v at %v, want %v and %v", l.who, l.at, soft.Expires(), hard.Expires())
	}
	if err := m.SetOnline(1, true); err != nil {
		t.Fatal(err)
	}
	do(t, m, 1, func(c *cpu.CPU) { hrtimer.Start(c, hard, sim.Millisecond, hrtimer.Rel) })
	run(t, m, 10*sim.Millisecond)
	if len(l.who) != 3 || l.on[2] != 1 {
		t.Errorf("%v on %v", l.who, l.on)
	}
}

// Sleeps end when they should: usleep_range within its range, a program's
// nanosleep up to its slack later, a FIFO task's at once. A wake-up does not
// end one.
func TestSleeps(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	const d, slack = 700 * sim.Microsecond, 50 * sim.Microsecond
	for _, x := range []struct {
		name  string
		sleep func(k *sched.Task)
		fifo  bool
		state sched.State
		late  sim.Time
	}{
		{"usleep", func(k *sched.Task) { hrtimer.USleep(k, d) }, false, sched.Uninterruptible, 0},
		{"usleep_range", func(k *sched.Task) { hrtimer.USleepRange(k, d, d+200*sim.Microsecond) }, false, sched.Uninterruptible, 200 * sim.Microsecond},
		{"usleep_range the wrong way", func(k *sched.Task) { hrtimer.USleepRange(k, d, 0) }, false, sched.Uninterruptible, 0},
		{"nanosleep", func(k *sched.Task) { hrtimer.NanoSleep(k, d) }, false, sched.Interruptible, slack},
		{"nanosleep of FIFO", func(k *sched.Task) { hrtimer.NanoSleep(k, d) }, true, sched.Interruptible, 0},
	} {
		var took sim.Time
		var k *sched.Task
		do(t, m, 0, func(c *cpu.CPU) {
			a := sched.Attr{Policy: sched.Normal}
			if x.fifo {
				a = sched.Attr{Policy: sched.FIFO, RTPrio: 1}
			}
			k = sched.Spawn(c, "sleeper", a, func(k *sched.Task) {
				start := k.CPU().Now()
				x.sleep(k)
				took = k.CPU().Now() - start
			})
		})
		run(t, m, 300*sim.Microsecond)
		if k.State != x.state {
			t.Errorf("%s: state %s", x.name, k.State.Letter())
		}
		do(t, m, 0, func(c *cpu.CPU) { sched.WakeUpProcess(c, k) })
		run(t, m, 20*sim.Millisecond)
		if took < d+x.late || took > d+x.late+2*latency {
			t.Errorf("%s took %v, want %v", x.name, took, d+x.late)
		}
	}
}

// An interrupt that cannot catch up with its timers gives up after three
// attempts, tells of it once, and leaves time for others.
func TestHang(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1, Append: quiet})
	left, others := 12, 0
	var w hrtimer.Timer
	do(t, m, 0, func(c *cpu.CPU) {
		hrtimer.Init(c, &w, "hog_fn", hrtimer.Hard, func(c *cpu.CPU, w *hrtimer.Timer) hrtimer.Restart {
			hrtimer.ForwardFrom(w, c.Now(), sim.Microsecond)
			for range 20 {
				c.Spend(cost.ProbeLoop)
			}
			left--
			return hrtimer.Restart(left > 0)
		})
		hrtimer.Start(c, &w, 10*sim.Microsecond, hrtimer.Rel)
		for w.Active() {
			c.Spend(cost.ProbeLoop)
			others++
		}
	})
	s := hrtimer.StatsOf(c)
	told := 0
	for _, line := range m.Dmesg() {
		if len(line.Text) > 23 && line.Text[:23] == "hrtimer: interrupt took" {
			told++
		}
	}
	if s.Hangs == 0 || s.Retries < 3*s.Hangs || told != 1 || others < 100 {
		t.Errorf("%+v, told %d times, %d µs for others", s, told, others)
	}
}

// The tracepoints of a timer's life, in order.
func TestTrace(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1, Append: quiet})
	from := m.Ring().Total()
	l := &log{}
	do(t, m, 0, func(c *cpu.CPU) {
		w := l.timer(c, "traced_fn", hrtimer.Soft)
		hrtimer.StartRange(c, w, sim.Millisecond, 30*sim.Microsecond, hrtimer.Rel|hrtimer.Soft)
		hrtimer.Start(c, w, 2*sim.Millisecond, hrtimer.Rel|hrtimer.Soft)
		hrtimer.Cancel(c, w)
		hrtimer.Start(c, w, 100*sim.Microsecond, hrtimer.Rel|hrtimer.Pinned|hrtimer.Soft)
	})
	run(t, m, 10*sim.Millisecond)
	var got []string
	var id uint32
	for _, r := range m.Ring().From(from) {
		switch {
		case r.Kind == trace.HRTimerInit && id == 0:
			id = r.A
			got = append(got, fmt.Sprintf("init clock %d mode %#x", r.B, r.C))
		case id == 0 || r.A&0xffff != id:
		case r.Kind == trace.HRTimerStart:
			a := trace.UnpackHRTimerArm(r)
			got = append(got, fmt.Sprintf("start %s mode %#x armed %v slack %d", m.Ring().Names().Text(a.Function), a.Mode, a.WasArmed, a.Expires-a.SoftExpires))
		case r.Kind >= trace.HRTimerInit && r.Kind <= trace.HRTimerCancel:
			got = append(got, r.Kind.String())
		}
	}
	want := []string{"init clock 1 mode 0x4", "start traced_fn mode 0x5 armed false slack 30000",
		"start traced_fn mode 0x5 armed true slack 0", "hrtimer_cancel", "start traced_fn mode 0x7 armed false slack 0",
		"hrtimer_expire_entry", "hrtimer_expire_exit"}
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// Starting, taking back, firing and sleeping allocate nothing.
func TestAllocatesNothing(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1, TraceLimit: 1024})
	var fires, cancels float64
	sched.KThread(c, "measurer", func(k *sched.Task) {
		var w hrtimer.Timer
		hrtimer.Init(k.CPU(), &w, "fn", hrtimer.Abs, func(*cpu.CPU, *hrtimer.Timer) hrtimer.Restart { return hrtimer.NoRestart })
		fire := func() {
			hrtimer.Start(k.CPU(), &w, 5*sim.Microsecond, hrtimer.Rel)
			hrtimer.NanoSleep(k, 10*sim.Microsecond)
		}
		for range 100 {
			fire()
		}
		fires = testing.AllocsPerRun(100, fire)
		cancels = testing.AllocsPerRun(100, func() {
			hrtimer.Start(k.CPU(), &w, sim.Second, hrtimer.Rel)
			hrtimer.Cancel(k.CPU(), &w)
		})
	})
	run(t, m, sim.Second)
	if fires != 0 || cancels != 0 {
		t.Errorf("%v allocations a timer and a sleep, %v a cycle", fires, cancels)
	}
}
