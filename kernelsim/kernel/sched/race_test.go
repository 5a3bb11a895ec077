package sched_test

import (
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// slowWakeups boots a machine on which a wake-up takes from 100 to 200
// microseconds, by the seed, and everything else next to nothing: there is
// room for all sorts of things meanwhile.
func slowWakeups(t *testing.T, seed uint64) (*machine.Machine, *cpu.CPU) {
	price := cost.Default()
	price[cost.Wakeup] = 100_000
	m, c := boot(t, machine.Config{CPUs: 4, Seed: seed, Cost: &price})
	m.Engine().Observe(func(s sim.Step) {
		if err := sched.Consistent(c); err != nil {
			t.Errorf("seed %d, move %d: %v", seed, s.N, err)
			m.Engine().Stop()
		}
	})
	return m, c
}

func asleep(k *sched.Task) bool { return k.State == sched.Interruptible && !k.OnCPU() }

// spin waits on the CPU.
func spin(k *sched.Task, until func() bool) {
	for !until() {
		k.CPU().Spend(cost.CPURelax)
	}
}

// Of two wakers the slower one must not bring back a task that the faster one
// has woken and that has ended since.
func TestWakeUpOfATaskThatEnded(t *testing.T) {
	for seed := range uint64(20) {
		m, c := slowWakeups(t, seed)
		brief := sched.KThread(c, "brief", wait)
		for n := 1; n <= 2; n++ {
			sched.KThreadOn(c, n, "waker", func(k *sched.Task) {
				spin(k, func() bool { return asleep(brief) })
				sched.WakeUpProcess(k.CPU(), brief)
			})
		}
		idle(t, m)
		if brief.State != sched.Dead {
			t.Errorf("seed %d: state %s", seed, brief.State.Letter())
		}
	}
}

// A stopper that comes late must leave a task alone that runs on another CPU
// by then, even if it may not stay there either.
func TestMoveOfATaskThatLeft(t *testing.T) {
	for seed := range uint64(40) {
		m, c := slowWakeups(t, seed)
		begun := false
		nomad := sched.Spawn(c, "nomad", sched.Attr{CPUs: []int{0}}, func(k *sched.Task) {
			begun = true
			sched.Compute(k, 5*sim.Microsecond)
			wait(k)
			if err := sched.MoveSelf(k, 2); err != nil {
				t.Error(err)
			}
			sched.Compute(k, 5*sim.Microsecond)
		})
		sched.KThreadOn(c, 3, "mover", func(k *sched.Task) {
			spin(k, func() bool { return begun })
			if err := sched.SetAffinity(k.CPU(), nomad, []int{1}); err != nil {
				t.Error(err)
			}
		})
		sched.KThreadOn(c, 2, "waker", func(k *sched.Task) {
			spin(k, func() bool { return asleep(nomad) })
			sched.WakeUpProcess(k.CPU(), nomad)
		})
		idle(t, m)
		if nomad.State != sched.Dead || nomad.CPU().ID != 2 {
			t.Errorf("seed %d: state %s on CPU %d", seed, nomad.State.Letter(), nomad.CPU().ID)
		}
	}
}

// A task that comes from a CPU that has been busy for long gets its share of
// the new one at once: its virtual run time is reckoned from there.
func TestShareAfterMove(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	if err := m.Burn(0, 2*sim.Second); err != nil {
		t.Fatal(err)
	}
	k := sched.Spawn(c, "mover", sched.Attr{CPUs: []int{0}, User: true}, func(k *sched.Task) {
		sched.Compute(k, 500*sim.Millisecond)
		wait(k)
		sched.Compute(k, 10*sim.Millisecond)
	})
	if err := m.Run(sim.Second + 100*sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if err := m.Burn(1, sim.Second); err != nil {
		t.Fatal(err)
	}
	if err := m.Do("taskset", func(c *cpu.CPU) {
		if err := sched.SetAffinity(c, k, []int{1}); err != nil {
			t.Error(err)
		}
		sched.WakeUpProcess(c, k)
	}); err != nil {
		t.Fatal(err)
	}
	if err := m.Run(50 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if k.State != sched.Dead {
		t.Errorf("the task got %v in 50ms beside one other", k.SumExec()-500*sim.Millisecond)
	}
}
