package procfs_test

import (
	"fmt"
	"math"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/sim"
)

// TestLoadAverage: with n programs that run, each average goes towards n as e to
// the power of time over 1, 5 and 15 minutes; when all idle it falls in the same
// way, though nobody counts. The last sample is up to 5 s and some ticks old,
// before and after, and an average has two digits.
func TestLoadAverage(t *testing.T) {
	prices := cost.Default()
	if err := prices.Parse("user_work 1000000\n"); err != nil { // a program's microsecond takes 1 ms: minutes pass
		t.Fatal(err)
	}
	for _, hz := range []int{100, 250} {
		m, fs := boot(t, machine.Config{CPUs: 2, HZ: hz, Cost: &prices})
		var want [3]float64
		step := func(busy int, seconds float64) {
			t.Helper()
			for n := range busy {
				if err := m.Burn(n, sim.Time(seconds*float64(sim.Millisecond))); err != nil {
					t.Fatal(err)
				}
			}
			if err := m.Run(sim.Time(seconds * float64(sim.Second))); err != nil {
				t.Fatal(err)
			}
			got := averages(t, fs)
			for i, minutes := range []float64{1, 5, 15} {
				decay := func(s float64) float64 { return math.Exp(-s / 60 / minutes) }
				far := func(s float64) float64 { return float64(busy) + (want[i]-float64(busy))*decay(s) }
				lo, hi := min(far(seconds-6), far(seconds+6)), max(far(seconds-6), far(seconds+6))
				if got[i] < lo-0.02 || got[i] > hi+0.02 {
					t.Errorf("HZ=%d: %d busy for %v s: the average of %v minutes is %v, want %.2f to %.2f", hz, busy, seconds, minutes, got[i], lo, hi)
				}
				want[i] = got[i]
			}
		}
		step(1, 20)
		step(2, 20)
		step(0, 40)
		step(1, 10)
	}
}

func averages(t *testing.T, fs *procfs.FS) (avg [3]float64) {
	t.Helper()
	text := read(t, fs, "/proc/loadavg")
	var running, tasks, last int
	if _, err := fmt.Sscanf(text, "%f %f %f %d/%d %d\n", &avg[0], &avg[1], &avg[2], &running, &tasks, &last); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	if running > tasks || tasks > last {
		t.Errorf("%q: %d of %d run, and %d is the last pid", text, running, tasks, last)
	}
	return avg
}
