package machine_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/report"
	"bothhalves/kernelsim/sim"
)

var update = flag.Bool("update", false, "write the golden reports anew")

// A mistake is a small module that breaks one rule, and its twin that does
// the same thing right.
type mistake struct {
	name         string // of the golden report
	append       string // the kernel's command line
	wrong, right func(c *cpu.CPU) error
	then         func(m *machine.Machine) error // what happens after modprobe

	rule    string
	cpu     int
	context string // of report.Where, behind the CPU, without pids
	locks   string // classes held, the first taken first
}

// event is the vector of the modules that have an interrupt handler.
const event cpu.Vector = 0x40

// interruptCPU1 lets the modules' interrupt arrive at CPU 1.
func interruptCPU1(m *machine.Machine) error { return m.Interrupt(1, event) }

// run boots a machine, loads the module, lets happen what happens then, and
// returns how it ended.
func (x mistake) run(t *testing.T, init func(c *cpu.CPU) error) error {
	t.Helper()
	m, err := machine.Boot(machine.Config{CPUs: 2, Append: x.append},
		machine.WithModule(machine.Module{Name: "mistake", Init: init}))
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Modprobe("mistake"); err != nil {
		return err
	}
	if err := m.Run(sim.Millisecond); err != nil {
		return err
	}
	if x.then != nil {
		if err := x.then(m); err != nil {
			return err
		}
	}
	return m.Run(5 * sim.Second)
}

// TestMistakes holds every row against its golden report and its twin.
func TestMistakes(t *testing.T) {
	var rows []mistake
	rows = append(rows, sleepMistakes()...)
	rows = append(rows, percpuMistakes()...)
	rows = append(rows, lockMistakes()...)
	rows = append(rows, lockOrderMistakes()...)
	rows = append(rows, contextMistakes()...)
	rows = append(rows, lockupMistakes()...)
	rows = append(rows, timerMistakes()...)
	rows = append(rows, softirqMistakes()...)
	rows = append(rows, workqueueMistakes()...)
	for _, x := range rows {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			r := x.report(t)
			x.check(t, r)
			golden(t, x.name, report.Text(r))
			if !testing.Short() {
				if again := report.Text(x.report(t)); again != report.Text(r) {
					t.Errorf("the second run reports otherwise:\n%s", again)
				}
			}
			if err := x.run(t, x.right); err != nil {
				t.Errorf("the twin that does it right: %s", explain(err))
			}
		})
	}
}

func (x mistake) report(t *testing.T) *oops.Report {
	t.Helper()
	err := x.run(t, x.wrong)
	var r *oops.Report
	if !errors.As(err, &r) {
		t.Fatalf("not reported: the run ended with %v", err)
	}
	return r
}

// check looks at what every report must say rightly.
func (x mistake) check(t *testing.T, r *oops.Report) {
	t.Helper()
	_, context, _ := strings.Cut(report.Where(r), ": ")
	context = pid.ReplaceAllString(context, "$1")
	if r.Rule != x.rule || r.CPU != x.cpu || context != x.context {
		t.Errorf("rule %q on CPU %d in %q, want %q on CPU %d in %q", r.Rule, r.CPU, context, x.rule, x.cpu, x.context)
	}
	var classes []string
	for _, m := range regexp.MustCompile(`\((.*?)\)\{`).FindAllStringSubmatch(strings.Join(r.Locks, "\n"), -1) {
		classes = append(classes, m[1])
	}
	if got := strings.Join(classes, " "); got != x.locks {
		t.Errorf("locks held %q, want %q", got, x.locks)
	}
	if r.Seed != 1 || !strings.HasPrefix(r.Replay, "boot -cpus 2") {
		t.Errorf("seed %d, replay %q", r.Seed, r.Replay)
	}
	if len(r.Trace) == 0 || r.Why == "" {
		t.Error("no trace lines, or no reason")
	}
}

// pid is what follows the name of a task.
var pid = regexp.MustCompile(`(task [^ ]+)/\d+`)

func explain(err error) string {
	var r *oops.Report
	if errors.As(err, &r) {
		return report.Text(r)
	}
	return err.Error()
}

// lineNumbers stand in source places, and change with every edit above them.
var lineNumbers = regexp.MustCompile(`\.go:\d+`)

// golden compares a report with testdata/reports/NAME.txt, the numbers of
// source lines left out.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("..", "testdata", "reports", name+".txt")
	got = lineNumbers.ReplaceAllString(got, ".go")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the report is not that of %s; if that is meant, run go test ./kernelsim/machine -update\n%s", file, got)
	}
}
