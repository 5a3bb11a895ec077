package timer_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

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

// do runs fn as a process on a processor.
func do(t *testing.T, m *machine.Machine, n int, fn func(task *sched.Task)) {
	t.Helper()
	if err := m.DoOn("test", []int{n}, func(c *cpu.CPU) { fn(sched.Current(c)) }); err != nil {
		t.Fatal(err)
	}
}

// A log of timers: at which jiffy each was called, in order.
type log struct {
	calls []string
	err   error
}

func (l *log) timer(name string) *timer.Timer {
	w := &timer.Timer{}
	timer.Setup(w, name, func(c *cpu.CPU, w *timer.Timer) {
		l.calls = append(l.calls, fmt.Sprintf("%s@%d", name, timer.Jiffies(c)))
		if !preempt.InServingSoftIRQ(c) || preempt.InHardIRQ(c) || !c.IF() {
			l.err = fmt.Errorf("%s: called with preempt_count %#x, IF %v", name, preempt.Count(c), c.IF())
		}
		if w.Pending() {
			l.err = fmt.Errorf("%s: waits while it is called", name)
		}
	})
	return w
}

// Timers of all distances run at the jiffy of their bucket, which the rules
// give, whether the processor idles or works.
func TestExpiry(t *testing.T) {
	for _, busy := range []bool{false, true} {
		for _, hz := range []int{100, 250, 1000} {
			m, c := boot(t, machine.Config{CPUs: 1, HZ: hz, Append: "watchdog_thresh=0", TraceLimit: 1024})
			rnd := rand.New(rand.NewPCG(uint64(hz), 1))
			most := 26 // bits: days
			if busy {
				most = 9
				if err := m.Burn(0, 20*sim.Second); err != nil {
					t.Fatal(err)
				}
			}
			expiry(t, m, c, rnd, most, timer.DepthOf(hz))
		}
	}
}

// expiry arms some timers now and later, and sees when they run.
func expiry(t *testing.T, m *machine.Machine, c *cpu.CPU, rnd *rand.Rand, most, depth int) {
	t.Helper()
	done, wrong := 0, ""
	arm := func(c *cpu.CPU) {
		w := &timer.Timer{}
		var want place
		timer.Setup(w, "fn", func(c *cpu.CPU, w *timer.Timer) {
			done++
			if now := timer.Jiffies(c); now != want.at && wrong == "" {
				wrong = fmt.Sprintf("a timer for %d ran at %d, want %d", w.Expires, now, want.at)
			}
		})
		timer.Mod(c, w, timer.Jiffies(c)+rnd.Uint64()>>(64-most+rnd.IntN(most)))
		want = naive(w.Expires, w.Clock(), depth)
	}
	const times, each = 20, 20
	sched.KThread(c, "armer", func(task *sched.Task) {
		for range times {
			for range each {
				arm(task.CPU())
			}
			timer.MSleep(task, sim.Time(rnd.IntN(300))*sim.Millisecond)
		}
	})
	for step := 10 * sim.Second; done < times*each; step *= 2 {
		run(t, m, step)
		if wrong != "" || step > sim.Second<<22 {
			t.Fatalf("HZ=%d: %s; %d have run", sched.HZ(c), wrong, done)
		}
	}
}

// Within a bucket the last one that was armed is called first; of two buckets
// that are due together the coarser comes first.
func TestCallOrder(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 1})
	l := &log{}
	var base uint64
	do(t, m, 0, func(task *sched.Task) {
		c := task.CPU()
		base = timer.Jiffies(c)/8*8 + 80 // the end of a bucket of level 1
		timer.Mod(c, l.timer("coarse1"), base-1)
		timer.Mod(c, l.timer("coarse2"), base-2)
		for timer.Jiffies(c) < base-20 {
			timer.MSleep(task, 4*sim.Millisecond)
			c = task.CPU()
		}
		timer.Mod(c, l.timer("fine1"), base-1)
		timer.Mod(c, l.timer("fine2"), base-1)
		timer.Mod(c, l.timer("before"), base-2)
	})
	run(t, m, sim.Second)
	var want []string
	for i, name := range []string{"before", "coarse2", "coarse1", "fine2", "fine1"} {
		at := base
		if i == 0 {
			at--
		}
		want = append(want, fmt.Sprintf("%s@%d", name, at))
	}
	if !slices.Equal(l.calls, want) || l.err != nil {
		t.Errorf("calls %v, want %v; %v", l.calls, want, l.err)
	}
}

