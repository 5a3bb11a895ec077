package mutex_test

import (
	"errors"
	"slices"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/mutex"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

var door = mutex.Define("door")

// run boots a machine, starts threads in a module's init, and runs a second.
func run(t *testing.T, cfg machine.Config, init func(c *cpu.CPU)) error {
	t.Helper()
	m, err := machine.Boot(cfg, machine.WithModule(machine.Module{Name: "test",
		Init: func(c *cpu.CPU) error { init(c); return nil }}))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Modprobe("test"); err != nil {
		return err
	}
	return m.Run(sim.Second)
}

// TestWaitersAreServedInOrder: those who sleep get the mutex in the order in
// which they came, and the CPU is free meanwhile.
func TestWaitersAreServedInOrder(t *testing.T) {
	var got []int
	err := run(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		for i := range 5 {
			sched.KThread(c, "guest", func(t *sched.Task) {
				hrtimer.USleep(t, sim.Time(i+1)*sim.Millisecond)
				door.Of(t.CPU()).Lock(t)
				got = append(got, i)
				hrtimer.USleep(t, 20*sim.Millisecond)
				door.Of(t.CPU()).Unlock(t)
			})
		}
	})
	if want := []int{0, 1, 2, 3, 4}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the mutex went to %v, want %v; %v", got, want, err)
	}
}

// TestExclusion has more threads than CPUs want one mutex again and again,
// under many seeds and both preemption models.
func TestExclusion(t *testing.T) {
	const threads, turns = 6, 20
	for seed := range uint64(20) {
		for _, model := range []string{"preempt=voluntary", "preempt=full"} {
			inside, done := 0, 0
			err := run(t, machine.Config{CPUs: 3, Seed: seed + 1, Append: model}, func(c *cpu.CPU) {
				for range threads {
					sched.KThread(c, "guest", func(task *sched.Task) {
						for range turns {
							door.Of(task.CPU()).Lock(task)
							if inside++; inside != 1 {
								t.Errorf("%d threads inside", inside)
							}
							task.CPU().Spend(cost.ProbeLoop)
							sched.CondResched(task)
							inside--
							door.Of(task.CPU()).Unlock(task)
						}
						done++
					})
				}
			})
			if err != nil || done != threads {
				t.Fatalf("seed %d, %s: %d of %d threads got through: %v", seed+1, model, done, threads, err)
			}
		}
	}
}

// TestHandoff: a thread that takes the mutex again and again without sleeping
// cannot starve one that sleeps for it.
func TestHandoff(t *testing.T) {
	var waited sim.Time
	err := run(t, machine.Config{CPUs: 2}, func(c *cpu.CPU) {
		greedy := sched.KThreadOn(c, 0, "greedy", func(t *sched.Task) {
			for !t.ShouldStop() {
				door.Of(t.CPU()).Lock(t)
				sched.Compute(t, 50*sim.Microsecond)
				door.Of(t.CPU()).Unlock(t)
			}
		})
		sched.KThreadOn(c, 1, "modest", func(t *sched.Task) {
			hrtimer.USleep(t, sim.Millisecond)
			start := t.CPU().Now()
			door.Of(t.CPU()).Lock(t)
			waited = t.CPU().Now() - start
			door.Of(t.CPU()).Unlock(t)
			sched.KThreadStop(t.CPU(), greedy)
		})
	})
	if err != nil || waited == 0 || waited > 200*sim.Microsecond {
		t.Errorf("waited %s; %v", waited, err)
	}
}

func TestTryLock(t *testing.T) {
	err := run(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) {
		self, m := sched.Current(c), door.Of(c)
		if !m.TryLock(self) || !m.Locked() {
			t.Error("a free mutex was not taken")
		}
		if m.TryLock(self) {
			t.Error("a taken mutex was taken")
		}
		m.Unlock(self)
		if m.Locked() {
			t.Error("not released")
		}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestNeverInitialised(t *testing.T) {
	err := run(t, machine.Config{CPUs: 1}, func(c *cpu.CPU) { new(mutex.Mutex).Lock(sched.Current(c)) })
	var r *oops.Report
	if !errors.As(err, &r) || r.Title != "DEBUG_LOCKS_WARN_ON(lock->magic != lock)" {
		t.Errorf("a mutex without a class: %v", err)
	}
}
