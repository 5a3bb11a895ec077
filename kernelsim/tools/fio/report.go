package fio

import (
	"fmt"
	"math"
	"math/bits"
	"strings"

	"bothhalves/kernelsim/sim"
)

// latencies is what is kept of how long requests took (struct io_stat).
type latencies struct {
	n        uint64
	min, max sim.Time
	sum      uint64
	hi, lo   uint64 // the sum of the squares
}

// add counts one request.
func (l *latencies) add(d sim.Time) {
	if l.n == 0 || d < l.min {
		l.min = d
	}
	l.max = max(l.max, d)
	l.n++
	l.sum += uint64(d)
	hi, lo := bits.Mul64(uint64(d), uint64(d))
	l.square(hi, lo)
}

func (l *latencies) square(hi, lo uint64) {
	var carry uint64
	l.lo, carry = bits.Add64(l.lo, lo, 0)
	l.hi, _ = bits.Add64(l.hi, hi, carry)
}

// merge adds another job's requests.
func (l *latencies) merge(o latencies) {
	if l.n == 0 || o.n > 0 && o.min < l.min {
		l.min = o.min
	}
	l.max = max(l.max, o.max)
	l.n += o.n
	l.sum += o.sum
	l.square(o.hi, o.lo)
}

// mean and deviation, in nanoseconds.
func (l *latencies) mean() float64 {
	if l.n == 0 {
		return 0
	}
	return float64(l.sum) / float64(l.n)
}

func (l *latencies) deviation() float64 {
	if l.n < 2 {
		return 0
	}
	n := float64(l.n)
	squares := float64(float64(l.hi)*float64(1<<32)*float64(1<<32)) + float64(l.lo)
	sum := float64(l.sum)
	return math.Sqrt(max(0, float64(squares-float64(float64(sum*sum)/n))/(n-1)))
}

// all is what the jobs have measured together.
func (r *Run) all() (l latencies) {
	for _, j := range r.jobs {
		l.merge(j.lat)
	}
	return l
}

// Requests is how many requests ended, and in what time.
func (r *Run) Requests() (n uint64, in sim.Time) { return r.all().n, r.ended - r.started }

// IOPS is the rate of requests, a second.
func (r *Run) IOPS() uint64 {
	n, in := r.Requests()
	if in <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(n, uint64(sim.Second))
	q, _ := bits.Div64(hi, lo, uint64(in))
	return q
}

// Report is what fio prints of a group of jobs: one line with rates, one with
// latencies.
func (r *Run) Report() string {
	var b strings.Builder
	l := r.all()
	_, in := r.Requests()
	code := 0
	if r.err != nil {
		code = 5
	}
	fmt.Fprintf(&b, "fio: (groupid=0, jobs=%d): err=%2d: pid=%d: %s\n", len(r.jobs), code, r.firstPID(), date(r.ended))
	name := strings.TrimPrefix(r.o.RW, "rand")
	bytes := l.n * uint64(r.o.BS)
	rate := r.IOPS() * uint64(r.o.BS)
	zones := ""
	if name == "write" {
		zones = "; 0 zone resets"
	}
	fmt.Fprintf(&b, "  %s: IOPS=%s, BW=%s (%s)(%s/%dmsec)%s\n", name, short(r.IOPS(), 4, false, ""),
		short(rate, 4, true, "B/s"), short(rate, 4, false, "B/s"), short(bytes, 4, true, "B"), in/sim.Millisecond, zones)
	b.WriteString(l.line())
	return b.String()
}

func (r *Run) firstPID() int {
	if len(r.jobs) == 0 {
		return r.main.PID
	}
	return r.jobs[0].task.PID
}

// date is a time since power-on as ctime prints it. The machine has no clock
// that runs while it is off, so it starts at the epoch.
func date(t sim.Time) string {
	s := int(t / sim.Second)
	return fmt.Sprintf("Thu Jan  1 %02d:%02d:%02d 1970", s/3600%24, s/60%60, s%60)
}

// line prints minimum, maximum, mean and deviation in the unit that suits them
// (fio: nsec_to_usec and nsec_to_msec).
func (l *latencies) line() string {
	unit, div := "nsec", sim.Time(1)
	switch dev := l.deviation(); {
	case l.min > 2*sim.Millisecond && l.max > 99_999_999 && dev > 1_000_000:
		unit, div = "msec", sim.Millisecond
	case l.min > 2*sim.Microsecond && l.max > 99_999 && dev > 1000:
		unit, div = "usec", sim.Microsecond
	}
	return fmt.Sprintf("     lat (%s): min=%s, max=%s, avg=%5.2f, stdev=%5.2f\n", unit,
		short(uint64(l.min/div), 6, false, ""), short(uint64(l.max/div), 6, false, ""),
		l.mean()/float64(div), l.deviation()/float64(div))
}

// short prints a number with a prefix such that it has so many characters at
// most, the decimal point counted (fio: num2str): with prefixes of 1000, or of
// 1024.
func short(n uint64, room int, binary bool, unit string) string {
	prefixes, step := []string{"", "k", "M", "G", "T", "P"}, uint64(1000)
	if binary {
		prefixes, step = []string{"", "Ki", "Mi", "Gi", "Ti", "Pi"}, 1024
	}
	at, rest := 0, uint64(0)
	for len(fmt.Sprint(n)) > room && at < len(prefixes)-1 {
		n, rest = n/step, n%step
		at++
	}
	unit = prefixes[at] + unit
	decimals := room - len(fmt.Sprint(n)) - 1
	if at == 0 || decimals <= 0 {
		if at > 0 && rest >= step/2 {
			n++
		}
		return fmt.Sprintf("%d%s", n, unit)
	}
	part := rest * pow10(decimals) / step
	return fmt.Sprintf("%d.%0*d%s", n, decimals, part, unit)
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}