// What the functions return, one after the other on one timer.
func TestReturns(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 2})
	l := &log{}
	do(t, m, 0, func(task *sched.Task) {
		c, w := task.CPU(), l.timer("w")
		now := timer.Jiffies(c)
		check := func(what string, got, want bool, pending bool, expires uint64) {
			if got != want || w.Pending() != pending || pending && w.Expires != expires {
				t.Errorf("%s: %v, want %v; pending %v at +%d", what, got, want, w.Pending(), w.Expires-now)
			}
		}
		check("Del of a new one", timer.Del(c, w), false, false, 0)
		check("ModPending of a new one", timer.ModPending(c, w, now+10), false, false, 0)
		check("Mod of a new one", timer.Mod(c, w, now+10), false, true, now+10)
		check("Mod to the same", timer.Mod(c, w, now+10), true, true, now+10)
		check("Mod to later", timer.Mod(c, w, now+20), true, true, now+20)
		check("Reduce to later", timer.Reduce(c, w, now+30), true, true, now+20)
		check("Reduce to earlier", timer.Reduce(c, w, now+15), true, true, now+15)
		check("ModPending", timer.ModPending(c, w, now+1000), true, true, now+1000)
		check("Mod within a bucket", timer.Mod(c, w, now+1001), true, true, now+1001)
		check("Del", timer.Del(c, w), true, false, 0)
		check("DelSync of one that does not wait", timer.DelSync(c, w), false, false, 0)
		timer.Mod(c, w, now+5)
		was, running := timer.TryDelSync(c, w)
		check("TryDelSync", was && !running, true, false, 0)
		timer.Mod(c, w, now+5)
		check("DelSync", timer.DelSync(c, w), true, false, 0)
		timer.Mod(c, w, now+5)
		check("Shutdown", timer.Shutdown(c, w), true, false, 0)
		check("Mod after it", timer.Mod(c, w, now+5), false, false, 0)
		check("ShutdownSync after it", timer.ShutdownSync(c, w), false, false, 0)
		timer.AddOn(c, w, 1)
		check("AddOn after it", w.Ready(), false, false, 0)
		timer.Setup(w, "w", func(*cpu.CPU, *timer.Timer) { l.calls = append(l.calls, "again") })
		check("Mod after Setup", timer.Mod(c, w, now+6), false, true, now+6)
	})
	run(t, m, 100*sim.Millisecond)
	if !slices.Equal(l.calls, []string{"again"}) {
		t.Errorf("calls %v", l.calls)
	}
}

// A timer waits where it was armed while that processor works, with the others
// busy or not; AddOn takes any; one armed in an interrupt of an idle processor
// goes to a busy one unless it is pinned.
func TestWhere(t *testing.T) {
	m, _ := boot(t, machine.Config{CPUs: 4})
	l := &log{}
	plain, on3, pinned := l.timer("plain"), l.timer("on3"), l.timer("pinned")
	pinned.Flags = timer.Pinned
	do(t, m, 1, func(task *sched.Task) {
		c := task.CPU()
		timer.Mod(c, plain, timer.Jiffies(c)+1000)
		on3.Expires = timer.Jiffies(c) + 1000
		timer.AddOn(c, on3, 3)
		timer.AddOn(c, on3, 2) // it waits already
		for _, n := range []int{-1, 4} {
			w := l.timer("nowhere")
			if timer.AddOn(c, w, n); w.Pending() {
				t.Errorf("AddOn on processor %d", n)
			}
		}
	})
	if plain.On() != 1 || on3.On() != 3 {
		t.Errorf("armed on CPU 1: waits on %d; added on 3: waits on %d", plain.On(), on3.On())
	}
	handler := func(c *cpu.CPU, _ cpu.Vector) {
		timer.Mod(c, plain, timer.Jiffies(c)+2000)
		timer.Mod(c, pinned, timer.Jiffies(c)+2000)
	}
	do(t, m, 0, func(task *sched.Task) {
		if err := entry.Request(task.CPU(), 0x60, "test", handler); err != nil {
			t.Fatal(err)
		}
	})
	if err := m.Burn(2, sim.Second); err != nil {
		t.Fatal(err)
	}
	run(t, m, 10*sim.Millisecond)
	if err := m.Interrupt(0, 0x60); err != nil {
		t.Fatal(err)
	}
	run(t, m, sim.Millisecond)
	if plain.On() != 2 || pinned.On() != 0 {
		t.Errorf("armed by an interrupt of idle CPU 0: waits on CPU %d, the pinned one on %d", plain.On(), pinned.On())
	}
}

