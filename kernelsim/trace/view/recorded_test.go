package view

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"bothhalves/kernelsim/trace"
)

// line is what print_trace_fmt prints.
var line = regexp.MustCompile(`^ *(.{1,16}?)-(\d+) +\[(\d{3})\] (.)(.)(.)(.)(.) +(\d+)\.(\d{6}): (\w+): (.*)$`)

// reader makes records of recorded lines, by the texts alone.
type reader struct {
	ring    *trace.Ring
	objects map[string]uint32 // a recorded address's number
}

// TestRecordedLines: lines of Debian's kernel 6.1.192, a few dozen of each
// event of the bottom half, come back byte for byte. The recorded kernel was
// booted with no_hash_pointers, so an object's address stands there where this
// one prints its hash.
func TestRecordedLines(t *testing.T) {
	raw, err := os.ReadFile("testdata/bottom.trace")
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[trace.Kind]int{}
	rd := reader{trace.NewRing(1024), map[string]uint32{}}
	for text := range strings.Lines(string(raw)) {
		text = strings.TrimSuffix(text, "\n")
		r, want := rd.record(t, text)
		kinds[r.Kind]++
		if got := Line(&r, rd.ring.Names()); got != want {
			t.Fatalf("%s\nis printed as\n%s", want, got)
		}
	}
	for _, k := range []trace.Kind{trace.SoftIRQRaise, trace.SoftIRQEntry, trace.SoftIRQExit, trace.TaskletEntry,
		trace.TaskletExit, trace.HRTimerStart, trace.HRTimerExpireEntry, trace.WorkQueueWork, trace.WorkActivate,
		trace.WorkExecuteStart, trace.WorkExecuteEnd, trace.IRQHandlerEntry, trace.IRQHandlerExit} {
		if kinds[k] == 0 {
			t.Errorf("no line of %v", k)
		}
	}
}

// record reads a line. want is the line with hashes for addresses.
func (rd reader) record(t *testing.T, text string) (r trace.Record, want string) {
	t.Helper()
	m := line.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("not a line of a trace: %q", text)
	}
	pid := number(t, m[2])
	us := int64(number(t, m[9]))*1e6 + int64(number(t, m[10]))
	r = trace.Record{Time: us * 1000, CPU: uint8(number(t, m[3])), Task: uint16(pid),
		Flags: readFlags(m[4] + m[5] + m[6]), Preempt: nibble(m[7]) | nibble(m[8])<<4}
	if pid != 0 {
		rd.ring.Names().SetComm(r.Task, m[1])
	}
	for _, k := range trace.Kinds() {
		if k.String() == m[11] {
			r.Kind = k
		}
	}
	return r, strings.TrimSuffix(text, m[12]) + rd.args(t, &r, m[12])
}

// args reads what stands behind the event's name.
func (rd reader) args(t *testing.T, r *trace.Record, text string) string {
	t.Helper()
	name := rd.ring.Names().ID
	var words [8]string
	scan := func(format string) []string {
		m := regexp.MustCompile("^" + format + "$").FindStringSubmatch(text)
		if m == nil {
			t.Fatalf("%v: %q does not match %s", r.Kind, text, format)
		}
		copy(words[:], m[1:])
		return m
	}
	switch r.Kind {
	case trace.SoftIRQRaise, trace.SoftIRQEntry, trace.SoftIRQExit:
		scan(`vec=(\d+) \[action=(\w+)\]`)
		r.A = number(t, words[0])
	case trace.TaskletEntry, trace.TaskletExit:
		scan(`tasklet=(\w+) function=(\w+)`)
		r.A, r.B = name(words[0]), name(words[1])
	case trace.IRQHandlerEntry:
		scan(`irq=(\d+) name=(.*)`)
		r.A, r.B = number(t, words[0]), name(words[1])
	case trace.IRQHandlerExit:
		scan(`irq=(\d+) ret=(handled|unhandled)`)
		r.A, r.B = number(t, words[0]), uint32(b2i(words[1] == "handled"))
	case trace.HRTimerExpireEntry:
		scan(`hrtimer=(\w+) function=(\w+) now=(\d+)`)
		r.A, r.B = rd.object(words[0]), name(words[1])
		r.C, r.D = halves(t, words[2])
		return strings.Replace(text, words[0], hashed(hrtimers, r.A), 1)
	case trace.HRTimerStart:
		scan(`hrtimer=(\w+) function=(\w+) expires=(\d+) softexpires=(\d+) mode=(\S+) was_armed=(\d)`)
		id := rd.object(words[0])
		r.A = id | name(words[1])<<16
		r.B = recordedMode(t, words[4]) | number(t, words[5])<<7
		r.C, r.D = halves(t, words[2])
		return strings.Replace(text, words[0], hashed(hrtimers, id), 1)
	default:
		return rd.work(t, r, text, scan)
	}
	return text
}

