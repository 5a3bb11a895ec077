package recorded_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/pcie"
	"bothhalves/kernelsim/internal/recorded"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/procfs"
	"bothhalves/kernelsim/shell"
	"bothhalves/kernelsim/sim"
)

// TestRuns boots every run's machine, does to it what was done to the recorded
// one, and compares what can be seen of both.
func TestRuns(t *testing.T) {
	all, ran := newBook(), 0
	for _, r := range recorded.Runs() {
		t.Run(r.Name, func(t *testing.T) {
			w := &world{t: t, run: r, book: newBook(), seen: map[string]int{}, alias: map[pcie.BDF]string{}, last: map[string]int{}, downs: map[pcie.BDF][]string{}}
			w.boot()
			w.step = "boot"
			w.compareBootLog("dmesg.extract")
			for _, step := range r.Steps {
				w.do(step)
			}
			t.Log(w.book.report())
			all.add(w.book)
			ran++
		})
	}
	t.Log(all.report())
	if ran == len(recorded.Runs()) { // not with -run
		all.check(t)
	}
}

// A world is one run's machine.
type world struct {
	t    *testing.T
	run  recorded.Run
	s    *shell.Session
	m    *machine.Machine
	fs   *procfs.FS
	book *book
	step string
	seen map[string]int // devices bound, by kind
	// alias is where a function is in the recording that the board's one bus
	// does not reach.
	alias   map[pcie.BDF]string
	counted [2]map[string]int     // the last counts: recorded and ours
	last    map[string]int        // of a file with headings: the line of the last one
	downs   map[pcie.BDF][]string // interfaces that are down: their interrupts' names
	stage   *stage                // where flows are played again
}

// boot types the boot line.
func (w *world) boot() {
	w.s = shell.New(noHost{})
	w.t.Cleanup(w.s.Close)
	w.shell(w.run.Boot)
	w.m = w.s.Machine()
	w.fs = procfs.New(w.m)
}

// shell types a line.
func (w *world) shell(line string) {
	w.t.Helper()
	var out, complaint bytes.Buffer
	if err := w.s.Line(line, &out, &complaint); err != nil {
		w.t.Fatalf("%s: %v %s", line, err, &complaint)
	}
}

// noHost has no files.
type noHost struct{}

func (noHost) ReadFile(string) ([]byte, error) { return nil, fs.ErrNotExist }
func (noHost) WriteFile(string, []byte) error  { return fs.ErrPermission }
func (noHost) Interrupted() bool               { return false }

// do goes one step.
func (w *world) do(step string) {
	w.t.Helper()
	w.step = step
	verb, rest, _ := strings.Cut(step, " ")
	args := strings.Fields(rest)
	switch verb {
	case "compare":
		w.compareMoment(args[0])
	case "msix":
		w.compareTable(args[0], bdf(args[1]))
	case "arm":
		w.arm()
	case "trace":
		w.compareTrace(args[0])
	case "loosetrace":
		w.compareLoosely(args[0])
	case "lines":
		w.arm()
		w.compareLines(args[0], bdfs(args[1:]))
	case "affinity":
		w.compareAffinity(args[0], args[1], bdfs(args[2:]))
	case "spurious":
		w.compareSpurious(args[0])
	case "replay":
		w.replay(args[0])
	case "irqtrace":
		w.compareByIRQ(args)
	case "node":
		w.dev(bdf(args[0])).Node = number(args[1])
		w.alias[bdf(args[0])] = args[2]
	case "down":
		w.down(bdf(args[0]))
	case "up":
		w.up(bdf(args[0]))
	case "unbind":
		w.unbind(bdf(args[0]))
	case "dmesg":
		w.compareLog(args[0])
	case "lastrefusal":
		w.compareLastRefusal(args[0])
	case "settle":
		w.settle(args[0], bdf(args[1]))
	case "counts":
		w.compareCounts(args[0], strings.TrimPrefix(rest, args[0]+" "))
	case "poke":
		w.poke(bdf(args[0]), number(args[1]), number(args[2]), number(args[3]))
	case "functionmask":
		w.maskFunction(bdf(args[0]), number(args[1]) == 1)
	case "stray":
		w.compareStray(args[0])
	case "logged":
		w.compareLogged(args[0])
	case "threads":
		w.compareThreads(args[0])
	case "threadtrace":
		w.compareThreadTrace(args[0], bdf(args[1]), number(args[2]), number(args[3]))
	case "threadaffinity":
		w.compareThreadAffinity(args[0], number(args[1]), args[3:], bdf(args[2]))
	case "ksoftirqd":
		w.compareKsoftirqd(args[0])
	case "masks":
		w.compareMasks(args[0], number(args[1]))
	case "keys":
		w.compareKeys(args[0])
	case "flows":
		w.compareFlows(args[0], args[1:])
	case "touch":
		w.touch(args[0], args[1])
	case "hold":
		w.hold(number(args[0]))
	case "boottrace":
		w.compareBootTrace(args[0])
	case "bind":
		w.bind(bdf(args[0]))
	case "signal":
		w.signal(bdf(args[0]), number(args[1]))
	case "reads":
		w.compareReads(args[0])
	case "state":
		w.compareState(args[0], strings.TrimPrefix(rest, args[0]+" "))
	case "refusals":
		w.compareRefusals(args[0])
	case "files":
		w.compareFiles("files", args[0])
	case "cpuinfo":
		w.compareCPUInfo(args[0])
	default:
		w.shell(step)
	}
}

