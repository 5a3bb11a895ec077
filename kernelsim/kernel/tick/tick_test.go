package tick_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// quiet keeps the watchdog's timer away.
const quiet = "watchdog_thresh=0"

func boot(t *testing.T, cfg machine.Config, parts ...machine.Part) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg, parts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
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

// interrupts is how many timer interrupts a processor has while fn runs.
func interrupts(m *machine.Machine, n int, fn func()) uint64 {
	before := entry.StatsOf(m.CPUs()[n]).Timer
	fn()
	return entry.StatsOf(m.CPUs()[n]).Timer - before
}

// A busy processor ticks at the multiples of the period, HZ times a second.
func TestBusy(t *testing.T) {
	for _, hz := range []int{100, 250, 300, 1000} {
		m := boot(t, machine.Config{CPUs: 2, HZ: hz, Append: quiet})
		if err := m.Burn(1, 3*sim.Second); err != nil {
			t.Fatal(err)
		}
		run(t, m, sim.Second/10)
		from, before := m.Ring().Total(), tick.Ticks(m.CPUs()[1])
		n := interrupts(m, 1, func() { run(t, m, sim.Second) })
		if got := tick.Ticks(m.CPUs()[1]) - before; got < uint64(hz)-1 || got > uint64(hz)+1 || n != got {
			t.Errorf("HZ=%d: %d ticks, %d interrupts", hz, got, n)
		}
		period := sim.Second / sim.Time(hz)
		for _, r := range m.Ring().From(from) {
			if late := sim.Time(r.Time) % period; r.Kind == trace.LocalTimerEntry && r.CPU == 1 && late > 3*sim.Microsecond {
				t.Fatalf("HZ=%d: a tick at %v, %v late", hz, sim.Time(r.Time), late)
			}
		}
	}
}

// An idle processor takes one more tick, and then none while it has no timer and
// nothing waits there for a grace period of RCU, as a task does that has ended.
func TestIdle(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2, Append: quiet})
	run(t, m, 100*sim.Millisecond)
	for n, c := range m.CPUs() {
		if got := interrupts(m, n, func() { run(t, m, 10*sim.Second) }); got != 0 || !tick.Stopped(c) {
			t.Errorf("CPU %d: %d interrupts, stopped %v", n, got, tick.Stopped(c))
		}
	}
	from := m.Ring().Total()
	do(t, m, 1, func(*cpu.CPU) {})
	run(t, m, sim.Second)
	var got []string
	for _, r := range m.Ring().From(from) {
		if r.CPU == 1 && slices.Contains([]trace.Kind{trace.LocalTimerEntry, trace.TickStop}, r.Kind) {
			got = append(got, r.Kind.String())
		}
	}
	// RCU keeps the tick until what the process leaves behind may be freed.
	if n := len(got); n < 2 || n > 9 || slices.Index(got, "tick_stop") != n-1 {
		t.Errorf("behind a process: %v, want ticks and a tick_stop", got)
	}
}

// A processor whose tick is stopped wakes for its next timer, wheel's or
// high-resolution, at its time and not before.
func TestNextTimer(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 1, Append: quiet})
	var at []sim.Time
	var asked uint64
	var w timer.Timer
	var h hrtimer.Timer
	do(t, m, 0, func(c *cpu.CPU) {
		timer.Setup(&w, "fn", func(c *cpu.CPU, _ *timer.Timer) { at = append(at, c.Now()) })
		asked = timer.Jiffies(c) + 40
		timer.Mod(c, &w, asked)
		hrtimer.Init(c, &h, "fn", hrtimer.Hard, func(c *cpu.CPU, _ *hrtimer.Timer) hrtimer.Restart {
			at = append(at, c.Now())
			return hrtimer.NoRestart
		})
		hrtimer.Start(c, &h, 100*sim.Millisecond+123, hrtimer.Rel)
	})
	run(t, m, 60*sim.Millisecond)
	n := interrupts(m, 0, func() { run(t, m, sim.Second) })
	due := sim.Time(asked+1-sched.InitialJiffies(250)) * 4 * sim.Millisecond
	if len(at) != 2 || at[0]-h.Expires() > 3*sim.Microsecond || at[0] < h.Expires() || at[1] < due || at[1]-due > 5*sim.Microsecond {
		t.Errorf("at %v, want %v and %v", at, h.Expires(), due)
	}
	if n != 2 {
		t.Errorf("%d interrupts", n)
	}
}

