package sched_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// hog starts a program that computes for ten seconds.
func hog(c *cpu.CPU, name string, cpus []int) *sched.Task {
	return sched.Spawn(c, name, sched.Attr{User: true, CPUs: cpus}, func(k *sched.Task) { sched.Compute(k, 10*sim.Second) })
}

// allow changes where tasks may run, from a program.
func allow(t *testing.T, m *machine.Machine, tasks []*sched.Task, cpus []int) {
	t.Helper()
	if err := m.Do("taskset", func(c *cpu.CPU) {
		for _, k := range tasks {
			if err := sched.SetAffinity(c, k, cpus); err != nil {
				t.Error(err)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
}

func upTo(n int) (list []int) {
	for i := range n {
		list = append(list, i)
	}
	return list
}

// Programs that were all on one CPU spread over all of them as soon as they
// may, so that none has two more than another; those that are bound, and the
// CPUs' own threads, stay.
func TestHogsSpread(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 8
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		rnd := rand.New(rand.NewPCG(seed, 3))
		n := 2 + rnd.IntN(5)
		m, c := boot(t, machine.Config{CPUs: n, Seed: seed})
		bound, free := make([]*sched.Task, rnd.IntN(3)), make([]*sched.Task, 1+rnd.IntN(2*n))
		for i := range bound {
			bound[i] = hog(c, fmt.Sprint("bound", i), []int{0})
		}
		for i := range free {
			free[i] = hog(c, fmt.Sprint("free", i), []int{0})
		}
		if err := m.Run(20 * sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		allow(t, m, free, upTo(n))
		if err := m.Run(400 * sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		counts := make([]int, n)
		for i, p := range m.CPUs() {
			counts[i] = sched.RunningOn(p)
		}
		most := max(slices.Max(counts), 0)
		least := slices.Min(counts[1:])
		if len(bound) <= (len(bound)+len(free))/n { // else CPU 0 has too many that cannot go
			least = slices.Min(counts)
			if most-least > 1 {
				t.Errorf("seed %d: %d bound and %d free programs: %v", seed, len(bound), len(free), counts)
			}
		} else if slices.Max(counts[1:])-least > 1 {
			t.Errorf("seed %d: %d bound and %d free programs: %v", seed, len(bound), len(free), counts)
		}
		for _, k := range bound {
			if k.CPU().ID != 0 {
				t.Errorf("seed %d: %s is on CPU %d", seed, k, k.CPU().ID)
			}
		}
		for _, k := range m.Tasks() {
			if want := []int{14, 21}; n > 1 && slices.Contains(want, k.PID) && k.CPU().ID != slices.Index(want, k.PID) {
				t.Errorf("seed %d: %s is on CPU %d", seed, k, k.CPU().ID)
			}
		}
		m.Close()
	}
}

// Three programs on two processors: balancing goes on, so that in the long run
// each has two thirds of one.
func TestThreeOnTwo(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	var tasks []*sched.Task
	for i := range 3 {
		tasks = append(tasks, hog(c, fmt.Sprint("hog", i), nil))
	}
	if err := m.Run(3 * sim.Second); err != nil {
		t.Fatal(err)
	}
	for _, k := range tasks {
		if got := k.SumExec(); got < 1500*sim.Millisecond || got > 2500*sim.Millisecond {
			t.Errorf("%s has had %v of 3s", k, got)
		}
	}
}

// raises lists when SCHED was raised on CPU n.
func raises(m *machine.Machine, n int, since sim.Time) (at []sim.Time) {
	for _, r := range m.Ring().From(0) {
		if r.Kind == trace.SoftIRQRaise && r.A == uint32(softirq.Sched) && int(r.CPU) == n && sim.Time(r.Time) >= since {
			at = append(at, sim.Time(r.Time))
		}
	}
	return at
}

// On two CPUs, one of them busy, the busy one raises SCHED each sixty
// milliseconds and leaves the idle one alone: so it is recorded
// (linux-oracle/softirq, hog.trace).
func TestCadence(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	hog(c, "hog", []int{0})
	if err := m.Run(sim.Second); err != nil {
		t.Fatal(err)
	}
	calls := entry.StatsOf(m.CPUs()[1]).Call
	from := m.Now()
	if err := m.Run(sim.Second); err != nil {
		t.Fatal(err)
	}
	at := raises(m, 0, from)
	for i := range at[1:] {
		if d := at[i+1] - at[i]; d < 60*sim.Millisecond-20*sim.Microsecond || d > 60*sim.Millisecond+20*sim.Microsecond {
			t.Errorf("raised again after %v", d)
		}
	}
	if n := len(raises(m, 1, from)); len(at) < 16 || n != 0 || entry.StatsOf(m.CPUs()[1]).Call != calls {
		t.Errorf("%d raises on the busy CPU, %d on the idle one", len(at), n)
	}
}

// A CPU with two programs has an idle one told, by an interrupt, and that one
// pulls.
func TestKick(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	tasks := []*sched.Task{hog(c, "a", []int{0}), hog(c, "b", []int{0})}
	if err := m.Run(3 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	calls, count := entry.StatsOf(m.CPUs()[1]).Call, softirq.Count(m.CPUs()[1], softirq.Sched)
	if err := sched.SetAffinity(c, tasks[1], []int{0, 1}); err != nil { // a program that did it would end, and keep a tick
		t.Fatal(err)
	}
	if err := m.Run(40 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if tasks[0].CPU().ID != 0 || tasks[1].CPU().ID != 1 {
		t.Errorf("they run on CPUs %d and %d", tasks[0].CPU().ID, tasks[1].CPU().ID)
	}
	if entry.StatsOf(m.CPUs()[1]).Call == calls || softirq.Count(m.CPUs()[1], softirq.Sched) == count {
		t.Error("nobody has told the idle CPU")
	}
}

// A CPU that runs out of tasks takes one that waits elsewhere at once, without
// a softirq.
func TestNewlyIdle(t *testing.T) {
	m, c := boot(t, machine.Config{CPUs: 2})
	for i := range 3 {
		hog(c, fmt.Sprint("hog", i), nil)
	}
	brief := sched.Spawn(c, "brief", sched.Attr{User: true, CPUs: []int{1}}, func(k *sched.Task) {
		sched.Compute(k, 30*sim.Millisecond)
		wait(k)
	})
	_ = brief
	idleBefore := sched.CPUTimes(m.CPUs()[1]).Idle
	if err := m.Run(500 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if d := sched.CPUTimes(m.CPUs()[1]).Idle - idleBefore; d > 4*sim.Millisecond {
		t.Errorf("CPU 1 has idled for %v while a program waited", d)
	}
}
