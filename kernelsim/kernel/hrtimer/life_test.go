package hrtimer_test

import (
	"fmt"
	"slices"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

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
