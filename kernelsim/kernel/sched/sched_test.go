package sched_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// boot boots a machine; its CPU 0 is the second result, for the functions of
// the kernel that take one.
func boot(t testing.TB, cfg machine.Config) (*machine.Machine, *cpu.CPU) {
	t.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, m.CPUs()[0]
}

func idle(t testing.TB, m *machine.Machine) {
	t.Helper()
	if err := m.RunIdle(); err != nil {
		t.Fatal(err)
	}
}

func wait(t *sched.Task) {
	sched.SetState(t, sched.Interruptible)
	sched.Schedule(t.CPU())
}

func TestSleepAndWake(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	var log []string
	sleeper := sched.KThreadOn(c, 1, "sleeper", func(k *sched.Task) {
		wait(k)
		log = append(log, "woken")
		wait(k)
		log = append(log, "woken again")
	})
	idle(t, m)
	if sleeper.State != sched.Interruptible || len(log) != 0 {
		t.Fatalf("state %s, log %q", sleeper.State.Letter(), log)
	}
	for range 2 {
		if err := m.Do("waker", func(c *cpu.CPU) {
			if !sched.WakeUpProcess(c, sleeper) || sched.WakeUpProcess(c, sleeper) {
				t.Error("waking a sleeper succeeds once")
			}
		}); err != nil {
			t.Fatal(err)
		}
		idle(t, m)
	}
	if !slices.Equal(log, []string{"woken", "woken again"}) || sleeper.State != sched.Dead {
		t.Errorf("state %s, log %q", sleeper.State.Letter(), log)
	}
	if sched.WakeUpProcess(c, sleeper) || sched.Find(c, sleeper.PID) != nil {
		t.Error("a dead task was woken or is still listed")
	}
}

// handOver lets a producer on CPU 0 set a flag and wake a consumer on CPU 1
// that looks at it. It reports whether the consumer came to its end.
func handOver(t *testing.T, seed uint64, delay int, consume func(k *sched.Task, ready *bool)) bool {
	m, c := boot(t, machine.Config{CPUs: 2, Seed: seed})
	ready := false
	consumer := sched.KThreadOn(c, 1, "consumer", func(k *sched.Task) { consume(k, &ready) })
	sched.KThreadOn(c, 0, "producer", func(k *sched.Task) {
		for range delay {
			k.CPU().Spend(cost.RemotePerCPU)
		}
		ready = true
		k.CPU().Spend(cost.Instruction)
		sched.WakeUpProcess(k.CPU(), consumer)
	})
	idle(t, m)
	return consumer.State == sched.Dead
}

// Whoever sets its state before it looks misses no wake-up; whoever looks
// first does, for some seed and moment.
func TestNoLostWakeup(t *testing.T) {
	right := func(k *sched.Task, ready *bool) {
		for {
			sched.SetState(k, sched.Interruptible)
			k.CPU().Spend(cost.RemotePerCPU)
			if *ready {
				break
			}
			sched.Schedule(k.CPU())
		}
		sched.SetState(k, sched.Running)
	}
	wrong := func(k *sched.Task, ready *bool) {
		for !*ready {
			k.CPU().Spend(cost.RemotePerCPU)
			sched.SetState(k, sched.Interruptible)
			sched.Schedule(k.CPU())
		}
	}
	lost, seeds := 0, uint64(10)
	if testing.Short() {
		seeds = 3
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		for delay := range 40 {
			if !handOver(t, seed, delay, right) {
				t.Fatalf("seed %d delay %d: a wake-up was lost", seed, delay)
			}
			if !handOver(t, seed, delay, wrong) {
				lost++
			}
		}
	}
	if lost == 0 {
		t.Error("the consumer that looks first never lost a wake-up")
	}
}

