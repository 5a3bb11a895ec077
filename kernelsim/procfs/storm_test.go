package procfs_test

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/board"
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/edu"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/sim"
)

// A storm is a recorded machine on whose shared line an edu device without a
// driver holds its pin active (intx/*/07).
type storm struct {
	name, params string
	cpus, on     int // on: the CPU where the line comes
	flow         string
	m            *machine.Machine
	fs           *procfs.FS
}

// storms boots the two machines.
func storms(t *testing.T) []*storm {
	list := []*storm{
		{name: "ioapic-shared", params: "pci=nomsi", cpus: 4, on: 1, flow: "irq.HandleFastEOI"},
		{name: "noapic-xtpic", params: "pci=nomsi noapic", cpus: 2, flow: "irq.HandleLevel"},
	}
	for _, s := range list {
		s.m, s.fs = boot(t, machine.Config{CPUs: s.cpus, Append: s.params, Devices: []board.Device{
			{Kind: "e1000e", BDF: 2 << 3}, {Kind: "e1000e", BDF: 6 << 3}, {Kind: "edu", BDF: eduAt}}})
	}
	return list
}

const eduAt = 10 << 3

func (s *storm) recorded(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/storm/" + s.name + "/" + file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// prelude handles a few interrupts, as the recorded machine had, and moves the
// line to where it was recorded.
func (s *storm) prelude(t *testing.T) {
	t.Helper()
	if s.on != 0 {
		write(t, s.fs, "/proc/irq/10/smp_affinity", "2\n")
	}
	for range 223 {
		s.event(t, 2)
	}
}

// event lets a card signal.
func (s *storm) event(t *testing.T, slot int) {
	t.Helper()
	if err := s.m.Board().Event(pcie.MakeBDF(0, slot, 0), 0, false); err != nil {
		t.Fatal(err)
	}
	if err := s.m.RunIdle(); err != nil {
		t.Fatal(err)
	}
}

// raise is what the recorded run wrote: the edu device's pin is active from
// now on.
func (s *storm) raise(t *testing.T) {
	t.Helper()
	dev := s.m.PCIDevs()[slices.IndexFunc(s.m.PCIDevs(), func(d *pci.Dev) bool { return d.BDF == eduAt })]
	const at = "/sys/bus/pci/devices/0000:00:0a.0/"
	write(t, s.fs, at+"enable", "1\n")
	if got, want := read(t, s.fs, at+"irq"), s.recorded(t, "07-edu.irq"); got != want {
		t.Errorf("the device has irq %q, recorded %q", got, want)
	}
	s.trace(t)
	s.m.Bus().Write(bus.Addr(dev.Resources[0].Start)+edu.Raise, 4, 1)
	if err := s.m.RunIdle(); err != nil {
		t.Fatal(err)
	}
	got, want := answers(read(t, s.fs, tracing+"trace")), answers(s.recorded(t, "07-storm.trace"))
	if len(got) < 40_000 || len(want) < 10 || strings.Join(got[:8], "") != strings.Join(want[:8], "") {
		t.Errorf("%d events, the first ones %q; recorded %d, %q", len(got), got[:8], len(want), want[:8])
	}
}

// trace starts tracing what the handlers answer.
func (s *storm) trace(t *testing.T) {
	t.Helper()
	write(t, s.fs, tracing+"trace", "")
	for _, e := range []string{"entry", "exit"} {
		write(t, s.fs, tracing+"events/irq/irq_handler_"+e+"/enable", "1\n")
	}
}

// answers are the events of a trace from the first call of the first handler
// on.
func answers(text string) (list []string) {
	for line := range strings.Lines(text) {
		_, event, ok := strings.Cut(line, ": ")
		if ok && (len(list) > 0 || strings.HasPrefix(event, "irq_handler_entry: irq=10 name=eth0")) {
			list = append(list, event)
		}
	}
	return list
}

// counts are the counts of irq 10.
func (s *storm) counts(text string) (list []int) {
	for _, w := range strings.Fields(rowOf(text, " 10"))[1 : 1+s.cpus] {
		list = append(list, number(w))
	}
	return list
}

// TestStorm repeats the recorded storm: after 100,000 interrupts that nobody
// wanted the line is switched off with the recorded words and states, and
// nothing is delivered any more.
func TestStorm(t *testing.T) {
	for _, s := range storms(t) {
		t.Run(s.name, func(t *testing.T) {
			s.prelude(t)
			before := s.counts(read(t, s.fs, "/proc/interrupts"))
			stat := intr(read(t, s.fs, "/proc/stat"))
			s.compareSpurious(t, "06-spurious")
			s.compareHardware(t, "07-pic_ioapic.before")
			s.raise(t)
			after := s.counts(read(t, s.fs, "/proc/interrupts"))
			s.compareGrowth(t, before, after)
			s.compareStat(t, stat, intr(read(t, s.fs, "/proc/stat")))
			s.compareSpurious(t, "07-spurious")
			s.compareHardware(t, "07-pic_ioapic.after")
			s.compareLog(t)
			s.afterwards(t, after)
		})
	}
}

// compareGrowth compares by how much which counts have grown.
func (s *storm) compareGrowth(t *testing.T, before, after []int) {
	t.Helper()
	was, is := s.counts(s.recorded(t, "06-after.interrupts")), s.counts(s.recorded(t, "07-storm.interrupts"))
	for i := range was {
		if after[i]-before[i] != is[i]-was[i] {
			t.Errorf("CPU %d: %d more interrupts, recorded %d", i, after[i]-before[i], is[i]-was[i])
		}
	}
}

// intr is the line of that name in /proc/stat: the sum, then a figure for each
// interrupt.
func intr(text string) (list []int) {
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); words[0] == "intr" {
			for _, w := range words[1:] {
				list = append(list, number(w))
			}
		}
	}
	return list
}

