package shell_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bothhalves/kernelsim/shell"
)

var update = flag.Bool("update", false, "rewrite the recorded sessions")

// A memoryHost keeps its files in memory and interrupts when told to.
type memoryHost struct {
	files     map[string][]byte
	countdown int // Interrupted is true when it falls to zero
	build     string
}

func newHost() *memoryHost { return &memoryHost{files: map[string][]byte{}, build: "one"} }

func (h *memoryHost) ReadFile(name string) ([]byte, error) {
	if data, ok := h.files[name]; ok {
		return data, nil
	}
	return nil, errors.New("no such file or directory")
}

func (h *memoryHost) WriteFile(name string, data []byte) error {
	h.files[name] = bytes.Clone(data)
	return nil
}

func (h *memoryHost) Interrupted() bool {
	h.countdown--
	return h.countdown == 0
}

func (h *memoryHost) Build() string { return h.build }

// do runs a line and returns everything it printed.
func do(t *testing.T, s *shell.Session, line string) string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Line(line, &out, &out); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return out.String()
}

// TestSessions replays the recorded sessions: a line that begins with $ is a
// command, what follows is what it printed, and [N] is a status that is not 0.
func TestSessions(t *testing.T) {
	names, err := filepath.Glob("testdata/sessions/*.session")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".session"), func(t *testing.T) {
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := playSession(string(want))
			if *update {
				if err := os.WriteFile(name, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s (-recorded +now); -update rewrites it:\n%s", name, diff)
			}
		})
	}
}

func playSession(text string) string {
	h := newHost()
	h.files["cheap.cost"] = []byte("user_work 100\n")
	h.files["bad.cost"] = []byte("# prices\nuser_work free\n")
	s := shell.New(h)
	defer s.Close()
	var out bytes.Buffer
	for line := range strings.Lines(text) {
		cmd, ok := strings.CutPrefix(line, "$ ")
		if !ok {
			continue
		}
		out.WriteString(line)
		if err := s.Line(strings.TrimSuffix(cmd, "\n"), &out, &out); err != nil {
			fmt.Fprintf(&out, "[%d]\n", shell.ErrorStatus(err))
		}
	}
	return out.String()
}

// state is all that a session shows of its machine.
func state(t *testing.T, s *shell.Session) string {
	t.Helper()
	return do(t, s, "machine; dmesg; ps; info percpu; info registers; trace show; cpu 0 state; cpu 1 state")
}

// TestSaveLoad: a loaded machine is the saved one, in everything that can be
// seen and in what it does next.
func TestSaveLoad(t *testing.T) {
	h := newHost()
	h.files["p"] = []byte("user_work 250")
	s := shell.New(h)
	defer s.Close()
	do(t, s, "boot -cpus 2 -seed 7 -append 'quiet x=''y''' -cost p; burn -cpu 1 3ms; trace start sched; run 1ms; cpu 1 cli; step 40")
	do(t, s, "save m; run 100us")
	delete(h.files, "p")
	again := shell.New(h)
	defer again.Close()
	do(t, again, "load m; run 100us")
	if diff := cmp.Diff(state(t, s), state(t, again)); diff != "" {
		t.Errorf("the loaded machine is another one (-saved +loaded):\n%s", diff)
	}
}

