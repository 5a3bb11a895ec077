package worker

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"bothhalves/checker/script"
)

// stack is how Go's runtime ends a process whose variable could not be made.
const stack = "hello\npanic: boom\n\ngoroutine 1 [running]:\nbothhalves/labs/toy.boom(...)\n\t/x/labs/toy/toy_count.go:8\nbothhalves/labs/toy.init()\n"

// TestCrashes: whose fault is a process that ended without a reply, and what
// is said about it.
func TestCrashes(t *testing.T) {
	req := &Request{Task: "toy-count"}
	status2 := errors.New("exit status 2")
	begun := &Begin{Check: "first", Shape: "cpus=1"}
	for _, tc := range []struct {
		name         string
		begun        *Begin
		why, dump    string
		crash, fault string // or the check's message
		check, where string
	}{
		{name: "the lab's own", dump: "panic: in the lab\n", fault: "ended before its first check (exit status 2)"},
		{name: "a value panics", dump: stack, crash: "toy_count.go:8 (boom): the program died: panic: boom, before the first check"},
		{name: "a value loops", why: "no end after 1s", crash: "no end after 1s, before the first check"},
		{name: "the machine dies", begun: begun, dump: "fatal error: out of memory\n", check: "the program died: fatal error: out of memory"},
		{name: "a flood", begun: begun, why: "ended after 32 MiB of output", dump: stack, check: "ended after 32 MiB of output", where: "toy_count.go:8 (boom)"},
	} {
		c := &collected{Reply: &Reply{Output: tc.dump}, begun: tc.begun}
		c.crashed(req, tc.why, tc.dump, status2)
		if !strings.Contains(c.Crash, tc.crash) || (tc.crash == "") != (c.Crash == "") {
			t.Errorf("%s: crash %q, want %q", tc.name, c.Crash, tc.crash)
		}
		if !strings.Contains(c.Fault, tc.fault) || (tc.fault == "") != (c.Fault == "") {
			t.Errorf("%s: fault %q, want %q", tc.name, c.Fault, tc.fault)
		}
		if tc.fault == "" && strings.Contains(c.Output, "goroutine") {
			t.Errorf("%s: Go's stacks are shown as the student's words: %q", tc.name, c.Output)
		}
		if tc.check != "" && (len(c.Checks) != 1 || !strings.HasPrefix(c.Checks[0].Attempts[0].Message, tc.check) || c.Checks[0].Attempts[0].Where != tc.where) {
			t.Errorf("%s: checks %+v", tc.name, c.Checks)
		}
	}
}

// TestSupervisor ends a worker that never comes to its checks, one that
// floods, and one that nobody waits for any more.
func TestSupervisor(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no sh here")
	}
	stopped := make(chan struct{})
	close(stopped)
	for _, tc := range []struct {
		name, script, want string
		stop               <-chan struct{}
	}{
		{"silent", "exec sleep 60", "no end after 100ms", nil},
		{"flood", "while :; do echo " + strings.Repeat("x", 4096) + "; done", "32 MiB of output", nil},
		{"stopped", "exec sleep 60", "", stopped},
	} {
		began := time.Now()
		results := t.TempDir() + "/results"
		if tc.name != "silent" {
			if err := os.WriteFile(results, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		out := &tail{limit: outputShown}
		cmd := exec.Command(sh, "-c", tc.script)
		cmd.Stdout, cmd.WaitDelay = out, time.Second
		s := &supervisor{cmd: cmd, out: out, req: &Request{Limit: 100 * time.Millisecond, Results: results}, stop: tc.stop}
		if err := s.run(); err == nil || !strings.Contains(s.why, tc.want) || s.stopped != (tc.stop != nil) {
			t.Errorf("%s: %v, %q, stopped %v", tc.name, err, s.why, s.stopped)
		}
		if len(out.String()) > 2*outputShown || time.Since(began) > 30*time.Second {
			t.Errorf("%s: %d bytes kept, %v", tc.name, len(out.String()), time.Since(began))
		}
	}
}

func TestSpinning(t *testing.T) {
	g := "goroutine 22 [chan receive, 2 minutes]:\nbothhalves/labs/toy.Count(0x1)\n\t/x/labs/toy/toy_count.go:8 +0x1\n"
	where, calls, waits := spinning("goroutine 1 [running]:\nmain.main()\n\t/x/main.go:1\n\n"+g, "toy_count.go")
	if where != "toy_count.go:8 (Count)" || waits != "chan receive" || !strings.Contains(calls, "toy_count.go:8") {
		t.Errorf("%q, %q, %q", where, calls, waits)
	}
	if where, _, waits = spinning(strings.Replace(g, "chan receive, 2 minutes", "running", 1), "toy_count.go"); where == "" || waits != "" {
		t.Errorf("%q, %q", where, waits)
	}
}

func TestOneLine(t *testing.T) {
	for in, want := range map[string]string{
		" one ": "one", "one\ntwo\n": "one …", "one\n\n": "one", strings.Repeat("ü", 200): strings.Repeat("ü", 150) + "…",
	} {
		if got := script.OneLine(in); got != want {
			t.Errorf("OneLine(%q) = %q, want %q", in, got, want)
		}
	}
}
