// Package top models procps-ng's top (4.0.2, src/top/top.c) in batch mode, as
// toprc has it here: a line for each CPU, and columns that say which CPU a task
// was on last; none of memory, which this machine does not model. It knows
// files alone.
package top

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"

	"bothhalves/kernelsim/tools/libproc"
)

// Options are how top is called.
type Options struct {
	Files  libproc.Files
	Sleep  func(ms int) error
	Frames int // -n
	Delay  int // -d, in ms: between frames
}

// window is how long top looks before it shows its first frame (LIB_USLEEP).
const window = 150

// A sample is what was read at one moment.
type sample struct {
	uptime uint64
	stat   *libproc.Stat
	tasks  []libproc.Process
	tics   map[int]uint64 // of each task, by pid
}

// Run prints the frames. Each shows what happened since the one before, the
// first what happens while top looks for 150 ms. Here that holds for the CPUs
// too: the program looks at them before that pause, so that its first frame
// tells of a few milliseconds.
func Run(o Options, w io.Writer) error {
	b := bufio.NewWriter(w)
	old, err := read(o.Files)
	for i := 0; i < o.Frames && err == nil; i++ {
		delay := o.Delay
		if i == 0 {
			delay = window
		} else {
			b.WriteByte('\n')
		}
		if err = o.Sleep(delay); err != nil {
			break
		}
		var now *sample
		if now, err = read(o.Files); err == nil {
			frame(b, o.Files, old, now)
			old = now
		}
	}
	if flushed := b.Flush(); err == nil {
		err = flushed
	}
	return err
}

func read(f libproc.Files) (*sample, error) {
	s := &sample{tics: map[int]uint64{}}
	var err error
	if s.uptime, err = libproc.ReadUptime(f); err != nil {
		return nil, err
	}
	if s.stat, err = libproc.ReadStat(f); err != nil {
		return nil, err
	}
	if s.tasks, err = libproc.ReadProcesses(f); err != nil {
		return nil, err
	}
	for i := range s.tasks {
		s.tics[s.tasks[i].PID] = s.tasks[i].Tics()
	}
	return s, nil
}

// frame prints the summary (summary_show) and the tasks (window_show).
func frame(w io.Writer, f libproc.Files, old, now *sample) {
	clock := now.stat.BootTime + now.uptime/100
	avg := libproc.LoadAverage(f)
	fmt.Fprintf(w, "top - %02d:%02d:%02d up %s%2d user,  load average: %.2f, %.2f, %.2f\n",
		clock/3600%24, clock/60%60, clock%60, uptime(now.uptime/100), 0, avg[0], avg[1], avg[2])
	states := map[string]int{}
	for i := range now.tasks {
		states[now.tasks[i].State]++
	}
	running, stopped, zombie := states["R"], states["T"]+states["t"], states["Z"]
	fmt.Fprintf(w, "Tasks: %3d total, %3d running, %3d sleeping, %3d stopped, %3d zombie\n",
		len(now.tasks), running, len(now.tasks)-running-stopped-zombie, stopped, zombie)
	for _, c := range now.stat.CPUs {
		cpuLine(w, c, before(old.stat, c.ID))
	}
	taskTable(w, libproc.PIDWidth(f), old, now)
}

// uptime is the middle of what procps_uptime_sprint prints.
func uptime(seconds uint64) (text string) {
	if days := seconds / 86400; days > 1 {
		text = fmt.Sprintf("%d days, ", days)
	} else if days == 1 {
		text = "1 day, "
	}
	minutes := seconds / 60 % 60
	if hours := seconds / 3600 % 24; hours > 0 {
		return text + fmt.Sprintf("%2d:%02d, ", hours, minutes)
	}
	return text + fmt.Sprintf("%d min, ", minutes)
}

// before is a CPU's times at the earlier moment; one that was not on line then
// is shown from its beginning.
func before(old *libproc.Stat, id int) (t libproc.Times) {
	for _, c := range old.CPUs {
		if c.ID == id {
			return c.Times
		}
	}
	return t
}

