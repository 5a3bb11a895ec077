package timer_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A herd is many timers and how many of them have run.
type herd struct {
	timers []timer.Timer
	ran    int
}

func newHerd(n int) *herd {
	h := &herd{timers: make([]timer.Timer, n)}
	for i := range h.timers {
		timer.Setup(&h.timers[i], "herd_fn", func(*cpu.CPU, *timer.Timer) { h.ran++ })
	}
	return h
}

// run arms all of them, over a second, and sleeps until all have run.
func (h *herd) run(t *sched.Task, n int) {
	c := t.CPU()
	for i := range n {
		timer.Mod(c, &h.timers[i], timer.Jiffies(c)+1+uint64(i*37%250))
	}
	timer.MSleep(t, 1200*sim.Millisecond)
}

// BenchmarkTimers arms timers and lets them fire: an operation is one timer.
func BenchmarkTimers(b *testing.B) {
	const n = 100_000
	m, err := machine.Boot(machine.Config{CPUs: 1, TraceLimit: 1024})
	if err != nil {
		b.Fatal(err)
	}
	defer m.Close()
	h := newHerd(n)
	sched.KThread(m.CPUs()[0], "herder", func(t *sched.Task) {
		h.run(t, n)
		h.ran = 0
		b.ReportAllocs()
		b.ResetTimer()
		for left := b.N; left > 0; left -= n {
			h.run(t, min(left, n))
		}
		b.StopTimer()
	})
	if err := m.Run(sim.Time(b.N/n+3) * 2 * sim.Second); err != nil {
		b.Fatal(err)
	}
	if h.ran != b.N {
		b.Fatalf("%d of %d timers have run", h.ran, b.N)
	}
}
