package rcu_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/rcu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

func boot(t testing.TB, cfg machine.Config) *machine.Machine {
	t.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func run(t testing.TB, m *machine.Machine, d sim.Time) {
	t.Helper()
	if err := m.Run(d); err != nil {
		t.Fatal(err)
	}
}

// A reading is a stretch of code that cannot be preempted, and so may look at
// what somebody else wants to free.
type reading struct {
	since sim.Time
	open  bool
}

// A library is readers and those who throw away what they read. Its rule is all
// that RCU promises: what was thrown away at a time is not given back while a
// reading goes on that had begun then. It knows nothing of ticks, of grace
// periods or of processors.
type library struct {
	rnd     *rand.Rand
	readers []reading
	thrown  int
	freed   int
	waits   int
	err     error
}

func (l *library) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

// read is a reader: it reads with preemption or interrupts off, and between it
// sleeps, works or offers the processor.
func (l *library) read(t *sched.Task, i int) {
	for range 20 {
		c := t.CPU()
		off := l.rnd.IntN(2) == 0
		flags := c.SaveFlags()
		if off {
			c.CLI()
		} else {
			c.RestoreFlags(flags)
			preempt.Disable(c)
		}
		l.readers[i] = reading{c.Now(), true}
		sched.Compute(t, sim.Time(l.rnd.IntN(9000))*sim.Microsecond)
		l.readers[i].open = false
		if off {
			c.RestoreFlags(flags)
		} else {
			preempt.Enable(c)
		}
		switch l.rnd.IntN(3) {
		case 0:
			hrtimer.USleep(t, sim.Time(l.rnd.IntN(6000))*sim.Microsecond)
		case 1:
			sched.Compute(t, sim.Time(l.rnd.IntN(6000))*sim.Microsecond)
		case 2:
			sched.CondResched(t)
		}
	}
}

// throw is a writer: now and then it throws something away, or waits.
func (l *library) throw(t *sched.Task) {
	for range 12 {
		for range l.rnd.IntN(20) {
			l.giveBack(t.CPU())
		}
		if l.rnd.IntN(4) == 0 {
			at := t.CPU().Now()
			rcu.Synchronize(t)
			l.check(at)
			l.waits++
		}
		hrtimer.USleep(t, sim.Time(l.rnd.IntN(9000))*sim.Microsecond)
	}
}

func (l *library) giveBack(c *cpu.CPU) {
	at, ran := c.Now(), false
	l.thrown++
	rcu.Call(c, &rcu.Head{}, func(c *cpu.CPU, _ *rcu.Head) {
		if ran {
			l.fail("called twice")
		}
		if !preempt.InServingSoftIRQ(c) {
			l.fail("called outside a softirq")
		}
		ran = true
		l.freed++
		l.check(at)
	})
}

func (l *library) check(thrown sim.Time) {
	for i, r := range l.readers {
		if r.open && r.since < thrown {
			l.fail("what was thrown away at %v is given back while reader %d reads since %v", thrown, i, r.since)
		}
	}
}

// open lets a library of a seed go on until it closes, with processors that
// come and go, and returns a hash of the trace.
func open(t *testing.T, seed uint64) uint64 {
	rnd := rand.New(rand.NewPCG(seed, 11))
	cfg := machine.Config{CPUs: 1 + rnd.IntN(4), Seed: seed, HZ: []int{100, 250, 1000}[rnd.IntN(3)]}
	if rnd.IntN(2) == 0 {
		cfg.Append = "preempt=full"
	}
	m := boot(t, cfg)
	defer m.Close()
	c := m.CPUs()[0]
	l := &library{rnd: rnd, readers: make([]reading, 1+rnd.IntN(2*cfg.CPUs))}
	for i := range l.readers {
		sched.Spawn(c, fmt.Sprint("reader", i), sched.Attr{}, func(k *sched.Task) { l.read(k, i) })
	}
	for i := range 1 + rnd.IntN(3) {
		sched.Spawn(c, fmt.Sprint("writer", i), sched.Attr{User: i == 1}, l.throw)
	}
	for range 6 {
		run(t, m, 30*sim.Millisecond)
		if n := rnd.IntN(cfg.CPUs); n > 0 {
			_ = m.SetOnline(n, !sched.Online(m.CPUs()[n]))
		}
	}
	run(t, m, 2*sim.Second)
	if l.err != nil || l.freed != l.thrown || l.thrown == 0 {
		t.Fatalf("seed %d (%d CPUs, HZ %d): %v; %d thrown away, %d given back", seed, cfg.CPUs, cfg.HZ, l.err, l.thrown, l.freed)
	}
	return m.Ring().Sum()
}

// Nothing is given back while somebody reads it, everything is at last, once,
// and the same seed makes the same run.
func TestReadersAreSafe(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 25
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		first := open(t, seed)
		if seed%50 == 0 && open(t, seed) != first {
			t.Errorf("seed %d: two runs differ", seed)
		}
	}
}

