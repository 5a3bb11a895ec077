package view

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"bothhalves/kernelsim/trace"
)

// sample is a few events as linux-oracle's threadirqs run has them.
func sample() *trace.Ring {
	ring := trace.NewRing(1024)
	names := ring.Names()
	names.SetComm(26, "ksoftirqd/2")
	for _, r := range []trace.Record{
		{Time: 7172400000, CPU: 2, Kind: trace.RescheduleEntry, A: 253, Flags: trace.IRQsOff | trace.NeedResched | trace.HardIRQ, Preempt: 1},
		{Time: 7172500000, CPU: 2, Kind: trace.RescheduleExit, A: 253, Flags: trace.IRQsOff | trace.NeedResched | trace.HardIRQ, Preempt: 1},
		{Time: 7176076000, CPU: 2, Kind: trace.SchedWaking, A: 26, B: 2, C: 120, Flags: trace.IRQsOff | trace.HardIRQ, Preempt: 3},
		{Time: 7176095000, CPU: 2, Kind: trace.SchedWakeup, A: 26, B: 2, C: 120, Flags: trace.IRQsOff | trace.NeedResched | trace.PreemptResched, Preempt: 4},
		{Time: 7176106000, CPU: 2, Kind: trace.SchedSwitch, A: 0, B: 0, C: 26, D: 120<<16 | 120, Flags: trace.IRQsOff, Preempt: 2},
		{Time: 7176145000, CPU: 2, Kind: trace.SchedSwitch, Task: 26, A: 26, B: 1, C: 0, D: 120<<16 | 120, Flags: trace.IRQsOff, Preempt: 2},
		{Time: 7176150000, CPU: 1, Kind: trace.SchedMigrateTask, A: 26, B: 2, C: 1, D: 120},
		{Time: 7176151000, CPU: 1, Kind: trace.Print, A: names.ID(`a "text" <&>`)},
	} {
		ring.Add(r)
	}
	return ring
}

// want is ftrace's text: lines 1, 3, 4, 5 and 6 stand so in
// linux-oracle/threadirqs/msix-virtio/01-one.trace.
const want = `# tracer: nop
#
# entries-in-buffer/entries-written: 8/8   #P:4
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
          <idle>-0       [002] dnh1.     7.172400: reschedule_entry: vector=253
          <idle>-0       [002] dnh1.     7.172500: reschedule_exit: vector=253
          <idle>-0       [002] d.h3.     7.176076: sched_waking: comm=ksoftirqd/2 pid=26 prio=120 target_cpu=002
          <idle>-0       [002] dN.4.     7.176095: sched_wakeup: comm=ksoftirqd/2 pid=26 prio=120 target_cpu=002
          <idle>-0       [002] d..2.     7.176106: sched_switch: prev_comm=swapper/2 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=ksoftirqd/2 next_pid=26 next_prio=120
     ksoftirqd/2-26      [002] d..2.     7.176145: sched_switch: prev_comm=ksoftirqd/2 prev_pid=26 prev_prio=120 prev_state=S ==> next_comm=swapper/2 next_pid=0 next_prio=120
          <idle>-0       [001] .....     7.176150: sched_migrate_task: comm=ksoftirqd/2 pid=26 prio=120 orig_cpu=2 dest_cpu=1
          <idle>-0       [001] .....     7.176151: print: a "text" <&>
`

func TestFTrace(t *testing.T) {
	var b bytes.Buffer
	if err := FTrace(&b, sample(), 4, Selection{}); err != nil || b.String() != want {
		t.Errorf("FTrace = %v\n%s\nwant\n%s", err, b.String(), want)
	}
}

func TestSelection(t *testing.T) {
	var b bytes.Buffer
	keep := func(r *trace.Record) bool { return r.Kind == trace.SchedSwitch }
	FTrace(&b, sample(), 4, Selection{From: 1, To: 5, Keep: keep})
	if got := b.String(); strings.Count(got, "\n") != 13 || !strings.Contains(got, "entries-written: 1/1 ") {
		t.Errorf("one sched_switch lies between positions 1 and 5:\n%s", got)
	}
}

