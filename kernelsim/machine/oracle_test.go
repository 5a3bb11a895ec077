package machine_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"bothhalves/kernelsim/machine"
)

// An oracleRun is a recording of a real kernel and the command that boots the
// machine which it is held against.
type oracleRun struct{ name, boot string }

// oracleRuns is the one table of recordings. The files of a run are
// testdata/oracle/apic/NAME.*.
func oracleRuns() []oracleRun {
	return []oracleRun{
		{"pc-smp4", "boot -machine pc -cpus 4 -device virtio-net,vectors=10 -device e1000e -blk nvme,queues=4"},
		{"q35-smp2", "boot -machine q35 -cpus 2 -device virtio-net,vectors=6 -device e1000e -blk nvme,queues=2"},
		{"virtio-1q-event-idx", "boot -machine pc -cpus 4 -device virtio-net,vectors=4"},
		{"virtio-1q-no-event-idx", "boot -machine pc -cpus 4 -device virtio-net,vectors=4"},
		{"smp1", "boot -machine pc -cpus 1"},
		{"smp2", "boot -machine pc -cpus 2"},
		{"smp3", "boot -machine pc -cpus 3"},
		{"smp4", "boot -machine pc -cpus 4"},
		{"smp4-percpu-page", "boot -machine pc -cpus 4 -append percpu_alloc=page"},
		{"smp5", "boot -machine pc -cpus 5"},
		{"smp8", "boot -machine pc -cpus 8"},
		{"smp9", "boot -machine pc -cpus 9"},
		{"smp12", "boot -machine pc -cpus 12"},
	}
}

// config is the boot line as a configuration.
func (r oracleRun) config(t *testing.T) (cfg machine.Config) {
	t.Helper()
	words := strings.Fields(r.boot)[1:]
	for i := 0; i+1 < len(words); i += 2 {
		switch v := words[i+1]; words[i] {
		case "-machine":
			cfg.Board = v
		case "-cpus":
			cfg.CPUs, _ = strconv.Atoi(v)
		case "-append":
			cfg.Append = v
		case "-device", "-blk", "-nic":
			plug(t, &cfg, v)
		default:
			t.Fatalf("%s: flag %s", r.name, words[i])
		}
	}
	return cfg
}