// The thread has its recorded pid, and a machine that nobody uses has no grace
// periods and no RCU softirqs.
func TestQuiet(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 4})
	if k := sched.Find(m.CPUs()[0], 15); k == nil || k.Comm != "rcu_preempt" {
		t.Errorf("pid 15 is %v", k)
	}
	run(t, m, 100*sim.Millisecond)
	counts := func() (n uint64) {
		for _, p := range m.CPUs() {
			n += softirq.Count(p, softirq.RCU)
		}
		return n + rcu.GracePeriods(m.CPUs()[0])
	}
	before := counts()
	run(t, m, sim.Second)
	if n := counts(); n != before {
		t.Errorf("%d grace periods and softirqs in a second of nothing", n-before)
	}
}

// The end of a task costs a grace period: a few ticks on its processor and the
// softirq RCU there.
func TestExit(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	run(t, m, 100*sim.Millisecond)
	c := m.CPUs()[1]
	gp, count := rcu.GracePeriods(c), softirq.Count(c, softirq.RCU)
	sched.KThreadOn(m.CPUs()[0], 1, "brief", func(*sched.Task) {})
	run(t, m, 4*sim.Microsecond)
	if rcu.Waiting(c) != 1 || !rcu.NeedsCPU(c) {
		t.Errorf("%d functions wait", rcu.Waiting(c))
	}
	run(t, m, 100*sim.Millisecond)
	if n := rcu.GracePeriods(c) - gp; n != 1 || rcu.Waiting(c) != 0 || softirq.Count(c, softirq.RCU) == count {
		t.Errorf("%d grace periods, %d functions wait", n, rcu.Waiting(c))
	}
}

// Where others want the processor ten functions are called at a time; where it
// idles, all.
func TestBatch(t *testing.T) {
	for _, tt := range []struct {
		busy  bool
		first int
	}{{false, 25}, {true, 10}} {
		m := boot(t, machine.Config{CPUs: 1})
		if tt.busy {
			if err := m.Burn(0, sim.Second); err != nil {
				t.Fatal(err)
			}
		}
		var passes []uint64
		sched.KThread(m.CPUs()[0], "caller", func(k *sched.Task) {
			for range 25 {
				rcu.Call(k.CPU(), &rcu.Head{}, func(c *cpu.CPU, _ *rcu.Head) {
					passes = append(passes, softirq.Count(c, softirq.RCU))
				})
			}
		})
		run(t, m, 200*sim.Millisecond)
		n := 0
		for n < len(passes) && passes[n] == passes[0] {
			n++
		}
		if len(passes) != 25 || n != tt.first {
			t.Errorf("busy %v: %d called, %d at first, want %d", tt.busy, len(passes), n, tt.first)
		}
	}
}

// A head that is on its way already is left alone, and the log says so.
func TestDoubleCall(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 1})
	var h rcu.Head
	calls := 0
	if err := m.Do("caller", func(c *cpu.CPU) {
		for range 2 {
			rcu.Call(c, &h, func(*cpu.CPU, *rcu.Head) { calls++ })
		}
	}); err != nil {
		t.Fatal(err)
	}
	run(t, m, 100*sim.Millisecond)
	log := m.Dmesg()
	if calls != 1 || !strings.HasPrefix(log[len(log)-1].Text, "call_rcu(): Double-freed CB ") {
		t.Errorf("called %d times; log: %s", calls, log[len(log)-1].Text)
	}
}

// What waits on a processor that goes is called on another one.
func TestProcessorGoes(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2})
	on := -1
	if err := m.DoOn("caller", []int{1}, func(c *cpu.CPU) {
		rcu.Call(c, &rcu.Head{}, func(c *cpu.CPU, _ *rcu.Head) { on = c.ID })
	}); err != nil {
		t.Fatal(err)
	}
	if err := m.SetOnline(1, false); err != nil {
		t.Fatal(err)
	}
	run(t, m, 200*sim.Millisecond)
	if on != 0 || rcu.Waiting(m.CPUs()[1]) != 0 {
		t.Errorf("called on CPU %d, %d still wait on the one that has gone", on, rcu.Waiting(m.CPUs()[1]))
	}
}

// The tick and Call allocate nothing.
func TestAllocatesNothing(t *testing.T) {
	m := boot(t, machine.Config{CPUs: 2, TraceLimit: 1024})
	var allocs float64
	over := false
	heads := make([]rcu.Head, 64)
	nothing := func(*cpu.CPU, *rcu.Head) {}
	sched.KThread(m.CPUs()[0], "measurer", func(k *sched.Task) {
		turn := func() {
			for i := range heads {
				rcu.Call(k.CPU(), &heads[i], nothing)
			}
			sched.Compute(k, 60*sim.Millisecond) // fifteen ticks
		}
		turn()
		turn()
		allocs = testing.AllocsPerRun(10, turn)
		over = true
	})
	run(t, m, 2*sim.Second)
	if !over || allocs != 0 {
		t.Errorf("over %v: %v allocations in fifteen ticks", over, allocs)
	}
}
