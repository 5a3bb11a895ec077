package fio

import (
	"math"
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/sim"
)

// TestShort is how fio shortens numbers.
func TestShort(t *testing.T) {
	for _, tt := range []struct {
		n      uint64
		room   int
		binary bool
		unit   string
		want   string
	}{
		{0, 4, false, "", "0"}, {9999, 4, false, "", "9999"}, {10000, 4, false, "", "10.0k"}, {45_210, 4, false, "", "45.2k"},
		{99_990, 4, false, "", "99.9k"}, {115_234, 4, false, "", "115k"}, {115_500, 4, false, "", "116k"},
		{1_234_567, 4, false, "", "1235k"}, {12_345_678, 4, false, "", "12.3M"},
		{471_000_000, 4, false, "B/s", "471MB/s"}, {409_600_000, 4, true, "B/s", "391MiB/s"}, {4096, 4, true, "B", "4096B"},
		{20_480, 4, true, "B", "20.0KiB"}, {123_456, 6, false, "", "123456"}, {1_234_567, 6, false, "", "1234.5k"},
		{math.MaxUint64, 4, true, "B", "16384PiB"},
	} {
		if got := short(tt.n, tt.room, tt.binary, tt.unit); got != tt.want {
			t.Errorf("%d in %d characters: %q, want %q", tt.n, tt.room, got, tt.want)
		}
	}
}

// TestLatencies: minimum, maximum, mean and deviation are those of a second
// reckoning, however the requests are divided among jobs.
func TestLatencies(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		n := rnd.IntN(300)
		scale := sim.Time(1) << rnd.IntN(34)
		var list []float64
		parts := make([]latencies, 1+rnd.IntN(4))
		for range n {
			d := sim.Time(rnd.Int64N(int64(scale)))
			list = append(list, float64(d))
			parts[rnd.IntN(len(parts))].add(d)
		}
		var all latencies
		for _, p := range parts {
			all.merge(p)
		}
		low, high, mean, dev := naive(list)
		near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-6*(1+math.Abs(b)) }
		if all.n != uint64(n) || float64(all.min) != low || float64(all.max) != high || !near(all.mean(), mean) || !near(all.deviation(), dev) {
			t.Fatalf("%d requests: %v to %v, mean %v, deviation %v; want %v to %v, %v, %v", all.n, all.min, all.max, all.mean(), all.deviation(), low, high, mean, dev)
		}
	}
}

// naive goes through the numbers twice.
func naive(list []float64) (low, high, mean, dev float64) {
	for i, v := range list {
		if i == 0 || v < low {
			low = v
		}
		high = max(high, v)
		mean += v / float64(len(list))
	}
	if len(list) < 2 {
		return low, high, mean, 0
	}
	for _, v := range list {
		dev += (v - mean) * (v - mean) / float64(len(list)-1)
	}
	return low, high, mean, math.Sqrt(dev)
}

// TestLine: the unit is one in which the numbers are worth reading.
func TestLine(t *testing.T) {
	us := func(list ...sim.Time) (l latencies) {
		for _, d := range list {
			l.add(d * sim.Microsecond)
		}
		return l
	}
	for want, l := range map[string]latencies{
		"     lat (nsec): min=0, max=0, avg= 0.00, stdev= 0.00\n":                 {},
		"     lat (nsec): min=20000, max=90000, avg=55000.00, stdev=49497.47\n":   us(20, 90),
		"     lat (usec): min=20, max=320, avg=170.00, stdev=212.13\n":            us(20, 320),
		"     lat (msec): min=3, max=200, avg=101.50, stdev=139.30\n":             us(3000, 200_000),
		"     lat (usec): min=1500, max=200000, avg=100750.00, stdev=140360.70\n": us(1500, 200_000),
		"     lat (nsec): min=100000, max=100000, avg=100000.00, stdev= 0.00\n":   us(100),
	} {
		if got := l.line(); got != want {
			t.Errorf("got  %swant %s", got, want)
		}
	}
	if got := date(25*3600*sim.Second + 61*sim.Second); got != "Thu Jan  1 01:01:01 1970" {
		t.Errorf("25 h and 61 s after power-on it is %s", got)
	}
}
