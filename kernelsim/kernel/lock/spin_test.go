package lock_test

import (
	"errors"
	"slices"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// started boots a machine, runs init as a module's, and runs d.
func started(t *testing.T, cfg machine.Config, d sim.Time, init func(c *cpu.CPU)) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg, machine.WithModule(machine.Module{Name: "test",
		Init: func(c *cpu.CPU) error { init(c); return nil }}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	if err := errors.Join(m.Modprobe("test"), m.Run(d)); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFirstComeFirstServed(t *testing.T) {
	var got []int
	m := started(t, machine.Config{CPUs: 4}, sim.Second, func(c *cpu.CPU) {
		for i, n := range []int{0, 3, 1, 2} { // the order of their coming
			sched.KThreadOn(c, n, "taker", func(t *sched.Task) {
				hrtimer.USleep(t, sim.Millisecond+sim.Time(i)*10*sim.Microsecond)
				l := outer.Of(t.CPU())
				l.Lock(t.CPU())
				got = append(got, t.CPU().ID)
				sched.Compute(t, 100*sim.Microsecond)
				l.Unlock(t.CPU())
			})
		}
	})
	if want := []int{0, 3, 1, 2}; !slices.Equal(got, want) {
		t.Errorf("the lock went to CPUs %v, want %v", got, want)
	}
	begun, ended := 0, 0
	for _, r := range m.Ring().From(0) {
		switch r.Kind {
		case trace.Contention:
			begun++
		case trace.ContentionEnd:
			ended++
		}
	}
	if begun != 3 || ended != 3 {
		t.Errorf("contention_begin %d times and _end %d times, want 3 each", begun, ended)
	}
	if n := m.CPUs()[1].Profile().Count[cost.CPURelax]; n == 0 {
		t.Error("CPU 1 waited without PAUSE")
	}
}

const event cpu.Vector = 0x40

// TestInterruptsWhileSpinning: who waits is interrupted or not as it was
// before it came.
func TestInterruptsWhileSpinning(t *testing.T) {
	for _, irqsave := range []bool{false, true} {
		var handled, held sim.Time
		m := started(t, machine.Config{CPUs: 2}, 0, func(c *cpu.CPU) {
			if err := entry.Request(c, event, "test", func(c *cpu.CPU, _ cpu.Vector) { handled = c.Now() }); err != nil {
				t.Error(err)
			}
			sched.KThreadOn(c, 0, "holder", func(t *sched.Task) {
				f := outer.Of(t.CPU()).LockIRQSave(t.CPU())
				sched.Compute(t, 2*sim.Millisecond)
				held = t.CPU().Now()
				outer.Of(t.CPU()).UnlockIRQRestore(t.CPU(), f)
			})
			sched.KThreadOn(c, 1, "waiter", func(t *sched.Task) {
				sched.Compute(t, 100*sim.Microsecond)
				lockAs(t.CPU(), outer.Of(t.CPU()), irqsave)
			})
		})
		err := errors.Join(m.Run(sim.Millisecond), m.Interrupt(1, event), m.Run(5*sim.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		if handled == 0 || (handled > held) != irqsave {
			t.Errorf("irqsave %v: interrupt handled at %d, lock released at %d", irqsave, handled, held)
		}
	}
}

func lockAs(c *cpu.CPU, l *lock.Spin, irqsave bool) {
	if irqsave {
		l.UnlockIRQRestore(c, l.LockIRQSave(c))
		return
	}
	l.Lock(c)
	l.Unlock(c)
}

func TestInterruptFlag(t *testing.T) {
	err := onCPU(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		l := outer.Of(c)
		see := func(when string, want bool) {
			if c.IF() != want {
				t.Errorf("%s: IF %v, want %v", when, c.IF(), want)
			}
		}
		f := l.LockIRQSave(c)
		see("LockIRQSave", false)
		l.UnlockIRQRestore(c, f)
		see("UnlockIRQRestore after on", true)
		c.CLI()
		f = l.LockIRQSave(c)
		l.UnlockIRQRestore(c, f)
		see("UnlockIRQRestore after off", false)
		c.STI()
		l.LockIRQ(c)
		see("LockIRQ", false)
		l.UnlockIRQ(c)
		see("UnlockIRQ", true)
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTryLock(t *testing.T) {
	err := onCPU(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		l := outer.Of(c)
		if !l.TryLock(c) || !l.Locked() || preempt.Count(c) != 1 {
			t.Error("a free lock was not taken")
		}
		if l.TryLock(c) || preempt.Count(c) != 1 {
			t.Error("a taken lock was taken, or preemption was left off")
		}
		l.Unlock(c)
		if l.Locked() || preempt.Count(c) != 0 {
			t.Error("not released")
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// TestTryingMakesNoOrder: who only tries never waits, so it may try against
// the order.
func TestTryingMakesNoOrder(t *testing.T) {
	err := onCPU(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		a, b := outer.Of(c), inner.Of(c)
		a.Lock(c)
		b.Lock(c)
		b.Unlock(c)
		a.Unlock(c)
		b.Lock(c)
		if !a.TryLock(c) {
			t.Error("not free")
		}
		b.Unlock(c) // not the last one taken
		a.Unlock(c)
	})
	if err != nil {
		t.Error(err)
	}
}

// TestOrderPastTheTried: what is taken after a lock that was only tried for
// has an order with the one before that, too.
func TestOrderPastTheTried(t *testing.T) {
	err := onCPU(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		a, b, last := outer.Of(c), inner.Of(c), innermost.Of(c)
		a.Lock(c)
		b.TryLock(c)
		last.Lock(c)
		last.Unlock(c)
		b.Unlock(c)
		a.Unlock(c)
		last.Lock(c)
		a.Lock(c)
	})
	var r *oops.Report
	if !errors.As(err, &r) || r.Rule != "lock order" {
		t.Errorf("the two orders of outer and innermost: %v", err)
	}
}

func TestUnbalanced(t *testing.T) {
	err := onCPU(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		var m lock.Map
		m.Init(c, lonely, true)
		m.Validate(c)
		m.Acquired(c, false)
		m.Released(c)
		m.Released(c)
	})
	var r *oops.Report
	if !errors.As(err, &r) || r.Title != "WARNING: bad unlock balance detected!" {
		t.Errorf("released twice: %v", err)
	}
}

var (
	innermost = lock.Define("innermost")

	lonely = lock.NewClass("lonely")
	total  = percpu.Shared[int]("lock_test_total")
)

// TestExclusion counts on four CPUs under many seeds: with the lock nothing
// gets lost, without it something does.
func TestExclusion(t *testing.T) {
	const turns, cpus = 50, 4
	lost := 0
	for seed := range uint64(20) {
		for _, locked := range []bool{true, false} {
			m := started(t, machine.Config{CPUs: cpus, Seed: seed + 1}, sim.Second, func(c *cpu.CPU) {
				for n := range cpus {
					sched.KThreadOn(c, n, "counter", func(t *sched.Task) { count(t, turns, locked) })
				}
			})
			switch got := *total.Of(m.CPUs()[0]); {
			case locked && got != turns*cpus:
				t.Errorf("seed %d: counted %d of %d under the lock", seed+1, got, turns*cpus)
			case !locked:
				lost += turns*cpus - got
			}
		}
	}
	if lost == 0 {
		t.Error("without the lock nothing got lost: the test shows nothing")
	}
}

func count(t *sched.Task, turns int, locked bool) {
	for range turns {
		c := t.CPU()
		if locked {
			outer.Of(c).Lock(c)
		}
		n := *total.Of(c)
		c.Spend(cost.RemotePerCPU)
		*total.Of(c) = n + 1
		if locked {
			outer.Of(c).Unlock(c)
		}
	}
}
