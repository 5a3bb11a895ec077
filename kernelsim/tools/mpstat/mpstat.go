// Package mpstat models sysstat's mpstat (12.6.1, mpstat.c): how each CPU spent
// its time, and how many interrupts and softirqs it had a second. It knows
// files alone.
package mpstat

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"bothhalves/kernelsim/tools/libproc"
)

// Options are how mpstat is called.
type Options struct {
	Files   libproc.Files
	Sleep   func(seconds int) error
	System  string // the header's beginning: Linux RELEASE (NODE)
	Machine string // and its architecture
	// What to show: -u, and the keywords of -I.
	CPU, Sum, IRQs, SoftIRQs bool
	// All and CPUs are -P; without it, Each is false and all means all
	// together.
	All, Each bool
	CPUs      []int
	Interval  int // seconds; 0: since boot
	Count     int
}

// A sample is what was read at one moment.
type sample struct {
	stat     *libproc.Stat
	uptime   uint64
	irqs     *libproc.Table
	softirqs *libproc.Table
}

// clock is the sample's time of day.
func (s *sample) clock() string {
	t := s.stat.BootTime + s.uptime/100
	return fmt.Sprintf("%02d:%02d:%02d", t/3600%24, t/60%60, t%60)
}

// Run prints the averages since boot, or Count times those of an interval, and
// then of all intervals.
func Run(o Options, w io.Writer) error {
	b := bufio.NewWriter(w)
	err := o.run(b)
	if flushed := b.Flush(); err == nil {
		err = flushed
	}
	return err
}

func (o Options) run(w io.Writer) error {
	first, err := o.read()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s \t%s \t_%s_\t(%d CPU)\n", o.System, first.date(), o.Machine, len(libproc.CPUNumbers(o.Files)))
	if o.Interval == 0 {
		o.write(w, boot(first), first, first.clock(), first.clock(), true)
		return nil
	}
	last := first
	for i := range o.Count {
		if err := o.Sleep(o.Interval); err != nil {
			return err
		}
		now, err := o.read()
		if err != nil {
			return err
		}
		o.write(w, last, now, last.clock(), now.clock(), i == 0 || o.headers())
		last = now
	}
	o.write(w, first, last, "Average:", "Average:", o.headers())
	return nil
}

// headers says whether each interval has one of its own: there are several
// lines or several tables.
func (o Options) headers() bool {
	tables := 0
	for _, on := range []bool{o.CPU, o.Sum, o.IRQs, o.SoftIRQs} {
		if on {
			tables++
		}
	}
	return o.Each || tables > 1
}