func number(text string) int {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		panic(err)
	}
	return int(n)
}

func bdfs(words []string) (list []pcie.BDF) {
	for _, text := range words {
		list = append(list, bdf(text))
	}
	return list
}

func bdf(text string) pcie.BDF {
	b, err := pcie.ParseBDF(text)
	if err != nil {
		panic(err)
	}
	return b
}

// bind gives a function its driver.
func (w *world) bind(b pcie.BDF) {
	w.t.Helper()
	for _, f := range w.m.Board().Functions() {
		if f.BDF() != b {
			continue
		}
		kind := f.Device.Kind
		index := w.seen[kind]
		if kind != "nvme" { // the names of network interfaces are counted together
			index = w.seen["eth"]
			w.seen["eth"]++
		}
		w.seen[kind]++
		err := w.m.Bind(f, index)
		if err := errors.Join(err, w.m.RunIdle()); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	w.t.Fatalf("no device %v", b)
}

// signal lets a function want to interrupt.
func (w *world) signal(b pcie.BDF, k int) {
	w.t.Helper()
	var failed error
	err := w.m.Bench(func() { failed = w.m.Board().Event(b, k, false) })
	if err := errors.Join(err, failed, w.m.RunIdle()); err != nil {
		w.t.Fatal(err)
	}
}

// hold lets a processor keep interrupts off for a while: the recorded machine's
// processors had one host thread, and ran one at a time.
func (w *world) hold(n int) {
	w.t.Helper()
	sched.Spawn(w.m.CPUs()[0], "hold", sched.Attr{CPUs: []int{n}}, func(t *sched.Task) {
		c := t.CPU()
		c.CLI()
		for end := c.Now() + 50*sim.Microsecond; c.Now() < end; {
			c.Spend(cost.ProbeLoop)
		}
		c.STI()
	})
	if err := w.m.Run(10 * sim.Microsecond); err != nil {
		w.t.Fatal(err)
	}
}

// file is a recorded file's text.
func (w *world) file(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", w.run.Name, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(text)
}

// read is a file of the machine's.
func (w *world) read(path string) string {
	w.t.Helper()
	text, err := w.fs.Read(path)
	if err != nil {
		w.t.Fatalf("%s: %v", path, err)
	}
	return text
}

// fact compares one fact of a kind.
func (w *world) fact(kind, what, got, want string) {
	w.t.Helper()
	if reason := w.excuse(kind, want); reason != "" {
		w.book.excused[kind+": "+reason]++
		return
	}
	w.book.compared[kind]++
	if got != want {
		w.book.differing[kind]++
		w.t.Errorf("%s: %s:\n got %q\nwant %q", w.step, what, got, want)
	}
}

// facts compares two lists of facts one by one.
func (w *world) facts(kind, what string, got, want []string) {
	w.t.Helper()
	for i := range max(len(got), len(want)) {
		if at(got, i) != at(want, i) && w.excuse(kind, at(want, i)) == "" {
			w.t.Errorf("%s: %s line %d:\n got %q\nwant %q", w.step, what, i, at(got, i), at(want, i))
			w.book.differing[kind] += max(len(got), len(want)) - i
			w.book.compared[kind] += max(len(got), len(want)) - i
			return
		}
		w.fact(kind, what, at(got, i), at(want, i))
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}