// work reads the events of workqueues.
func (rd reader) work(t *testing.T, r *trace.Record, text string, scan func(string) []string) string {
	t.Helper()
	name := rd.ring.Names().ID
	var m []string
	switch r.Kind {
	case trace.WorkQueueWork:
		m = scan(`work struct=(\w+) function=(\w+) workqueue=(\S+) req_cpu=(\d+) cpu=(-?\d+)`)
		cpu, _ := strconv.Atoi(m[5])
		r.B, r.C, r.D = name(m[2]), name(m[3]), number(t, m[4])<<16|uint32(uint16(cpu))
	case trace.WorkActivate:
		m = scan(`work struct (\w+)`)
	case trace.WorkExecuteStart, trace.WorkExecuteEnd:
		m = scan(`work struct (\w+): function (\w+)`)
		r.B = name(m[2])
	default:
		t.Fatalf("nobody reads %v", r.Kind)
	}
	r.A = rd.object(m[1])
	return strings.Replace(text, m[1], hashed(works, r.A), 1)
}

// object numbers addresses in the order in which they are met.
func (rd reader) object(address string) uint32 {
	if rd.objects[address] == 0 {
		rd.objects[address] = uint32(len(rd.objects) + 1)
	}
	return rd.objects[address]
}

func number(t *testing.T, s string) uint32 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

func halves(t *testing.T, s string) (low, high uint32) {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n), uint32(n >> 32)
}

func nibble(s string) uint8 {
	n, _ := strconv.ParseUint(s, 16, 4)
	return uint8(n)
}

// readFlags reads the first three of the five characters (facts: d, b, D; N, n,
// p; h, s, H, z, Z).
func readFlags(s string) (f trace.Flags) {
	for letter, bits := range map[rune]trace.Flags{
		'd': trace.IRQsOff, 'b': trace.BHOff, 'D': trace.IRQsOff | trace.BHOff,
		'N': trace.NeedResched | trace.PreemptResched, 'n': trace.NeedResched, 'p': trace.PreemptResched,
		'h': trace.HardIRQ, 's': trace.SoftIRQ, 'H': trace.HardIRQ | trace.SoftIRQ,
		'z': trace.NMI, 'Z': trace.NMI | trace.HardIRQ} {
		if strings.ContainsRune(s, letter) {
			f |= bits
		}
	}
	return f
}

// recordedMode reads enum hrtimer_mode.
func recordedMode(t *testing.T, s string) (mode uint32) {
	t.Helper()
	for word := range strings.SplitSeq(s, "|") {
		bit, ok := map[string]uint32{"ABS": 0, "REL": 1, "PINNED": 2, "SOFT": 4, "HARD": 8}[word]
		if !ok {
			t.Fatalf("mode %s", s)
		}
		mode |= bit
	}
	return mode
}

