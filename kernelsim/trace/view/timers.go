package view

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/trace"
)

// timerFields are the fields of the events of the timer wheel (include/trace/
// events/timer.h).
func timerFields(r *trace.Record, names *trace.Names) []Field {
	timer := pointer("timer", timers, r.A&0xfffff)
	switch r.Kind {
	case trace.TimerStart:
		t := trace.UnpackTimerArm(r)
		return []Field{timer, text("function", names.Text(t.Function)), jiffies("expires", t.Expires, names),
			{"timeout", fmt.Sprint(int64(t.Expires) - int64(t.Now)), true},
			num("cpu", t.CPU), num("idx", t.Index), text("flags", flagNames(t.Flags, "MDPI"))}
	case trace.TimerExpireEntry:
		return []Field{timer, text("function", names.Text(r.B)), jiffies("now", r.C, names), jiffies("baseclk", r.D, names)}
	}
	return []Field{timer}
}

// jiffies is a field that holds jiffies; the record has them without what they
// begin with.
func jiffies(name string, v uint32, names *trace.Names) Field {
	return Field{name, fmt.Sprint(names.InitialJiffies() + uint64(v)), true}
}

// flagNames models __print_flags: a letter for each bit that is set.
func flagNames(v uint32, letters string) string {
	var set []string
	for i, letter := range letters {
		if v>>i&1 != 0 {
			set = append(set, string(letter))
		}
	}
	return strings.Join(set, "|")
}

// hrtimerFields are the fields of the events of high-resolution timers.
func hrtimerFields(r *trace.Record, names *trace.Names) []Field {
	timer := pointer("hrtimer", hrtimers, r.A&0xffff)
	switch r.Kind {
	case trace.HRTimerInit:
		return []Field{timer, text("clockid", clock(r.B)), text("mode", hrtimerMode(r.C))}
	case trace.HRTimerStart:
		t := trace.UnpackHRTimerArm(r)
		return []Field{timer, text("function", names.Text(t.Function)), nanoseconds("expires", t.Expires),
			nanoseconds("softexpires", t.SoftExpires), text("mode", hrtimerMode(t.Mode)), num("was_armed", uint32(b2i(t.WasArmed)))}
	case trace.HRTimerExpireEntry:
		return []Field{timer, text("function", names.Text(r.B)), nanoseconds("now", int64(uint64(r.C)|uint64(r.D)<<32))}
	}
	return []Field{timer}
}

func nanoseconds(name string, v int64) Field { return Field{name, fmt.Sprint(uint64(v)), true} }

// clock models decode_clockid.
func clock(id uint32) string {
	return symbolic(uint64(id), []string{0: "CLOCK_REALTIME", 1: "CLOCK_MONOTONIC", 7: "CLOCK_BOOTTIME", 11: "CLOCK_TAI"})
}

// hrtimerMode models decode_hrtimer_mode: a timer's function runs in a softirq,
// or in the hard interrupt, or its mode does not say; not both.
func hrtimerMode(mode uint32) string {
	const pinned, soft, hard = 2, 4, 8
	if mode >= 16 || mode&soft != 0 && mode&hard != 0 {
		return fmt.Sprintf("0x%x", mode)
	}
	text := [2]string{"ABS", "REL"}[mode&1]
	for _, bit := range []struct {
		mask uint32
		name string
	}{{pinned, "|PINNED"}, {soft, "|SOFT"}, {hard, "|HARD"}} {
		if mode&bit.mask != 0 {
			text += bit.name
		}
	}
	return text
}

// tickFields are the fields of tick_stop.
func tickFields(r *trace.Record) []Field {
	return []Field{num("success", r.A), text("dependency", symbolic(uint64(r.B), []string{0: "NONE", 1: "POSIX_TIMER",
		2: "PERF_EVENTS", 4: "SCHED", 8: "CLOCK_UNSTABLE", 16: "RCU", 32: "RCU_EXP"}))}
}