// TestLoadRefuses what it cannot replay, and leaves the machine alone.
func TestLoadRefuses(t *testing.T) {
	h := newHost()
	s := shell.New(h)
	defer s.Close()
	do(t, s, "boot -cpus 1; burn 1ms; run 500us; save good")
	good := string(h.files["good"])
	h.files["other"] = []byte(strings.Replace(good, "build one", "build two", 1))
	h.files["text"] = []byte("boot\n")
	h.files["cutoff"] = []byte(good[:len(good)-8])
	whole := strings.TrimSuffix(good, "end 3\n")
	h.files["noend"] = []byte(whole)
	h.files["noline"] = []byte(whole[:strings.LastIndex(strings.TrimSuffix(whole, "\n"), "\n")+1])
	h.files["more"] = []byte(good + "do \"ps\"\n")
	h.files["empty"] = []byte("Both Halves saved machine 1\nbuild one\nevent 5\n")
	h.files["changed"] = []byte(strings.Replace(good, "run 500us", "run 400us", 1))
	before := state1(t, s)
	for name, want := range map[string]string{
		"other":   "load: other: it was saved by build two, this is build one: only the same build replays a machine bit for bit",
		"text":    "load: text: not a saved machine",
		"cutoff":  "load: cutoff: the file is damaged",
		"empty":   "load: empty: the file is damaged",
		"noend":   "load: noend: the file is damaged",
		"noline":  "load: noline: the file is damaged",
		"more":    "load: more: the file is damaged",
		"missing": "load: missing: no such file or directory",
	} {
		if err := s.Line("load "+name, &bytes.Buffer{}, &bytes.Buffer{}); err == nil || err.Error() != want {
			t.Errorf("load %s: %v, want %s", name, err, want)
		}
	}
	err := s.Line("load changed", &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "load: changed: the replay ended at event") {
		t.Errorf("load changed: %v", err)
	}
	if after := state1(t, s); after != before {
		t.Errorf("a refused load changed the machine:\n%s\n%s", before, after)
	}
}

func state1(t *testing.T, s *shell.Session) string {
	return do(t, s, "machine; dmesg; ps; trace show")
}

// TestBack: N events back and N forward is the same machine.
func TestBack(t *testing.T) {
	s := shell.New(newHost())
	defer s.Close()
	do(t, s, "boot -cpus 2; burn 2ms; burn -cpu 1 1ms; run 700us")
	forward := do(t, s, "step 25")
	if got := do(t, s, "back 25; step 25"); got != forward {
		t.Errorf("after back 25, step 25 prints\n%s\nand before\n%s", got, forward)
	}
	lines := strings.SplitAfter(forward, "\n")
	if got := do(t, s, "back; step"); got != lines[24] {
		t.Errorf("back; step = %s, want the last event again: %s", got, lines[24])
	}
	err := s.Line("back 100000", &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "events past its boot") {
		t.Errorf("back before the boot: %v", err)
	}
}

// TestInterrupt: Ctrl-C ends a run, the machine goes on, and what was saved
// after it is replayed to the same event.
func TestInterrupt(t *testing.T) {
	h := newHost()
	s := shell.New(h)
	defer s.Close()
	do(t, s, "boot -cpus 2; burn -cpu 0 20s; burn -cpu 1 20s")
	h.countdown = 3
	err := s.Line("run 10s", &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "run: interrupted at event ") || shell.ErrorStatus(err) != 1 {
		t.Fatalf("an interrupted run: %v", err)
	}
	do(t, s, "run 1ms; save m")
	again := shell.New(h)
	defer again.Close()
	do(t, again, "load m")
	if diff := cmp.Diff(state(t, s), state(t, again)); diff != "" {
		t.Errorf("after an interrupt the replay is another machine (-saved +loaded):\n%s", diff)
	}
}

// TestFork: a fork is like its original and then lives by itself.
func TestFork(t *testing.T) {
	s := shell.New(newHost())
	defer s.Close()
	do(t, s, "boot -cpus 2; burn 2ms; run 1ms; fork twin")
	main := state1(t, s)
	do(t, s, "machine twin")
	if twin := state1(t, s); strings.SplitAfterN(twin, "\n", 3)[2] != strings.SplitAfterN(main, "\n", 3)[2] {
		t.Errorf("the fork differs:\n%s\n%s", main, twin)
	}
	do(t, s, "run idle; machine main")
	if again := state1(t, s); strings.SplitAfterN(again, "\n", 3)[2] != strings.SplitAfterN(main, "\n", 3)[2] {
		t.Error("running the fork changed the original")
	}
}

