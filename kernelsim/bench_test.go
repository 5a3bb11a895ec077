package kernelsim_test

import (
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// The hot paths of the simulator. Targets, on two shared cores: task switch
// 150 ns, Spend 8 ns, trace record 12 ns, event queue at depth 64 60 ns; none
// may allocate (machine/alloc_test.go asserts that).

func bench(b *testing.B, cfg machine.Config) *machine.Machine {
	b.Helper()
	m, err := machine.Boot(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(m.Close)
	return m
}

// inside runs the loop of a benchmark as a task of the machine.
func inside(b *testing.B, m *machine.Machine, loop func(t *sched.Task)) {
	b.Helper()
	b.ReportAllocs()
	done := false
	sched.KThreadOn(m.CPUs()[0], 0, "bench", func(t *sched.Task) {
		b.ResetTimer()
		loop(t)
		b.StopTimer()
		done = true
	})
	for !done {
		if err := m.Run(sim.Second); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkTaskSwitch is one switch between two tasks of a CPU: the scheduler,
// its trace record and the coroutine.
func BenchmarkTaskSwitch(b *testing.B) {
	m := bench(b, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"})
	over := false
	sched.Spawn(m.CPUs()[0], "other", sched.Attr{CPUs: []int{0}}, func(t *sched.Task) {
		for !over {
			sched.Schedule(t.CPU())
		}
	})
	b.ReportAllocs()
	sched.Spawn(m.CPUs()[0], "bench", sched.Attr{CPUs: []int{0}}, func(t *sched.Task) {
		b.ResetTimer()
		for range b.N / 2 {
			sched.Schedule(t.CPU())
		}
		b.StopTimer()
		over = true
	})
	for !over {
		if err := m.Run(sim.Second); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCoroutineSwitch is the engine's share of it: one processor parks
// and another one goes on.
func BenchmarkCoroutineSwitch(b *testing.B) {
	e := sim.New(2)
	b.Cleanup(e.Close)
	for id := range 2 {
		p := e.Proc(id)
		p.Start(e.NewCoroutine(func() {
			for {
				if p.Advance(1) {
					p.Yield(0, 1)
				}
			}
		}))
	}
	b.ReportAllocs()
	b.ResetTimer()
	e.StopAfter(uint64(b.N))
	if _, err := e.Run(sim.Forever); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkSpend is a charge while nobody else is due.
func BenchmarkSpend(b *testing.B) {
	m := bench(b, machine.Config{CPUs: 2, Append: "watchdog_thresh=0"})
	inside(b, m, func(t *sched.Task) {
		c := t.CPU()
		for range b.N {
			c.Spend(cost.Instruction)
		}
	})
}

// BenchmarkSpendStretched is the same with a seed.
func BenchmarkSpendStretched(b *testing.B) {
	m := bench(b, machine.Config{CPUs: 2, Seed: 2, Append: "watchdog_thresh=0"})
	inside(b, m, func(t *sched.Task) {
		c := t.CPU()
		for range b.N {
			c.Spend(cost.Instruction)
		}
	})
}

func BenchmarkTraceRecord(b *testing.B) {
	m := bench(b, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"})
	c := m.CPUs()[0]
	sched.Record(c, trace.Print, 0, 0, 0, 0)
	b.ReportAllocs()
	for b.Loop() {
		sched.Record(c, trace.Print, 0, 0, 0, 0)
	}
}

// BenchmarkEventQueue takes out the first of 64 events and puts it back.
func BenchmarkEventQueue(b *testing.B) {
	e := sim.New(1)
	events := make([]sim.Event, 64)
	state := uint64(1)
	for i := range events {
		ev := &events[i]
		ev.Fire = func(now sim.Time) {
			state = state*6364136223846793005 + 1442695040888963407
			e.Arm(ev, now+sim.Time(1+state>>54))
		}
		e.Arm(ev, sim.Time(i))
	}
	b.ReportAllocs()
	b.ResetTimer()
	e.StopAfter(uint64(b.N))
	if _, err := e.Run(sim.Forever); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkInterrupt is an interrupt from its arrival to its IRET.
func BenchmarkInterrupt(b *testing.B) {
	m := bench(b, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"})
	inside(b, m, func(t *sched.Task) {
		c := t.CPU()
		for range b.N {
			if err := m.Interrupt(0, rescheduleVector); err != nil {
				b.Fatal(err)
			}
			c.Spend(cost.Instruction)
		}
	})
}

const rescheduleVector cpu.Vector = 0xfd

// BenchmarkBoot is a whole boot of four CPUs.
func BenchmarkBoot(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m, err := machine.Boot(machine.Config{CPUs: 4})
		if err != nil {
			b.Fatal(err)
		}
		m.Close()
	}
}
