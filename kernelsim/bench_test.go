package kernelsim_test

import (
	"slices"
	"testing"
	"time"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/idt"
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

// BenchmarkDeviceWriteToHandler is what lies between a device's write into the
// message window and the first instruction of the handler that the gate names:
// bus, fabric, local APIC, core, gate. Target: 120 ns, nothing allocated. It is
// timed with the clock, less the clock's own time, and the median counts, since
// others may use the host too. ns/action is the way on to the driver's
// function, with the entry code and the EOI that comes before it; ns/op the
// mean of the whole cycle with the device's event and the way back.
func BenchmarkDeviceWriteToHandler(b *testing.B) {
	m := bench(b, machine.Config{CPUs: 1, Append: "watchdog_thresh=0"})
	const vector = 0x41
	var taken int
	var start time.Time
	var gate, action samples
	if err := entry.Request(m.CPUs()[0], vector, "bench", func(*cpu.CPU, cpu.Vector) {
		action.add(time.Since(start))
		taken++
	}); err != nil {
		b.Fatal(err)
	}
	text, stub := m.CPUs()[0].Text(), idt.Stub(vector)
	code := text.Code(stub)
	text.Put(stub, text.Name(stub), func(c *cpu.CPU, f *cpu.Frame) {
		gate.add(time.Since(start))
		code(c, f)
	})
	src := &bus.Source{Name: "bench"}
	device := sim.Event{Name: "device", Fire: func(sim.Time) {
		start = time.Now()
		m.Bus().DMAWriteFrom(src, 0xfee00000, 4, vector)
	}}
	inside(b, m, func(t *sched.Task) {
		c := t.CPU()
		for n := range b.N {
			m.Engine().Arm(&device, c.Now())
			for taken == n {
				c.Spend(cost.Instruction)
			}
		}
	})
	clock := clockCost()
	b.ReportMetric(float64(gate.median()-clock), "ns/handler")
	b.ReportMetric(float64(action.median()-2*clock), "ns/action")
}

// samples are the latest durations.
type samples struct {
	ring [1 << 14]time.Duration
	n    int
}

func (s *samples) add(d time.Duration) {
	s.ring[s.n%len(s.ring)] = d
	s.n++
}

func (s *samples) median() time.Duration {
	list := s.ring[:min(s.n, len(s.ring))]
	slices.Sort(list)
	return list[len(list)/2]
}

// clockCost is what reading the clock takes: of the two readings of a
// measurement one lies between them.
func clockCost() time.Duration {
	var s samples
	for range len(s.ring) {
		start := time.Now()
		s.add(time.Since(start))
	}
	return s.median()
}

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

// BenchmarkBoot256 is a whole boot of 256 CPUs, the last of which cannot be
// named in eight bits. Target: half a second.
func BenchmarkBoot256(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		m, err := machine.Boot(machine.Config{CPUs: 256, X2APIC: true, Append: "intremap=on"})
		if err != nil {
			b.Fatal(err)
		}
		m.Close()
	}
}