// back says that times went back, as those of a CPU that was off line do
// (stat_derive_unique): then nothing can be said of what came between.
func back(now, old libproc.Times) bool {
	kernel := func(t libproc.Times) uint64 { return t.System + t.IRQ + t.SoftIRQ }
	return now.User+now.Nice < old.User+old.Nice || kernel(now) < kernel(old) ||
		now.Idle+now.IOWait < old.Idle+old.IOWait || now.Total() < old.Total()
}

// cpuLine models sum_tics. A CPU that has not counted one tic was idle.
func cpuLine(w io.Writer, c libproc.CPU, old libproc.Times) {
	d := c.Sub(old)
	if back(c.Times, old) {
		d = libproc.Times{}
	}
	total := d.Total()
	if total == 0 {
		d.Idle, total = 1, 1
	}
	scale := 100 / float32(total)
	part := func(n uint64) float32 { return float32(n) * scale }
	fmt.Fprintf(w, "%%Cpu%-3d:%5.1f us,%5.1f sy,%5.1f ni,%5.1f id,%5.1f wa,%5.1f hi,%5.1f si,%5.1f st \n", c.ID,
		part(d.User), part(d.System), part(d.Nice), part(d.Idle), part(d.IOWait), part(d.IRQ), part(d.SoftIRQ), part(d.Steal))
}

// A row is one task and the tics that it got.
type row struct {
	*libproc.Process
	got uint64
}

// taskTable lists the tasks, those that got most first.
func taskTable(w io.Writer, pidWidth int, old, now *sample) {
	var rows []row
	for i := range now.tasks {
		p := &now.tasks[i]
		rows = append(rows, row{p, p.Tics() - min(p.Tics(), old.tics[p.PID])})
	}
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(b.got, a.got) })
	cpus := len(now.stat.CPUs)
	width := len(fmt.Sprint(cpus))
	fmt.Fprintf(w, "\n%*s USER      PR  NI S  %%CPU     TIME+ %*s COMMAND\n", pidWidth, "PID", width, "P")
	elapsed := max(float32(now.uptime-old.uptime)/100, 0.005)
	for _, r := range rows {
		fmt.Fprintf(w, "%*d root     %3s %3d %s %5s %9s %*d %s\n", pidWidth, r.PID, priority(r.Priority), r.Nice, r.State,
			percent(float32(r.got)*(100/(libproc.Hertz*elapsed)), r.Threads, cpus), cpuTime(r.Tics()), width, r.Processor, r.Comm)
	}
}

func priority(n int) string {
	if n < -99 || n > 999 {
		return "rt"
	}
	return fmt.Sprint(n)
}

// percent is the column %CPU: no task can use more than a CPU for each of its
// threads, and all of them together.
func percent(n float32, threads, cpus int) string {
	n = min(n, 100*float32(threads))
	most := float32(99.9)
	switch {
	case cpus > 10:
		most = 100 * float32(cpus)
	case cpus > 1:
		most = min(100*float32(cpus), 999.9)
	}
	if n = min(n, most); n >= 999.95 { // five places are not enough for a decimal
		return fmt.Sprintf("%5.0f", n)
	}
	return fmt.Sprintf("%.1f", n)
}

// cpuTime is the column TIME+ (scale_tics) in nine places.
func cpuTime(tics uint64) string {
	seconds := tics / libproc.Hertz
	minutes := seconds / 60
	switch {
	case minutes <= 360:
		return fmt.Sprintf("%d:%02d.%02d", minutes, seconds%60, tics%libproc.Hertz)
	case minutes/60 <= 96:
		return fmt.Sprintf("%d,%02d", minutes/60, minutes%60)
	case minutes/60/24 <= 14:
		return fmt.Sprintf("%dd+%dh", minutes/60/24, minutes/60%24)
	}
	days := minutes / 60 / 24
	return fmt.Sprintf("%dw+%dd", days/7, days%7)
}
