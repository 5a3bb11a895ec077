package ps

import (
	"fmt"

	"bothhalves/kernelsim/tools/libproc"
)

// The policies of sched_setscheduler, as /proc/PID/stat numbers them.
const (
	other = 0
	batch = 3
)

// class models pr_class.
func class(p *process) string {
	names := []string{"TS", "FF", "RR", "B", "ISO", "IDL", "DLN", "#7", "#8", "#9"}
	if p.Policy < 0 || p.Policy >= len(names) {
		return "?"
	}
	return names[p.Policy]
}

// realTime models pr_rtprio.
func realTime(p *process) string {
	if p.Policy == other {
		return "-"
	}
	return fmt.Sprint(p.RTPriority)
}

// nice models pr_nice.
func nice(p *process) string {
	if p.Policy != other && p.Policy != batch {
		return "-"
	}
	return fmt.Sprint(p.Nice)
}

func letter(p *process) string { return p.State }

// state models pr_stat: the state and what else is to be said.
func state(p *process) string {
	text := p.State
	switch {
	case p.Nice < 0:
		text += "<"
	case p.Nice > 0:
		text += "N"
	}
	if p.Session == p.PID {
		text += "s"
	}
	if p.Threads > 1 {
		text += "l"
	}
	if p.PGRP == p.TPGID {
		text += "+"
	}
	return text
}

// command models pr_args for a process without a command line, as kernel
// threads are: its name in brackets. Programs here have only their name.
func command(p *process) string {
	const kernelThread = 0x200000 // PF_KTHREAD
	if p.Flags&kernelThread != 0 {
		return "[" + p.Comm + "]"
	}
	return p.Comm
}

// share models pr_pcpu: what part of its life the process has run.
func share(p *process) string {
	tenths := perMille(p)
	if tenths > 999 {
		return fmt.Sprint(tenths / 10)
	}
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

// utilization models pr_c.
func utilization(p *process) string { return fmt.Sprintf("%2d", min(perMille(p)/10, 99)) }

func perMille(p *process) uint64 {
	if p.elapsed == 0 {
		return 0
	}
	return p.Tics() * 1000 / p.elapsed
}

// clock prints seconds as pr_time does.
func clock(s uint64) string {
	text := fmt.Sprintf("%02d:%02d:%02d", s/3600%24, s/60%60, s%60)
	if days := s / 86400; days > 0 {
		return fmt.Sprintf("%d-%s", days, text)
	}
	return text
}

// elapsed models pr_etime.
func elapsed(p *process) string {
	s := p.elapsed / libproc.Hertz
	if s >= 3600 {
		return clock(s)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

// started models pr_stime: the time of the day, of an earlier day its date.
func started(p *process) string {
	at := p.boot + p.Start/libproc.Hertz
	if at/86400 != p.now/86400 {
		_, month, day := libproc.Date(at)
		return fmt.Sprintf("%s%02d", "JanFebMarAprMayJunJulAugSepOctNovDec"[3*month-3:][:3], day)
	}
	return fmt.Sprintf("%02d:%02d", at/3600%24, at/60%60)
}