// A timer within the next tick keeps the tick; nothing is stopped for it.
func TestTickGoesOn(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 1, Append: quiet})
	count := 0
	var w timer.Timer
	do(t, m, 0, func(c *cpu.CPU) {
		timer.Setup(&w, "fn", func(c *cpu.CPU, w *timer.Timer) {
			if count++; count < 50 {
				timer.Mod(c, w, timer.Jiffies(c))
			}
		})
		timer.Mod(c, &w, timer.Jiffies(c))
	})
	from := m.Ring().Total()
	run(t, m, 45*4*sim.Millisecond)
	for _, r := range m.Ring().From(from) {
		if r.Kind == trace.TickStop {
			t.Fatalf("the tick was stopped at %v, with a timer at the next", sim.Time(r.Time))
		}
	}
	if count < 44 || count > 46 {
		t.Errorf("%d ticks had a timer", count)
	}
	run(t, m, sim.Second)
	if count != 50 || !tick.Stopped(m.CPUs()[0]) {
		t.Errorf("%d ticks had a timer, stopped %v", count, tick.Stopped(m.CPUs()[0]))
	}
}

// The time that a processor halts is counted without its interrupts.
func TestIdleTime(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 1, Append: quiet})
	run(t, m, 50*sim.Millisecond)
	c := m.CPUs()[0]
	before := tick.IdleTime(c, m.Now())
	if err := m.Burn(0, 300*sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	run(t, m, sim.Second)
	if idle := tick.IdleTime(c, m.Now()) - before; idle < 699*sim.Millisecond || idle > 700*sim.Millisecond {
		t.Errorf("idle for %v of a second with 300 ms of work", idle)
	}
	if calls, sleeps := tick.IdleCalls(c); sleeps == 0 || calls < sleeps {
		t.Errorf("%d calls, %d sleeps", calls, sleeps)
	}
}

// Who is about to halt without a tick, and with a softirq pending, is told of,
// ten times at most.
func TestPendingSoftIRQ(t *testing.T) {
	forget := true
	exit := func(r softirqabi.Return) { // irq_exit that forgets every second time
		r.LeaveHardIRQ()
		if !r.InInterrupt() && r.Pending() != 0 {
			if forget = !forget; forget {
				r.Do()
			}
		}
		r.TickExit()
	}
	m := boot(t, machine.Config{CPUs: 1, Append: quiet}, machine.WithIRQExit(exit))
	do(t, m, 0, func(c *cpu.CPU) {
		softirq.Open(c, softirq.NetRX, func(*cpu.CPU) {})
		if err := entry.Request(c, 0x60, "test", func(c *cpu.CPU, _ cpu.Vector) { softirq.RaiseBit(c, softirq.NetRX) }); err != nil {
			t.Fatal(err)
		}
	})
	run(t, m, 100*sim.Millisecond)
	for range 60 {
		if err := m.Interrupt(0, 0x60); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Engine().Run(m.Now() + sim.Millisecond); err != nil || m.Engine().Failed() != nil {
			t.Fatal(err, m.Engine().Failed())
		}
	}
	told := 0
	for _, line := range m.Dmesg() {
		if strings.HasPrefix(line.Text, "NOHZ tick-stop error: local softirq work is pending, handler #") {
			told++
		}
	}
	if told != 10 {
		t.Errorf("told %d times", told)
	}
}

