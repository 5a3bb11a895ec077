package sched_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A task that waits changes CPUs at once, one that is ready with its queue,
// one that runs by the stopper; each goes on where it may.
func TestSetAffinity(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 4})
	var on []int
	mark := func(k *sched.Task) { on = append(on, k.CPU().ID) }
	sleeping := sched.Spawn(c, "sleeping", sched.Attr{CPUs: []int{1}}, func(k *sched.Task) { wait(k); mark(k) })
	running := sched.Spawn(c, "running", sched.Attr{CPUs: []int{1}, User: true}, func(k *sched.Task) {
		sched.Compute(k, 20*sim.Millisecond)
		mark(k)
	})
	ready := sched.Spawn(c, "ready", sched.Attr{CPUs: []int{1}}, func(k *sched.Task) { mark(k) })
	if err := m.Run(sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	err := m.Do("mover", func(c *cpu.CPU) {
		for cpuN, task := range []*sched.Task{nil, nil, sleeping, running, ready} {
			if task == nil {
				continue
			}
			if err := sched.SetAffinity(c, task, []int{cpuN % 4}); err != nil {
				t.Error(err)
			}
		}
		sched.WakeUpProcess(c, sleeping)
	})
	if err != nil {
		t.Fatal(err)
	}
	idle(t, m)
	slices.Sort(on)
	if !slices.Equal(on, []int{0, 2, 3}) {
		t.Errorf("the tasks ended on CPUs %v, want 0, 2 and 3", on)
	}
}

func TestSetAffinityRefuses(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	free := sched.KThread(c, "free", func(k *sched.Task) { wait(k) })
	bound := sched.KThreadOn(c, 1, "bound", func(k *sched.Task) { wait(k) })
	idle(t, m)
	for _, cpus := range [][]int{nil, {}, {2}, {-1}, {0, 7}} {
		if err := sched.SetAffinity(c, free, cpus); !errors.Is(err, errno.EINVAL) {
			t.Errorf("CPUs %v: %v, want EINVAL", cpus, err)
		}
	}
	if err := sched.SetAffinity(c, bound, []int{0}); !errors.Is(err, errno.EINVAL) {
		t.Errorf("a per-CPU thread: %v, want EINVAL", err)
	}
	if !free.Allowed(0) || !free.Allowed(1) || bound.Allowed(0) {
		t.Error("a refused choice changed something")
	}
}

func TestMoveSelf(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 8})
	var way []int
	sched.KThread(c, "nomad", func(k *sched.Task) {
		for _, n := range []int{3, 3, 7, 0, 5} {
			if err := sched.MoveSelf(k, n); err != nil {
				t.Error(err)
			}
			way = append(way, k.CPU().ID)
			k.CPU().Spend(cost.Instruction) // the fresh CPU is good
		}
	})
	idle(t, m)
	if !slices.Equal(way, []int{3, 3, 7, 0, 5}) {
		t.Errorf("went to %v", way)
	}
}

// New tasks spread over idle CPUs; a woken one goes to an idle CPU rather than
// waiting.
func TestPlacement(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 4})
	var tasks []*sched.Task
	for i := range 4 {
		tasks = append(tasks, sched.Spawn(c, fmt.Sprint("b", i), sched.Attr{User: true}, func(k *sched.Task) { sched.Compute(k, sim.Second) }))
	}
	if err := m.Run(10 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	var on []int
	for _, k := range tasks {
		on = append(on, k.CPU().ID)
	}
	slices.Sort(on)
	if !slices.Equal(on, []int{0, 1, 2, 3}) {
		t.Errorf("four programs run on CPUs %v", on)
	}
}