// msleep takes as many jiffies as the milliseconds need, one for the one that
// has begun, and what the wheel adds; a wake-up does not end it.
func TestMSleep(t *testing.T) {
	for _, hz := range []int{100, 250, 300, 1000} {
		m, c := boot(t, machine.Config{CPUs: 1, HZ: hz})
		for _, ms := range []sim.Time{0, 1, 3, 4, 5, 20, 21, 100} {
			var took uint64
			var slept sim.Time
			k := sched.KThread(c, "sleeper", func(k *sched.Task) {
				start, j := k.CPU().Now(), timer.Jiffies(k.CPU())
				timer.MSleep(k, ms*sim.Millisecond)
				took, slept = timer.Jiffies(k.CPU())-j, k.CPU().Now()-start
			})
			run(t, m, sim.Millisecond/2)
			if k.State != sched.Uninterruptible {
				t.Errorf("HZ=%d: msleep(%d): state %s", hz, ms, k.State.Letter())
			}
			if ms > 1 { // one that has slept for its timeout is let go by any wake-up
				do(t, m, 0, func(task *sched.Task) { sched.WakeUpProcess(task.CPU(), k) })
			}
			run(t, m, 2*sim.Second)
			timeout := (uint64(ms)*uint64(hz)+999)/1000 + 1
			gran := uint64(1)
			if timeout >= 63 {
				gran = 8
			}
			if slept < ms*sim.Millisecond || took <= timeout || took > timeout+gran || gran == 1 && took != timeout+1 {
				t.Errorf("HZ=%d: msleep(%d) took %v, %d jiffies; its timeout is %d", hz, ms, slept, took, timeout)
			}
		}
	}
}

func TestScheduleTimeout(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1})
	var got []int64
	before := len(m.Dmesg())
	k := sched.KThread(c, "waiter", func(k *sched.Task) {
		for _, j := range []int64{0, 3} {
			got = append(got, timer.SleepInterruptible(k, j))
		}
		got = append(got, timer.SleepUninterruptible(k, 100))
		sched.SetState(k, sched.Interruptible)
		got = append(got, timer.ScheduleTimeout(k, timer.MaxTimeout))
		sched.SetState(k, sched.Interruptible)
		got = append(got, timer.ScheduleTimeout(k, -5))
		if k.State != sched.Running {
			t.Errorf("state %s after a wrong timeout", k.State.Letter())
		}
	})
	run(t, m, 100*sim.Millisecond) // 0 takes one jiffy, 3 take four
	start := m.Now()
	do(t, m, 0, func(task *sched.Task) { sched.WakeUpProcess(task.CPU(), k) })
	run(t, m, 10*sim.Second) // without a timeout it sleeps on
	if len(got) != 3 || got[0] != 0 || got[1] != 0 || got[2] < 100-25 || got[2] > 100-20 {
		t.Fatalf("at %v: %v", start, got)
	}
	do(t, m, 0, func(task *sched.Task) { sched.WakeUpProcess(task.CPU(), k) })
	run(t, m, sim.Millisecond)
	if len(got) != 5 || got[3] != timer.MaxTimeout || got[4] != 0 {
		t.Errorf("%v", got)
	}
	lines := m.Dmesg()
	if last := lines[len(lines)-1].Text; last != "schedule_timeout: wrong timeout value fffffffffffffffb" || len(lines) != before+1 {
		t.Errorf("dmesg: %q, %d lines", last, len(lines)-before)
	}
}