// Each processor's watchdog looks five times in its threshold, idle or not, and
// lets the stopper run.
func TestWatchdogPeriod(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2, Append: "watchdog_thresh=5"})
	run(t, m, sim.Second)
	from := m.Ring().Total()
	run(t, m, 20*sim.Second)
	var wakes [2]int
	for _, r := range m.Ring().From(from) {
		if r.Kind == trace.HRTimerExpireEntry && m.Ring().Names().Text(r.B) == "watchdog_timer_fn" {
			wakes[r.CPU]++
		}
	}
	if wakes != [2]int{10, 10} {
		t.Errorf("%v looks in 20 s", wakes)
	}
	for n, c := range m.CPUs() {
		if ago := m.Now() - sched.Touched(c); ago > 2*sim.Second+sim.Millisecond {
			t.Errorf("CPU %d: touched %v ago", n, ago)
		}
	}
}

// stick lets a thread of processor 1 compute without end.
func stick(t *testing.T, m *machine.Machine, off bool) *oops.Report {
	t.Helper()
	sched.KThreadOn(m.CPUs()[0], 1, "hog", func(k *sched.Task) {
		if off {
			k.CPU().CLI()
		}
		for {
			sched.Compute(k, sim.Millisecond)
		}
	})
	var r *oops.Report
	if err := m.Run(200 * sim.Second); !errors.As(err, &r) {
		t.Fatalf("%v", err)
	}
	return r
}

// A processor that is stuck is reported within the thresholds; by the timer
// while its interrupts come, else by the NMI.
func TestLockups(t *testing.T) {
	for _, thresh := range []sim.Time{1, 4, 10} {
		for _, off := range []bool{false, true} {
			m := boot(t, machine.Config{CPUs: 2, Append: fmt.Sprintf("watchdog_thresh=%d", thresh)})
			run(t, m, 3*sim.Second)
			start := m.Now()
			r := stick(t, m, off)
			took := sim.Time(r.Time) - start
			rule, least, most := "soft lockup", 2*thresh*sim.Second, 2*thresh*sim.Second*14/10
			if off {
				rule, least, most = "hard lockup", thresh*sim.Second*9/10, 2*thresh*sim.Second
			}
			if r.Rule != rule || r.CPU != 1 || took < least || took > most {
				t.Errorf("threshold %d s, interrupts off %v: %s on CPU %d after %v", thresh, off, r.Rule, r.CPU, took)
			}
			if !off && !strings.Contains(r.Title, fmt.Sprintf("CPU#1 stuck for %ds! [hog:", took/sim.Second)) && !strings.Contains(r.Title, "stuck for") {
				t.Errorf("%s", r.Title)
			}
		}
	}
}

// With threshold 0 nobody watches, until it is set.
func TestThreshold(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2, Append: quiet})
	sched.KThreadOn(m.CPUs()[0], 1, "hog", func(k *sched.Task) { sched.Compute(k, 60*sim.Second) })
	run(t, m, 61*sim.Second)
	for n := range m.CPUs() {
		do(t, m, n, func(c *cpu.CPU) {
			tick.SetWatchdogThresh(c, 2*sim.Second)
			tick.RestartWatchdog(c)
		})
	}
	if got := tick.WatchdogThresh(m.CPUs()[0]); got != 2*sim.Second {
		t.Errorf("threshold %v", got)
	}
	if r := stick(t, m, false); r.Rule != "soft lockup" {
		t.Errorf("%s", r.Rule)
	}
}

// A processor that goes leaves no tick and no watchdog behind, and has both
// again when it comes back.
func TestHotplug(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	for range 2 {
		if err := m.SetOnline(1, false); err != nil {
			t.Fatal(err)
		}
		if n := interrupts(m, 1, func() { run(t, m, 20*sim.Second) }); n != 0 {
			t.Errorf("%d interrupts of a processor that has gone", n)
		}
		if err := m.SetOnline(1, true); err != nil {
			t.Fatal(err)
		}
		run(t, m, 50*sim.Millisecond)
		if n := interrupts(m, 1, func() { run(t, m, 20*sim.Second) }); n < 5 || n > 15 {
			t.Errorf("%d interrupts in 20 s of an idle processor with a watchdog", n)
		}
		if err := m.Burn(1, 100*sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		before := tick.Ticks(m.CPUs()[1])
		run(t, m, 100*sim.Millisecond)
		if n := tick.Ticks(m.CPUs()[1]) - before; n < 24 || n > 26 {
			t.Errorf("%d ticks in 100 ms", n)
		}
	}
}