// TestCut: a command happens at the decision point that was named, and the
// replay has it there too.
func TestCut(t *testing.T) {
	h := newHost()
	s := shell.New(h)
	defer s.Close()
	do(t, s, "boot -cpus 1; burn 1ms; run 100us")
	at := s.Points() + 50
	if err := s.Cut(50, []string{"cpu", "0", "cli"}); err != nil {
		t.Fatal(err)
	}
	do(t, s, "step 49")
	if got := do(t, s, "cpu 0 state"); !strings.HasPrefix(got, "if=1 ") || s.Points() != at-1 {
		t.Errorf("at event %d, one before the cut: %s", s.Points(), got)
	}
	if got := do(t, s, "step; cpu 0 state"); !strings.Contains(got, "if=0 ") {
		t.Errorf("after the cut: %s", got)
	}
	do(t, s, "save m")
	again := shell.New(h)
	defer again.Close()
	if got := do(t, again, "load m; cpu 0 state"); !strings.HasPrefix(got, "if=0 ") {
		t.Errorf("the replay has no cut: %s", got)
	}
}

func TestCutRefuses(t *testing.T) {
	s := shell.New(newHost())
	defer s.Close()
	for _, tt := range []struct {
		n    int
		cmd  string
		want string
	}{
		{1, "cpu 0 cli", "cpu: no machine: type boot first"},
		{1, "nosuch", "nosuch: command not found"},
	} {
		if err := s.Cut(tt.n, strings.Fields(tt.cmd)); err == nil || err.Error() != tt.want {
			t.Errorf("Cut(%d, %s) = %v, want %s", tt.n, tt.cmd, err, tt.want)
		}
	}
	do(t, s, "boot -cpus 1; burn 1ms")
	if err := s.Cut(0, []string{"cpu", "0", "cli"}); shell.ErrorStatus(err) != 2 {
		t.Errorf("Cut(0) = %v", err)
	}
	if err := s.Cut(1, []string{"run", "1ms"}); shell.ErrorStatus(err) != 2 {
		t.Errorf("Cut of run = %v", err)
	}
	if err := s.Cut(5, []string{"cpu", "7", "cli"}); err != nil {
		t.Fatal(err)
	}
	err := s.Line("run 1ms", &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "cpu: 7: no such CPU") {
		t.Errorf("a cut that fails must fail its run: %v", err)
	}
}

// TestDeterminism: the same lines give the same bytes.
func TestDeterminism(t *testing.T) {
	var runs [2]string
	for i := range runs {
		s := shell.New(newHost())
		do(t, s, "boot -cpus 3 -seed 42; modprobe count_percpu; burn 1ms; taskset -c 1,2 burn 2ms; run idle")
		runs[i] = do(t, s, "dmesg; ps; trace show -format json; info percpu")
		s.Close()
	}
	if runs[0] != runs[1] {
		t.Error("two runs of the same lines differ")
	}
}

// TestCloseTwice: a closed session needs a boot again.
func TestCloseTwice(t *testing.T) {
	s := shell.New(newHost())
	do(t, s, "boot -cpus 1")
	s.Close()
	s.Close()
	if err := s.Line("ps", &bytes.Buffer{}, &bytes.Buffer{}); err == nil || err.Error() != "ps: no machine: type boot first" {
		t.Errorf("after Close: %v", err)
	}
	do(t, s, "boot -cpus 1; ps")
	s.Close()
}

// TestStepShort: a machine that stops moving says how far it came, over all
// that was asked for.
func TestStepShort(t *testing.T) {
	s := shell.New(newHost())
	defer s.Close()
	do(t, s, "boot -cpus 1; burn 1500us")
	var out bytes.Buffer
	err := s.Line("step 9000", &out, &bytes.Buffer{})
	want := fmt.Sprintf("step: only %d of 9000 events: nothing more happens within 10s of virtual time", strings.Count(out.String(), "\n"))
	if err == nil || err.Error() != want || strings.Count(out.String(), "\n") <= 1024 {
		t.Errorf("%v, want %s", err, want)
	}
}
