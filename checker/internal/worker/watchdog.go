package worker

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"bothhalves/checker/script"
)

// A watchdog ends the process when an attempt takes too long, after it has
// said what the student's code was doing.
type watchdog struct {
	server *server
	file   string // the student's
	mu     sync.Mutex
	timer  *time.Timer
	check  string
	at     script.Attempt
	own    script.Machine
}

func newWatchdog(s *server, file string) *watchdog {
	if s.req.Limit <= 0 {
		s.req.Limit = DefaultLimit
	}
	return &watchdog{server: s, file: file}
}

// begin is called in front of every attempt.
func (w *watchdog) begin(check string, a *script.Attempt) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	if w.check != check || w.at.Shape != a.Shape {
		w.server.send(Event{Begin: &Begin{Check: check, Shape: a.Shape, Seed: a.Seed}})
	}
	w.check, w.at = check, *a
	w.timer = time.AfterFunc(w.server.req.Limit, w.bark)
}

// rest stops the clock between checks.
func (w *watchdog) rest() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
}

// opener remembers the machine whose trace to show.
func (w *watchdog) opener(open script.Opener) script.Opener {
	return func(part string) (script.Machine, error) {
		m, err := open(part)
		if part == script.Own {
			w.mu.Lock()
			w.own = m
			w.mu.Unlock()
		}
		return m, err
	}
}

// bark reports the attempt and ends the process.
func (w *watchdog) bark() {
	w.mu.Lock()
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	a := w.at
	a.Status = script.Failed
	a.Message = fmt.Sprintf("no end after %v: a loop that never ends, in code that charges no time, stops the whole machine", w.server.req.Limit)
	a.Where, a.Stack = spinning(string(buf), w.file)
	a.Trace = lastLines(w.own, 8)
	w.server.send(Event{Check: &script.CheckResult{Name: w.check, Status: script.Failed, Attempts: []script.Attempt{a}}})
	os.Exit(3)
}

// spinning finds the goroutine that runs the student's file among all stacks:
// the line that it is at, and its innermost calls.
func spinning(stacks, file string) (where, calls string) {
	for _, g := range strings.Split(stacks, "\n\n") {
		if where = script.StudentLine(g, file); where != "" {
			return where, shown(g)
		}
	}
	return "", shown(stacks)
}

// shown cuts a goroutine's stack to its innermost ten calls, without the
// addresses that differ from run to run.
func shown(stack string) string {
	var out []string
	for line := range strings.Lines(stack) {
		line, _, _ = strings.Cut(strings.TrimRight(line, "\n"), " +0x")
		if strings.HasPrefix(line, "goroutine ") || len(out) == 20 {
			continue
		}
		if path, ok := strings.CutPrefix(line, "\t"); ok {
			line = "    " + path[max(0, strings.LastIndex(path, "/labs/"), strings.LastIndex(path, "/kernelsim/"), strings.LastIndex(path, "/src/")):]
		} else if i := strings.LastIndexByte(line, '('); i > 0 {
			line = line[:i]
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

// lastLines reads a trace that may still be written to: what comes out is for
// a human's eyes, and a torn line does no harm.
func lastLines(m script.Machine, n int) (text string) {
	if m == nil {
		return ""
	}
	defer func() { recover() }()
	lines := m.Trace()
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