func (o Options) read() (*sample, error) {
	s := &sample{irqs: &libproc.Table{}, softirqs: &libproc.Table{}}
	var err error
	if s.uptime, err = libproc.ReadUptime(o.Files); err != nil {
		return nil, err
	}
	if s.stat, err = libproc.ReadStat(o.Files); err != nil {
		return nil, err
	}
	if o.Sum || o.IRQs {
		if s.irqs, err = libproc.ReadTable(o.Files, "/proc/interrupts"); err != nil {
			return nil, err
		}
	}
	if o.SoftIRQs {
		if s.softirqs, err = libproc.ReadTable(o.Files, "/proc/softirqs"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// boot is the moment before all counting. It has the CPUs of s.
func boot(s *sample) *sample {
	zero := &sample{stat: &libproc.Stat{}, irqs: &libproc.Table{}, softirqs: &libproc.Table{}}
	for _, c := range s.stat.CPUs {
		zero.stat.CPUs = append(zero.stat.CPUs, libproc.CPU{ID: c.ID})
	}
	return zero
}

// date is the sample's day as strftime's %x has it in the C locale.
func (s *sample) date() string {
	year, month, day := libproc.Date(s.stat.BootTime + s.uptime/100)
	return fmt.Sprintf("%02d/%02d/%02d", month, day, year%100)
}

// An interval is the time between two samples as the tables need it.
type interval struct {
	from, to *sample
	label    string // begins each line
	cpus     []span // that are shown: on line at both ends
	itv      uint64 // hundredths of a second
}

// A span is what one CPU did.
type span struct {
	id int
	libproc.Times
}

// write prints the tables (write_stats_core).
func (o Options) write(w io.Writer, from, to *sample, head, label string, header bool) {
	v := interval{from: from, to: to, label: label, itv: max(to.uptime-from.uptime, 1)}
	for _, c := range to.stat.CPUs {
		i := slices.IndexFunc(from.stat.CPUs, func(b libproc.CPU) bool { return b.ID == c.ID })
		if i >= 0 {
			v.cpus = append(v.cpus, span{c.ID, c.Sub(reference(from.stat.CPUs[i].Times, c.Times))})
		}
	}
	if o.CPU {
		o.cpuTable(w, v, head, header)
	}
	if o.Sum {
		o.sumTable(w, v, head, header)
	}
	if o.IRQs {
		o.countTable(w, v, from.irqs, to.irqs, head, header)
	}
	if o.SoftIRQs {
		o.countTable(w, v, from.softirqs, to.softirqs, head, header)
	}
}

// reference is what now is compared with (get_per_cpu_interval). A CPU that has
// been off line begins to count its idle time anew.
func reference(old, now libproc.Times) libproc.Times {
	if now.IOWait < old.IOWait {
		if old.IOWait = 0; now.Idle > old.Idle {
			old.IOWait = now.IOWait
		}
	}
	if now.Idle < old.Idle {
		old.Idle = 0
	}
	return old
}

// shows says whether a CPU was asked for.
func (o Options) shows(id int) bool { return o.Each && (o.CPUs == nil || slices.Contains(o.CPUs, id)) }

// cpuTable models write_plain_cpu_stats.
func (o Options) cpuTable(w io.Writer, v interval, head string, header bool) {
	if header {
		fmt.Fprintf(w, "\n%-11s  CPU    %%usr   %%nice    %%sys %%iowait    %%irq   %%soft  %%steal  %%guest  %%gnice   %%idle\n", head)
	}
	if o.All {
		var all libproc.Times
		for _, c := range v.cpus {
			all = all.Add(c.Times)
		}
		fmt.Fprintf(w, "%-11s  all%s\n", v.label, shares(all))
	}
	for _, c := range v.cpus {
		if o.shows(c.id) {
			fmt.Fprintf(w, "%-11s %4d%s\n", v.label, c.id, shares(c.Times))
		}
	}
}

// shares prints the times in percent. A CPU that has counted nothing was idle
// without a tick.
func shares(t libproc.Times) (text string) {
	total := t.Total()
	if total == 0 {
		t.Idle, total = 1, 1
	}
	for _, n := range []uint64{t.User - min(t.User, t.Guest), t.Nice - min(t.Nice, t.GuestNice), t.System, t.IOWait, t.IRQ,
		t.SoftIRQ, t.Steal, t.Guest, t.GuestNice, t.Idle} {
		text += fmt.Sprintf(" %7.2f", float64(n)/float64(total)*100)
	}
	return text
}

// sumTable models write_plain_isumcpu_stats: interrupts a second.
func (o Options) sumTable(w io.Writer, v interval, head string, header bool) {
	if header {
		fmt.Fprintf(w, "\n%-11s  CPU    intr/s\n", head)
	}
	if o.All {
		fmt.Fprintf(w, "%-11s  all %9.2f\n", v.label, rate(v.from.stat.Interrupts, v.to.stat.Interrupts, v.itv))
	}
	for _, c := range v.cpus {
		if !o.shows(c.id) {
			continue
		}
		n := 0.0
		if c.Total() > 0 { // a CPU without ticks is said to have no interrupts
			n = rate(v.from.irqs.Sum(c.id), v.to.irqs.Sum(c.id), v.itv)
		}
		fmt.Fprintf(w, "%-11s %4d %9.2f\n", v.label, c.id, n)
	}
}

// countTable models write_plain_irqcpu_stats: each interrupt, or softirq, a
// second. Without -P it has all CPUs.
func (o Options) countTable(w io.Writer, v interval, from, to *libproc.Table, head string, header bool) {
	if header {
		fmt.Fprintf(w, "\n%-11s  CPU", head)
		for _, r := range to.Rows {
			fmt.Fprintf(w, " %8s/s", r.Name)
		}
		fmt.Fprintln(w)
	}
	for _, c := range v.cpus {
		if o.Each && !o.shows(c.id) {
			continue
		}
		fmt.Fprintf(w, "%-11s  %3d", v.label, c.id)
		for _, r := range to.Rows {
			fmt.Fprintf(w, " %*.2f", max(len(r.Name)+2, 10), rate(from.Of(r.Name, c.id), to.Of(r.Name, c.id), v.itv))
		}
		fmt.Fprintln(w)
	}
}

// rate is S_VALUE: how many a second.
func rate(from, to, itv uint64) float64 { return float64(to-min(to, from)) / float64(itv) * 100 }