// file is a file of the recording.
func (r oracleRun) file(t *testing.T, ext string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/oracle/apic/" + r.name + "." + ext)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// An oracle counts facts: what was compared, what was excused and why.
type oracle struct {
	t        *testing.T
	compared map[string]int // by kind: the name up to its first colon
	excused  map[string]int // by reason
}

func newOracle(t *testing.T) *oracle {
	return &oracle{t, map[string]int{}, map[string]int{}}
}

// Compare counts a fact, and fails the test if it is not as recorded. The name
// is "kind: which one".
func (o *oracle) Compare(name, got, want string) {
	o.t.Helper()
	kind, _, _ := strings.Cut(name, ":")
	o.compared[kind]++
	if got != want {
		o.t.Errorf("%s\n got %s\nwant %s", name, got, want)
	}
}

// Excuse counts a fact that is not compared.
func (o *oracle) Excuse(name, reason string) { o.excused[reason]++ }

// Report prints the counts, and fails if too much was excused.
func (o *oracle) Report() {
	o.t.Helper()
	compared, excused := total(o.compared), total(o.excused)
	o.t.Logf("%d facts compared, %d excused (%.1f %%)", compared, excused, 100*float64(excused)/float64(compared+excused))
	for _, kind := range sortedKeys(o.compared) {
		o.t.Logf("  compared %5d %s", o.compared[kind], kind)
	}
	for _, reason := range sortedKeys(o.excused) {
		o.t.Logf("  excused  %5d %s", o.excused[reason], reason)
	}
	if compared < 4000 {
		o.t.Errorf("only %d facts: the recordings or the tests have lost some", compared)
	}
	if excused*20 > compared+excused {
		o.t.Errorf("%d of %d facts are excused: more than 5 %%", excused, compared+excused)
	}
}

func total(m map[string]int) (n int) {
	for _, v := range m {
		n += v
	}
	return n
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// comparers hold a booted machine against a recording, each as far as its
// subject goes.
var comparers = []func(o *oracle, r oracleRun, m *machine.Machine){
	compareGates, compareLocalAPICs, compareIOAPIC, comparePICs, comparePCI,
}

// Every fact of the recordings about interrupt hardware after boot, and the
// ICR writes that start the processors.
func TestOracle(t *testing.T) {
	o := newOracle(t)
	for _, r := range oracleRuns() {
		icr := &icrLog{}
		m := boot(t, r.config(t), machine.WithWired(icr.attach))
		for _, compare := range comparers {
			compare(o, r, m)
		}
		if strings.HasPrefix(r.name, "smp") {
			compareStart(o, r, icr)
			compareIPIs(o, r, m, icr)
		}
	}
	o.Report()
}

// compareGates compares all gates, and IDTR. All recordings have one table.
func compareGates(o *oracle, r oracleRun, m *machine.Machine) {
	want := lines(o.t, "gates.idt")
	for _, c := range m.CPUs()[:1] {
		for i, got := range idtLines(c) {
			o.Compare(fmt.Sprintf("IDT gate: %s line %d", r.name, i), got, want[i])
		}
	}
}

// What a dump of a local APIC shows that depends on when it was made.
var (
	timerCounts = regexp.MustCompile(`initial_count = \d+ current_count = \d+`)
	timed       = regexp.MustCompile(`^(ICR2?|ISR|IRR)\t`)
)

// compareLocalAPICs compares every line of every dump, but for the timer's
// counts, what waits or is in service at that moment, and the last IPI. The
// last line's five registers count one by one.
func compareLocalAPICs(o *oracle, r oracleRun, m *machine.Machine) {
	dumps := strings.Split(r.file(o.t, "lapic"), "(qemu) info lapic ")[1:]
	if len(dumps) != len(m.CPUs()) {
		o.t.Fatalf("%s: %d dumps for %d CPUs", r.name, len(dumps), len(m.CPUs()))
	}
	for n, dump := range dumps {
		want := facts(dump[strings.Index(dump, "\n")+1:])
		got := facts(m.APIC(n).Dump())
		if len(got) != len(want) {
			o.t.Fatalf("%s: CPU %d: %d facts, want %d", r.name, n, len(got), len(want))
		}
		for i := range want {
			o.Compare(fmt.Sprintf("local APIC: %s CPU %d", r.name, n), got[i], want[i])
		}
	}
}

// facts are what is compared of a dump.
func facts(dump string) (list []string) {
	for _, l := range strings.Split(dump, "\n") {
		words := strings.Fields(l)
		switch {
		case len(words) == 0 || timed.MatchString(l):
		case words[0] == "APR":
			for i := 0; i+1 < len(words); i += 2 {
				list = append(list, words[i]+" "+words[i+1])
			}
		default:
			list = append(list, timerCounts.ReplaceAllString(l, ""))
		}
	}
	return list
}

// compareIOAPIC compares all pins, those too that drivers route: i8042, ttyS0,
// ttyS1, rtc and acpi.
func compareIOAPIC(o *oracle, r oracleRun, m *machine.Machine) {
	want := dumpLines(r.file(o.t, "pic_ioapic"))
	got := dumpLines(m.Board().IOAPIC.Dump())
	for i, l := range want {
		words := strings.Fields(l)
		name := fmt.Sprintf("IOAPIC: %s %s %s", r.name, words[0], words[1])
		switch {
		case strings.HasPrefix(words[0], "pic"): // comparePICs
		case words[0] == "ioapic0:":
			o.Compare(name, strings.Join(strings.Fields(got[i])[:3], " "), strings.Join(words[:3], " "))
			o.Excuse(name+" sel", "the index register holds the pin that was touched last: ttyS1's")
		default:
			o.Compare(name, got[i], l)
		}
	}
}

// dumpLines are the lines of a dump without the monitor's prompt.
func dumpLines(dump string) (list []string) {
	for _, l := range strings.Split(strings.TrimSpace(dump), "\n") {
		if !strings.HasPrefix(l, "(qemu)") {
			list = append(list, l)
		}
	}
	return list
}

// comparePICs compares each register of both 8259A.
func comparePICs(o *oracle, r oracleRun, m *machine.Machine) {
	got := dumpLines(m.Board().PIC.Dump())
	for _, want := range dumpLines(r.file(o.t, "pic_ioapic")) {
		pic, rest, _ := strings.Cut(want, ":")
		i := slices.IndexFunc(got, func(l string) bool { return strings.HasPrefix(l, pic+":") })
		if !strings.HasPrefix(pic, "pic") {
			continue
		}
		if i < 0 {
			o.t.Fatalf("%s: no %s in\n%s", r.name, pic, strings.Join(got, "\n"))
		}
		mine := strings.Fields(got[i])[1:]
		for k, w := range strings.Fields(rest) {
			name := fmt.Sprintf("8259A: %s %s", r.name, pic)
			if strings.HasPrefix(w, "irr=") {
				o.Excuse(name, "requests that devices left latched behind the masks: timer, i8042, ttyS0, ttyS1, rtc")
				continue
			}
			o.Compare(name, mine[k], w)
		}
	}
}