// compareStat compares how many figures there are, and by how much that of the
// line has grown; the sum grows with it.
func (s *storm) compareStat(t *testing.T, before, after []int) {
	t.Helper()
	was, is := intr(s.recorded(t, "06-after.stat")), intr(s.recorded(t, "07-storm.stat"))
	const line = 1 + 10
	if len(after) != len(is) || after[line]-before[line] != is[line]-was[line] || after[0]-before[0] < after[line]-before[line] {
		t.Errorf("intr has %d figures, the line's has grown by %d, the sum by %d; recorded %d, %d, %d", len(after),
			after[line]-before[line], after[0]-before[0], len(is), is[line]-was[line], is[0]-was[0])
	}
}

// compareSpurious compares /proc/irq/*/spurious: all of irq 10's but when it
// was, which is not 0 in both or in neither.
func (s *storm) compareSpurious(t *testing.T, file string) {
	t.Helper()
	var want, got strings.Builder
	for line := range strings.Lines(s.recorded(t, file)) {
		if path, text, _ := strings.Cut(line, ":"); path == "/proc/irq/10/spurious" {
			want.WriteString(text)
		}
	}
	got.WriteString(read(t, s.fs, "/proc/irq/10/spurious"))
	when := regexp.MustCompile(`4294\d{6} ms`) // some seconds after the boot
	if d := cmp.Diff(when.ReplaceAllString(want.String(), "4294# ms"), when.ReplaceAllString(got.String(), "4294# ms")); d != "" {
		t.Errorf("%s (-recorded +got):\n%s", file, d)
	}
}

// compareHardware compares the line's redirection entry and the states of the
// lines, or the masks of the 8259A pair.
func (s *storm) compareHardware(t *testing.T, file string) {
	t.Helper()
	got := s.m.Board().IOAPIC.Dump() + s.m.Board().PIC.Dump()
	look := func(text string) (list []string) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(line, "pin 10"):
				// which of the CPU's vectors it got depends on what was there before
				list = append(list, regexp.MustCompile(`(0x.*8)2\d|vec=\d+`).ReplaceAllString(line, "${1}#"))
			case strings.HasPrefix(line, "IRR"), strings.HasPrefix(line, "Remote"):
				list = append(list, line)
			case strings.HasPrefix(line, "pic1") && s.flow == "irq.HandleLevel":
				list = append(list, regexp.MustCompile(`irr=.. imr=..`).FindString(line))
			}
		}
		return list
	}
	if d := cmp.Diff(look(s.recorded(t, file)), look(got)); d != "" {
		t.Errorf("%s (-recorded +got):\n%s", file, d)
	}
}