func TestMSleep(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1})
	var woken []string
	for _, ms := range []sim.Time{30, 10, 20, 10} {
		sched.KThread(c, fmt.Sprintf("s%d", ms), func(k *sched.Task) {
			start := k.CPU().Now()
			hrtimer.USleep(k, ms*sim.Millisecond)
			woken = append(woken, k.Comm)
			if d := k.CPU().Now() - start; d < ms*sim.Millisecond || d > ms*sim.Millisecond+100*sim.Microsecond {
				t.Errorf("msleep(%d) took %v", ms, d)
			}
		})
	}
	if err := m.Run(50 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(woken, []string{"s10", "s10", "s20", "s30"}) {
		t.Errorf("woken in the order %q", woken)
	}
}

// RunIdle does not wait for sleepers: timers alone are no work.
func TestRunIdleLeavesSleepers(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	slept := false
	sched.KThread(c, "sleeper", func(k *sched.Task) { hrtimer.USleep(k, sim.Second); slept = true })
	idle(t, m)
	if slept || m.Now() > 100*sim.Millisecond {
		t.Errorf("idle at %v, slept=%v", m.Now(), slept)
	}
	if err := m.Run(2 * sim.Second); err != nil || !slept {
		t.Errorf("the sleeper never woke: %v", err)
	}
}

// A FIFO task takes the CPU from a fair program, the more urgent from the less
// urgent, and equals wait for one another.
func TestFIFOBeforeFair(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1, Append: "preempt=full"})
	var log []string
	work := func(k *sched.Task) {
		log = append(log, k.Comm+" begins")
		sched.Compute(k, 3*sim.Millisecond)
		log = append(log, k.Comm+" ends")
	}
	sched.Spawn(c, "fair", sched.Attr{User: true}, func(k *sched.Task) {
		log = append(log, "fair begins")
		sched.Compute(k, sim.Millisecond)
		for _, prio := range []int{5, 5, 9} {
			sched.Spawn(k.CPU(), fmt.Sprintf("fifo%d", prio), sched.Attr{Policy: sched.FIFO, RTPrio: prio}, work)
		}
		sched.Compute(k, sim.Millisecond)
		log = append(log, "fair ends")
	})
	idle(t, m)
	want := "fair begins, fifo5 begins, fifo5 ends, fifo5 begins, fifo5 ends, fifo9 begins, fifo9 ends, fair ends"
	nested := "fair begins, fifo5 begins, fifo9 begins, fifo9 ends, fifo5 ends, fifo5 begins, fifo5 ends, fair ends"
	if got := strings.Join(log, ", "); got != want && got != nested {
		t.Errorf("order: %s", got)
	}
}

// share runs two burners on one CPU and returns what each got.
func share(t *testing.T, params string, user bool, d sim.Time) (a, b sim.Time, switches uint64) {
	m, c := boot(t, machine.Config{CPUs: 1, Append: params})
	burn := func(k *sched.Task) { sched.Compute(k, 10*sim.Second) }
	x := sched.Spawn(c, "x", sched.Attr{User: user}, burn)
	y := sched.Spawn(c, "y", sched.Attr{User: user}, burn)
	if err := m.Run(d); err != nil {
		t.Fatal(err)
	}
	return x.SumExec(), y.SumExec(), x.Involuntary() + y.Involuntary()
}

// Two programs share a CPU evenly; two kernel threads do so only in a kernel
// that preempts kernel code.
func TestFairness(t *testing.T) {
	for _, tt := range []struct {
		params string
		user   bool
		fair   bool
	}{{"", true, true}, {"preempt=full", true, true}, {"preempt=full", false, true}, {"", false, false}, {"preempt=none", false, false}} {
		a, b, switches := share(t, tt.params, tt.user, sim.Second)
		if even := min(a, b) > 45*sim.Second/100; even != tt.fair {
			t.Errorf("%q user=%v: shares %v and %v", tt.params, tt.user, a, b)
		}
		if tt.fair && switches < 20 || !tt.fair && switches != 0 {
			t.Errorf("%q user=%v: %d preemptions in a second", tt.params, tt.user, switches)
		}
	}
}

