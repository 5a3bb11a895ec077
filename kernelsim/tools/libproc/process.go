package libproc

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Process is what /proc/PID/stat says of one (proc(5)).
type Process struct {
	PID                int
	Comm               string
	State              string
	PPID, PGRP         int
	Session            int
	TPGID              int
	Flags              uint64
	UTime, STime       uint64 // in 1/Hertz
	Priority, Nice     int
	Threads            int
	Start              uint64 // in 1/Hertz since boot
	VSize              uint64 // bytes
	RSS                int64  // pages
	Processor          int
	RTPriority, Policy int
}

// Tics is the time that the process has had.
func (p *Process) Tics() uint64 { return p.UTime + p.STime }

// ReadProcesses reads what all processes say, by pid. One that has ended
// meanwhile is left out.
func ReadProcesses(f Files) ([]Process, error) {
	names, err := f.List("/proc")
	if err != nil {
		return nil, fmt.Errorf("/proc: %w", err)
	}
	var list []Process
	for _, name := range names {
		if _, err := strconv.ParseUint(name, 10, 31); err != nil {
			continue
		}
		text, err := f.Read("/proc/" + name + "/stat")
		if err != nil {
			continue
		}
		p, err := ParseProcess(text)
		if err != nil {
			return nil, fmt.Errorf("/proc/%s/stat: %w", name, err)
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b Process) int { return cmp.Compare(a.PID, b.PID) })
	return list, nil
}

// fields is how many words stand behind the name, up to policy.
const fields = 39

// ParseProcess reads a line of /proc/PID/stat. A name may have blanks and
// brackets in it: it ends at the last bracket.
func ParseProcess(text string) (p Process, err error) {
	open, shut := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || shut < open {
		return p, fmt.Errorf("no name in %q", text)
	}
	words := strings.Fields(text[shut+1:])
	if len(words) < fields {
		return p, fmt.Errorf("%d words behind the name, %d are wanted", len(words), fields)
	}
	if p.PID, err = strconv.Atoi(strings.TrimSpace(text[:open])); err != nil || p.PID <= 0 {
		return p, fmt.Errorf("%q is no pid", text[:open])
	}
	n := make([]int64, len(words))
	for i, w := range words[1:] { // all but the state are numbers, some of 64 bits without a sign
		if n[i+1], err = strconv.ParseInt(w, 10, 64); err != nil {
			n[i+1] = int64(count(w))
		}
	}
	return Process{PID: p.PID, Comm: text[open+1 : shut], State: words[0], PPID: int(n[1]), PGRP: int(n[2]), Session: int(n[3]),
		TPGID: int(n[5]), Flags: uint64(n[6]), UTime: uint64(n[11]), STime: uint64(n[12]),
		Priority: int(n[15]), Nice: int(n[16]), Threads: int(n[17]), Start: uint64(n[19]), VSize: uint64(n[20]), RSS: n[21],
		Processor: int(n[36]), RTPriority: int(n[37]), Policy: int(n[38])}, nil
}