// compareLog compares what the kernel says but for times, addresses and the
// names of functions. The calls are the host's, without registers; of the
// recorded ones those must be there that led to the finding.
func (s *storm) compareLog(t *testing.T) {
	t.Helper()
	var got []string
	for _, l := range s.m.Dmesg() {
		if strings.HasPrefix(l.Text, "irq 10: nobody cared") || len(got) > 0 {
			got = append(got, l.Text)
		}
	}
	if d := cmp.Diff(s.skeleton(s.recorded(t, "07-storm.dmesg")), s.skeleton(strings.Join(got, "\n"))); d != "" {
		t.Errorf("(-recorded +got):\n%s", d)
	}
	text := strings.Join(got, "\n")
	last := 0
	for _, call := range []string{"irq.(*Desc).report ", "irq.(*Desc).noteInterrupt ", "irq.(*Desc).handleEvent ",
		s.flow + " ", "entry.commonInterrupt ", "entry.asmCommonInterrupt ", "</IRQ>"} {
		i := strings.Index(text, call)
		if i < last {
			t.Errorf("%s is missing in the call trace, or stands in the wrong place:\n%s", call, text)
		}
		last = i
	}
}

// skeleton is the report without its calls and without who was interrupted.
// The recorded log of the first machine has lost its first lines.
func (s *storm) skeleton(text string) (list []string) {
	stamp := regexp.MustCompile(`^\[ *\d+\.\d+\] `)
	who := regexp.MustCompile(`CPU: \d+ PID: \d+ Comm: \S+`)
	handler := regexp.MustCompile(`^\[<[0-9a-f]{16}>\] .*`)
	call := regexp.MustCompile(`^ |^(RIP|Code|RSP|R..): `)
	for _, l := range strings.Split(strings.TrimSpace(text), "\n") {
		l = stamp.ReplaceAllString(l, "")
		switch {
		case call.MatchString(l), strings.Contains(l, "clocksource"):
		case s.name == "ioapic-shared" && regexp.MustCompile(`^(irq 10:|CPU:|Hardware)`).MatchString(l):
		default:
			list = append(list, handler.ReplaceAllString(who.ReplaceAllString(l, "CPU: # PID: # Comm: #"), "[<#>] handler"))
		}
	}
	return list
}

// afterwards: nothing is delivered. The handlers are asked ten times a second,
// by a timer: at the recorded distance, in the recorded context.
func (s *storm) afterwards(t *testing.T, counts []int) {
	t.Helper()
	s.trace(t)
	s.event(t, 2)
	if err := s.m.Run(8 * 104 * sim.Millisecond); err != nil {
		t.Fatal(err)
	}
	if now := s.counts(read(t, s.fs, "/proc/interrupts")); !slices.Equal(now, counts) {
		t.Errorf("counts %v have become %v", counts, now)
	}
	got, want := polls(read(t, s.fs, tracing+"trace")), polls(s.recorded(t, "08-after-disable.trace"))
	if len(got) < 7 || len(want) < 7 {
		t.Fatalf("%d polls, recorded %d", len(got), len(want))
	}
	for i := range 6 {
		if got[i].context != want[i].context || got[i].calls != want[i].calls {
			t.Errorf("poll %d: %+v, recorded %+v", i, got[i], want[i])
		}
		if d := got[i+1].at - got[i].at; d < 103_500 || d > 104_500 {
			t.Errorf("poll %d is %d µs before the next one, recorded %d", i, d, want[i+1].at-want[i].at)
		}
	}
	if !strings.Contains(read(t, s.fs, tracing+"trace"), "irq_handler_exit: irq=10 ret=handled") {
		t.Error("the card that signaled was not served by the poll")
	}
}

// A poll is one round of calls of the handlers.
type poll struct {
	at      int // of the first call, in µs
	context string
	calls   string
}

// polls reads them from a trace. What the handlers answer depends on the
// frames that came.
func polls(text string) (list []poll) {
	line := regexp.MustCompile(`\[\d+\] (\S+) +(\d+)\.(\d{6}): irq_handler_(entry|exit): irq=10 (name=\w+)?`)
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		if m[4] == "entry" && m[5] == "name=eth0" {
			list = append(list, poll{at: number(m[2])*1_000_000 + number(m[3]), context: m[1]})
		}
		if len(list) > 0 {
			list[len(list)-1].calls += m[4] + " " + m[5] + ";"
		}
	}
	return list
}

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic(err)
	}
	return n
}

// rowOf is the line of a text that begins with a name.
func rowOf(text, name string) string {
	for l := range strings.Lines(text) {
		if strings.HasPrefix(l, name+":") {
			return l
		}
	}
	return ""
}