// TestEveryKindHasFields: no kind is forgotten; the arguments of each are
// printed and are valid JSON.
func TestEveryKindHasFields(t *testing.T) {
	ring := trace.NewRing(1024)
	for _, k := range trace.Kinds() {
		ring.Add(trace.Record{Kind: k, A: 1, B: 2, C: 3, D: 1})
	}
	var b bytes.Buffer
	if err := JSON(&b, ring, Selection{}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != len(trace.Kinds()) {
		t.Fatalf("%d kinds, %d lines", len(trace.Kinds()), len(lines))
	}
	for i, line := range lines {
		var v struct {
			Event string
			Args  map[string]any
		}
		if err := json.Unmarshal([]byte(line), &v); err != nil || v.Event != trace.Kinds()[i].String() || len(v.Args) == 0 {
			t.Errorf("%s: %v: %s", trace.Kinds()[i], err, line)
		}
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	JSON(&b, sample(), Selection{From: 2, To: 3})
	want := `{"time":7176076000,"cpu":2,"task":"<idle>","pid":0,"flags":"d.h3.","system":"sched","event":"sched_waking",` +
		`"args":{"comm":"ksoftirqd/2","pid":26,"prio":120,"target_cpu":2}}` + "\n"
	if b.String() != want {
		t.Errorf("JSON = %s, want %s", b.String(), want)
	}
}

func TestLanes(t *testing.T) {
	lanes := Lanes(sample(), 3, Selection{})
	if len(lanes) != 4 || lanes[2].Context != "hardirq" || lanes[3].CPU != 2 {
		t.Fatalf("want tasks of CPU 0 and 1, hardirq and tasks of CPU 2, got %+v", lanes)
	}
	irq, task := lanes[2].Spans, lanes[3].Spans
	if len(irq) != 1 || irq[0] != (Span{Name: "reschedule vector=253", From: 7172400000, To: 7172500000}) {
		t.Errorf("hardirq spans of CPU 2: %+v", irq)
	}
	if len(task) != 1 || task[0] != (Span{Name: "ksoftirqd/2-26", PID: 26, From: 7176106000, To: 7176145000}) {
		t.Errorf("task spans of CPU 2: %+v", task)
	}
}

// TestTimeline: the picture is well-formed XML and names what it shows; an
// empty ring draws an empty one.
func TestTimeline(t *testing.T) {
	for _, ring := range []*trace.Ring{sample(), trace.NewRing(1024)} {
		var b bytes.Buffer
		if err := Timeline(&b, ring, 3, Selection{}); err != nil {
			t.Fatal(err)
		}
		svg := b.String()
		if ring.Total() > 0 && !strings.Contains(svg, "<title>ksoftirqd/2-26: 7.176106s to 7.176145s</title>") {
			t.Errorf("ksoftirqd is not in the timeline:\n%s", svg)
		}
		for d := xml.NewDecoder(strings.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%v in\n%s", err, svg)
			}
		}
	}
}

// TestPerfetto: the file is JSON, with a slice for each span and an instant
// for each event.
func TestPerfetto(t *testing.T) {
	var b bytes.Buffer
	if err := Perfetto(&b, sample(), 3, Selection{}); err != nil {
		t.Fatal(err)
	}
	var file struct {
		TraceEvents []struct {
			Ph, Name string
			Pid      int
			Ts, Dur  float64
		}
	}
	if err := json.Unmarshal(b.Bytes(), &file); err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	count := map[string]int{}
	for _, e := range file.TraceEvents {
		count[e.Ph]++
		if e.Name == "ksoftirqd/2-26" && (e.Pid != 2 || e.Ts != 7176106 || e.Dur != 39) {
			t.Errorf("ksoftirqd's slice: %+v", e)
		}
	}
	if count["X"] != 2 || count["i"] != 8 {
		t.Errorf("2 slices and 8 instants, got %v", count)
	}
}

// bottomHalf is an interrupt that raises NET_RX while the idle task is
// interrupted, a softirq that is itself interrupted by the timer, and a tasklet
// in ksoftirqd.
func bottomHalf() *trace.Ring {
	ring := trace.NewRing(1024)
	names := ring.Names()
	names.SetComm(14, "ksoftirqd/0")
	hard, soft := trace.HardIRQ|trace.IRQsOff, trace.SoftIRQ
	for _, r := range []trace.Record{
		{Time: 1000, Kind: trace.IRQHandlerEntry, A: 24, B: names.ID("eth0-rx-0"), Flags: hard, Preempt: 1},
		{Time: 1500, Kind: trace.SoftIRQRaise, A: 3, Flags: hard, Preempt: 1},
		{Time: 2000, Kind: trace.IRQHandlerExit, A: 24, B: 1, Flags: hard, Preempt: 1},
		{Time: 3000, Kind: trace.SoftIRQEntry, A: 3, Flags: soft, Preempt: 1},
		{Time: 4000, Kind: trace.LocalTimerEntry, A: 236, Flags: hard | soft, Preempt: 1},
		{Time: 4200, Kind: trace.HRTimerExpireEntry, A: 1, B: names.ID("tick_sched_timer"), Flags: hard | soft, Preempt: 1},
		{Time: 4800, Kind: trace.HRTimerExpireExit, A: 1, Flags: hard | soft, Preempt: 1},
		{Time: 5000, Kind: trace.LocalTimerExit, A: 236, Flags: hard | soft, Preempt: 1},
		{Time: 6000, Kind: trace.SoftIRQExit, A: 3, Flags: soft, Preempt: 1},
		{Time: 7000, Kind: trace.SchedSwitch, C: 14, D: 120<<16 | 120, Flags: trace.IRQsOff, Preempt: 2},
		{Time: 8000, Task: 14, Kind: trace.SoftIRQEntry, A: 6, Flags: soft},
		{Time: 8100, Task: 14, Kind: trace.TaskletEntry, A: names.ID("keyboard_tasklet"), B: names.ID("kbd_bh"), Flags: soft},
		{Time: 8900, Task: 14, Kind: trace.TaskletExit, A: names.ID("keyboard_tasklet"), B: names.ID("kbd_bh"), Flags: soft},
		{Time: 9000, Task: 14, Kind: trace.SoftIRQExit, A: 6, Flags: soft},
	} {
		ring.Add(r)
	}
	return ring
}

// TestSoftIRQLane: a softirq has a lane of its own, between hard interrupts and
// tasks, wherever it runs; functions of tasklets and timers lie within.
func TestSoftIRQLane(t *testing.T) {
	got := Lanes(bottomHalf(), 1, Selection{End: 9500})
	want := []Lane{
		{0, HardIRQ, []Span{{"irq 24 eth0-rx-0", 0, 0, 1000, 2000}, {"local_timer vector=236", 0, 1, 4000, 5000}},
			[]Span{{"tick_sched_timer", 0, 2, 4200, 4800}}},
		{0, SoftIRQ, []Span{{"NET_RX", 0, 0, 3000, 6000}, {"TASKLET", 0, 0, 8000, 9000}}, []Span{{"kbd_bh", 0, 1, 8100, 8900}}},
		{0, Task, []Span{{"ksoftirqd/0-14", 14, 0, 7000, 9500}}, nil},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
}

// TestLanesOfAPart: where the selection leaves out entries or exits, no span is
// made up, and none is ended by another lane's exit.
func TestLanesOfAPart(t *testing.T) {
	exits := func(r *trace.Record) bool { return r.Kind == trace.SoftIRQExit || r.Kind == trace.LocalTimerExit }
	if got := Lanes(bottomHalf(), 1, Selection{Keep: exits}); len(got) != 1 || len(got[0].Spans) != 0 {
		t.Errorf("exits alone: %+v", got)
	}
	soft := func(r *trace.Record) bool { return r.Kind == trace.SoftIRQEntry || r.Kind == trace.LocalTimerExit }
	got := Lanes(bottomHalf(), 1, Selection{Keep: soft, End: 9500})
	if len(got) != 2 || got[0].Context != SoftIRQ || len(got[0].Spans) != 2 || got[0].Spans[0].To != 9500 {
		t.Errorf("a softirq whose exit is not there lasts until the end: %+v", got)
	}
}

// TestPictures draws the bottom half in both forms.
func TestPictures(t *testing.T) {
	for name, draw := range map[string]func(io.Writer) error{
		"bottom.svg":      func(w io.Writer) error { return Timeline(w, bottomHalf(), 1, Selection{End: 9500}) },
		"bottom.perfetto": func(w io.Writer) error { return Perfetto(w, bottomHalf(), 1, Selection{End: 9500}) },
		"bottom.json":     func(w io.Writer) error { return JSON(w, bottomHalf(), Selection{}) },
		"bottom.ftrace":   func(w io.Writer) error { return FTrace(w, bottomHalf(), 1, Selection{}) },
	} {
		var b bytes.Buffer
		if err := draw(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.String())
	}
}

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got != string(want) {
		t.Errorf("%s (%v):\n%s\nwant\n%s", path, err, got, want)
	}
}
