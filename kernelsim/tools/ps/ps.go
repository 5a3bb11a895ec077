// Package ps models procps-ng's ps (4.0.2, src/ps/output.c): the processes, a
// line each, in columns that the caller chooses. It knows files alone.
package ps

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"bothhalves/kernelsim/tools/libproc"
)

// Lists of columns that ps knows by a letter.
const (
	Default = "pid,psr,stat,time,comm" // what a shell of this machine asks for
	Every   = "pid,tname,time,ucmd"
	Full    = "uid_hack,pid,ppid,c,stime,tname,time,cmd"
	User    = "user,pid,%cpu,%mem,vsz,rss,tname,stat,start_time,bsdtime,args"
)

// A column is one specifier of -o.
type column struct {
	name, head string
	width      int // negative: to the left
	text       func(*process) string
}

// A process is what a column is made of.
type process struct {
	libproc.Process
	boot, now uint64 // seconds since 1970
	elapsed   uint64 // tics since it began
}

// columns are the specifiers, as in format_array; pid is how wide a pid is.
func columns(pid int) []column {
	number := func(f func(*process) int) func(*process) string {
		return func(p *process) string { return fmt.Sprint(f(p)) }
	}
	comm := func(p *process) string { return p.Comm }
	ticks := func(p *process) uint64 { return p.Tics() }
	return []column{
		{"%cpu", "%CPU", 4, share}, {"pcpu", "%CPU", 4, share}, {"c", "C", 2, utilization},
		{"%mem", "%MEM", 4, func(*process) string { return "0.0" }},
		{"args", "COMMAND", -27, command}, {"command", "COMMAND", -27, command}, {"cmd", "CMD", -27, command},
		{"comm", "COMMAND", -15, comm}, {"ucmd", "CMD", -15, comm},
		{"cls", "CLS", 3, class}, {"class", "CLS", -3, class}, {"policy", "POL", -3, class},
		{"sched", "SCH", 3, number(func(p *process) int { return p.Policy })},
		{"rtprio", "RTPRIO", 6, realTime}, {"ni", "NI", 3, nice}, {"nice", "NI", 3, nice},
		{"pri", "PRI", 3, number(func(p *process) int { return 39 - p.Priority })},
		{"priority", "PRI", 3, number(func(p *process) int { return p.Priority })},
		{"psr", "PSR", 3, number(func(p *process) int { return p.Processor })},
		{"nlwp", "NLWP", 4, number(func(p *process) int { return p.Threads })},
		{"pid", "PID", pid, number(func(p *process) int { return p.PID })},
		{"ppid", "PPID", pid, number(func(p *process) int { return p.PPID })},
		{"pgid", "PGID", pid, number(func(p *process) int { return p.PGRP })},
		{"sid", "SID", pid, number(func(p *process) int { return p.Session })},
		{"stat", "STAT", -4, state}, {"s", "S", -1, letter}, {"state", "S", -1, letter},
		{"time", "TIME", 8, func(p *process) string { return clock(ticks(p) / libproc.Hertz) }},
		{"cputime", "TIME", 8, func(p *process) string { return clock(ticks(p) / libproc.Hertz) }},
		{"bsdtime", "TIME", 6, func(p *process) string {
			s := ticks(p) / libproc.Hertz
			return fmt.Sprintf("%3d:%02d", s/60, s%60)
		}},
		{"etime", "ELAPSED", 11, elapsed}, {"start_time", "START", 5, started}, {"stime", "STIME", 5, started},
		{"tname", "TTY", -8, func(*process) string { return "?" }}, {"tty", "TT", -8, func(*process) string { return "?" }},
		{"user", "USER", -8, func(*process) string { return "root" }}, {"uid_hack", "UID", -8, func(*process) string { return "root" }},
		{"vsz", "VSZ", 6, func(p *process) string { return fmt.Sprint(p.VSize / 1024) }},
		{"rss", "RSS", 5, func(p *process) string { return fmt.Sprint(p.RSS * 4) }},
	}
}

// Names lists the specifiers.
func Names() (list []string) {
	for _, c := range columns(0) {
		list = append(list, c.name)
	}
	return list
}

// Run prints the processes. spec names the columns, with commas between; a
// name that Names does not list is refused.
func Run(f libproc.Files, spec string, w io.Writer) error {
	cols, err := choose(spec, libproc.PIDWidth(f))
	if err != nil {
		return err
	}
	stat, err := libproc.ReadStat(f)
	if err != nil {
		return err
	}
	up, err := libproc.ReadUptime(f)
	if err != nil {
		return err
	}
	list, err := libproc.ReadProcesses(f)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	line(b, cols, func(c column) string { return c.head })
	for _, p := range list {
		each := process{p, stat.BootTime, stat.BootTime + up/100, up - min(up, p.Start)}
		line(b, cols, func(c column) string { return c.text(&each) })
	}
	return b.Flush()
}

// choose finds the columns.
func choose(spec string, pid int) (list []column, err error) {
	all := columns(pid)
	for _, name := range strings.FieldsFunc(spec, func(r rune) bool { return r == ',' || r == ' ' }) {
		i := slices.IndexFunc(all, func(c column) bool { return c.name == name })
		if i < 0 {
			return nil, Unknown(name)
		}
		list = append(list, all[i])
	}
	return list, nil
}

// Unknown is a specifier that ps does not have here.
type Unknown string

// Error says which one.
func (u Unknown) Error() string { return "-o: " + string(u) + ": no such column" }

// line models show_one_proc: a name that is too long is cut, but in the last
// column; a number pushes the next columns to the right, until one has blanks
// to spare.
func line(w io.Writer, cols []column, text func(column) string) {
	var b strings.Builder
	correct := 0 // where the column begins by all widths
	for i, c := range cols {
		s, width := text(c), max(c.width, -c.width, len(c.head))
		space := correct - b.Len()
		switch {
		case c.width > 0:
			space += max(width-len(s), 0)
		case i < len(cols)-1:
			s = s[:min(len(s), width)]
		}
		if space < 1 {
			space = min(i, 1)
		}
		b.WriteString(strings.Repeat(" ", space) + s)
		correct += width + 1
	}
	fmt.Fprintln(w, b.String())
}