// A kernel thread that offers the CPU shares it in every kernel.
func TestCondResched(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1})
	polite := func(k *sched.Task) {
		for range 400 {
			sched.Compute(k, sim.Millisecond)
			sched.CondResched(k)
		}
	}
	x, y := sched.KThread(c, "x", polite), sched.KThread(c, "y", polite)
	if err := m.Run(400 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if min(x.SumExec(), y.SumExec()) < 180*sim.Millisecond {
		t.Errorf("shares %v and %v", x.SumExec(), y.SumExec())
	}
}

// A busy CPU ticks HZ times a second, an idle one never.
func TestTickRate(t *testing.T) {
	for _, hz := range []int{100, 250, 300, 1000} {
		m, c := boot(t, machine.Config{CPUs: 2, HZ: hz})
		if err := m.Burn(1, 3*sim.Second); err != nil {
			t.Fatal(err)
		}
		if err := m.Run(sim.Second / 10); err != nil {
			t.Fatal(err)
		}
		busy, quiet := tick.Ticks(m.CPUs()[1]), entry.StatsOf(c).Timer
		if err := m.Run(sim.Second); err != nil {
			t.Fatal(err)
		}
		if n := tick.Ticks(m.CPUs()[1]) - busy; n < uint64(hz)-1 || n > uint64(hz)+1 {
			t.Errorf("HZ=%d: %d ticks in a busy second", hz, n)
		}
		if n := entry.StatsOf(c).Timer - quiet; n != 0 {
			t.Errorf("HZ=%d: an idle CPU had %d timer interrupts", hz, n)
		}
	}
}

// Switches are counted as the kernel counts them: voluntary when the task
// waits, involuntary when it is made to leave.
func TestSwitchCounts(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1})
	k := sched.KThread(c, "napper", func(k *sched.Task) {
		for range 5 {
			hrtimer.USleep(k, sim.Millisecond)
		}
		wait(k)
	})
	if err := m.Run(50 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if k.Voluntary() != 6 || k.Involuntary() != 0 || k.Switches() != 6 {
		t.Errorf("voluntary %d, involuntary %d, put on a CPU %d times", k.Voluntary(), k.Involuntary(), k.Switches())
	}
}

func TestKThreadStop(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	k := sched.KThread(c, "a name of more than fifteen bytes", func(k *sched.Task) {
		for !k.ShouldStop() {
			wait(k)
		}
	})
	idle(t, m)
	if k.Comm != "a name of more " || k.State != sched.Interruptible {
		t.Errorf("comm %q state %s", k.Comm, k.State.Letter())
	}
	if err := m.Do("stopper", func(c *cpu.CPU) { sched.KThreadStop(c, k) }); err != nil {
		t.Fatal(err)
	}
	idle(t, m)
	if k.State != sched.Dead {
		t.Errorf("state %s after kthread_stop", k.State.Letter())
	}
}

// A switch between two tasks, a wake-up and a sleep allocate nothing.
func TestSwitchAllocatesNothing(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 1, TraceLimit: 1024})
	over := false
	other := sched.KThread(c, "other", func(k *sched.Task) {
		for !over {
			wait(k)
		}
	})
	var switches, sleeps float64
	sched.KThread(c, "measurer", func(k *sched.Task) {
		turn := func() {
			sched.WakeUpProcess(k.CPU(), other)
			sched.Schedule(k.CPU())
		}
		for range 1000 {
			turn() // lists and ring grow to their size
		}
		switches = testing.AllocsPerRun(1000, turn)
		sleeps = testing.AllocsPerRun(100, func() { hrtimer.USleep(k, sim.Millisecond) })
		over = true
	})
	if err := m.Run(sim.Second); err != nil || !over {
		t.Fatalf("%v over=%v", err, over)
	}
	if switches != 0 || sleeps != 0 {
		t.Errorf("%v allocations a switch, %v a sleep", switches, sleeps)
	}
}