// TestUnrecordedEvents: the events that no recording has, against the formats
// of include/trace/events/timer.h, filled in by hand.
func TestUnrecordedEvents(t *testing.T) {
	ring := trace.NewRing(1024)
	names := ring.Names()
	fn := names.ID("delayed_work_timer_fn")
	arm := func(a trace.TimerArm) trace.Record {
		r := trace.Record{Kind: trace.TimerStart}
		r.A, r.B, r.C, r.D = a.Pack()
		return r
	}
	p, h := hashed(timers, 7), hashed(hrtimers, 7)
	for want, r := range map[string]trace.Record{
		"timer=" + p: {Kind: trace.TimerInit, A: 7},
		"timer=" + p + " function=delayed_work_timer_fn expires=4294893296 [timeout=250] cpu=3 idx=89 flags=D|I": arm(trace.TimerArm{Timer: 7, Function: fn, Expires: 1000, Now: 750, CPU: 3, Index: 89, Flags: 2 | 8}),
		"timer=" + p + " function=delayed_work_timer_fn expires=4294892296 [timeout=-1] cpu=0 idx=575 flags=":    arm(trace.TimerArm{Timer: 7, Function: fn, Expires: 0, Now: 1, Index: 575}),
		"timer=" + p + " function=delayed_work_timer_fn now=4294967300 baseclk=4294967299":                       {Kind: trace.TimerExpireEntry, A: 7, B: fn, C: 75004, D: 75003},
		"hrtimer=" + h + " clockid=CLOCK_MONOTONIC mode=ABS|PINNED|HARD":                                         {Kind: trace.HRTimerInit, A: 7, B: 1, C: 2 | 8},
		"hrtimer=" + h + " clockid=CLOCK_TAI mode=REL|SOFT":                                                      {Kind: trace.HRTimerInit, A: 7, B: 11, C: 1 | 4},
		"hrtimer=" + h + " clockid=0x5 mode=0xc":                                                                 {Kind: trace.HRTimerInit, A: 7, B: 5, C: 4 | 8},
		"hrtimer=" + h + " function=delayed_work_timer_fn expires=5000050000 softexpires=5000000000 mode=REL was_armed=1": {Kind: trace.HRTimerStart,
			A: 7 | fn<<16, B: 1 | 1<<7 | 50<<8, C: 5000050000 & 0xffffffff, D: 1},
		"hrtimer=" + h:                     {Kind: trace.HRTimerCancel, A: 7},
		"success=1 dependency=NONE":        {Kind: trace.TickStop, A: 1},
		"success=0 dependency=SCHED":       {Kind: trace.TickStop, B: 4},
		"success=0 dependency=POSIX_TIMER": {Kind: trace.TickStop, B: 1},
		"vec=10 [action=0xa]":              {Kind: trace.SoftIRQRaise, A: 10},
	} {
		if got := Args(&r, names); got != want {
			t.Errorf("%v: %q, want %q", r.Kind, got, want)
		}
	}
	names.SetHZ(1000)
	if got := Args(&trace.Record{Kind: trace.TimerExpireEntry, A: 7, B: fn}, names); !strings.Contains(got, " now=4294667296 ") {
		t.Errorf("HZ=1000: jiffies begin at 4294667296: %s", got)
	}
}

// TestHashedPointers: no two objects look alike, and none shows its number.
func TestHashedPointers(t *testing.T) {
	seen := map[string]string{}
	for kind := range uint32(3) {
		for n := range uint32(20000) {
			who, text := fmt.Sprint(kind, n), hashed(kind, n)
			if len(text) != 16 || !strings.HasPrefix(text, "00000000") || seen[text] != "" {
				t.Fatalf("%s is %s, as is %q", who, text, seen[text])
			}
			seen[text] = who
		}
	}
}

// TestTimerArm: what is packed comes back.
func TestTimerArm(t *testing.T) {
	want := trace.TimerArm{Timer: 1<<20 - 1, Function: 1<<16 - 1, Expires: 1<<32 - 1, Now: 1 << 31, CPU: 255, Index: 575, Flags: 15}
	var r trace.Record
	r.A, r.B, r.C, r.D = want.Pack()
	if got := trace.UnpackTimerArm(&r); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
