// Package libproc reads the files in which the kernel tells programs what it
// did: what procps-ng's libproc2 and sysstat read, for the programs that print
// it. It knows files alone.
package libproc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Hertz is USER_HZ: times in /proc are in hundredths of a second.
const Hertz = 100

// Files are the files of a machine.
type Files interface {
	Read(path string) (string, error)
	List(path string) ([]string, error)
}

// Times are the ten figures of a line cpu of /proc/stat.
type Times struct {
	User, Nice, System, Idle, IOWait, IRQ, SoftIRQ, Steal, Guest, GuestNice uint64
}

// Total is their sum. User and Nice have the guests' in them.
func (t Times) Total() uint64 {
	return t.User + t.Nice + t.System + t.Idle + t.IOWait + t.IRQ + t.SoftIRQ + t.Steal
}

// Sub is what has come since old. A figure that went back has not grown.
func (t Times) Sub(old Times) Times {
	less := func(a, b uint64) uint64 { return a - min(a, b) }
	return Times{less(t.User, old.User), less(t.Nice, old.Nice), less(t.System, old.System), less(t.Idle, old.Idle),
		less(t.IOWait, old.IOWait), less(t.IRQ, old.IRQ), less(t.SoftIRQ, old.SoftIRQ), less(t.Steal, old.Steal),
		less(t.Guest, old.Guest), less(t.GuestNice, old.GuestNice)}
}

// Add is the sum, figure by figure.
func (t Times) Add(u Times) Times {
	return Times{t.User + u.User, t.Nice + u.Nice, t.System + u.System, t.Idle + u.Idle, t.IOWait + u.IOWait,
		t.IRQ + u.IRQ, t.SoftIRQ + u.SoftIRQ, t.Steal + u.Steal, t.Guest + u.Guest, t.GuestNice + u.GuestNice}
}

// A CPU is one line of /proc/stat.
type CPU struct {
	ID int
	Times
}

// A Stat is what is read of /proc/stat.
type Stat struct {
	All        Times
	CPUs       []CPU // that are on line, by number
	Interrupts uint64
	BootTime   uint64 // seconds since 1970
}

// ReadStat reads /proc/stat.
func ReadStat(f Files) (*Stat, error) {
	text, err := f.Read("/proc/stat")
	if err != nil {
		return nil, fmt.Errorf("/proc/stat: %w", err)
	}
	s := &Stat{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		switch name := words[0]; {
		case name == "cpu":
			s.All = times(words[1:])
		case strings.HasPrefix(name, "cpu"):
			if id, err := strconv.Atoi(name[3:]); err == nil && id >= 0 && len(words) > 8 {
				s.CPUs = append(s.CPUs, CPU{id, times(words[1:])})
			}
		case name == "intr":
			s.Interrupts = count(words[1])
		case name == "btime":
			s.BootTime = count(words[1])
		}
	}
	if len(s.CPUs) == 0 {
		return nil, errors.New("/proc/stat: no line of a CPU")
	}
	return s, nil
}

func times(words []string) Times {
	var n [10]uint64
	for i, w := range words[:min(len(words), len(n))] {
		n[i] = count(w)
	}
	return Times{n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9]}
}

// count reads a count; what is none counts as 0, as with sscanf.
func count(word string) uint64 {
	n, err := strconv.ParseUint(word, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// ReadUptime reads the first figure of /proc/uptime, in hundredths of a second.
func ReadUptime(f Files) (uint64, error) {
	text, err := f.Read("/proc/uptime")
	if err != nil {
		return 0, fmt.Errorf("/proc/uptime: %w", err)
	}
	first, _, _ := strings.Cut(text, " ")
	whole, part, ok := strings.Cut(first, ".")
	seconds, err := strconv.ParseUint(whole, 10, 32)
	if err != nil || !ok || len(part) != 2 {
		return 0, fmt.Errorf("/proc/uptime: %q is no time", first)
	}
	return seconds*100 + count(part), nil
}

// LoadAverage reads the three averages of /proc/loadavg; without the file they
// are 0.
func LoadAverage(f Files) (avg [3]float64) {
	text, err := f.Read("/proc/loadavg")
	if err != nil {
		return avg
	}
	words := strings.Fields(text)
	for i := range min(len(words), len(avg)) {
		avg[i], _ = strconv.ParseFloat(words[i], 64)
	}
	return avg
}

// PIDWidth is how many digits the largest pid may have (procps_pid_length).
func PIDWidth(f Files) int {
	text, err := f.Read("/proc/sys/kernel/pid_max")
	if n, bad := strconv.Atoi(strings.TrimSpace(text)); err == nil && bad == nil && n > 0 {
		return max(len(strconv.Itoa(n-1)), 5)
	}
	return 7 // of 4194304, as Debian sets it on a machine of 64 bits
}

// CPUNumbers are the CPUs that the machine has, on line or not.
func CPUNumbers(f Files) []int {
	names, _ := f.List("/sys/devices/system/cpu")
	var list []int
	for _, name := range names {
		digits, ok := strings.CutPrefix(name, "cpu")
		if id, err := strconv.Atoi(digits); ok && err == nil && id >= 0 {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, cmp.Compare[int])
	return list
}
