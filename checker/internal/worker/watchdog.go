package worker

import (
	"fmt"
	"os"
	"runtime"
	"runtime/metrics"
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
	w.timer = time.AfterFunc(w.server.req.Limit, func() { w.bark("") })
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
func (w *watchdog) bark(why string) {
	w.mu.Lock()
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	a := w.at
	a.Status = script.Failed
	var waits string
	a.Where, a.Stack, waits = spinning(string(buf), w.file)
	switch {
	case why != "":
		a.Message = why
	case waits != "":
		a.Message = fmt.Sprintf("no end after %v: it waits (%s), and inside the machine nothing runs beside it that could end that", w.server.req.Limit, waits)
	default:
		a.Message = fmt.Sprintf("no end after %v: a loop that never ends, in code that charges no time, stops the whole machine", w.server.req.Limit)
	}
	a.Trace = lastLines(w.own, 8)
	w.server.send(Event{Check: &script.CheckResult{Name: w.check, Status: script.Failed, Attempts: []script.Attempt{a}}})
	os.Exit(3)
}

// memoryLimit is how much memory a worker may hold: beyond it the computer
// would suffer, not only the student's code.
const memoryLimit = 2 << 30

// weigh barks when the process holds too much memory, as long as it lives.
func (w *watchdog) weigh() {
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for range time.Tick(20 * time.Millisecond) {
		metrics.Read(held)
		if held[0].Value.Uint64()-held[1].Value.Uint64() > memoryLimit && w.watching() {
			w.bark(fmt.Sprintf("ended at %d GiB of memory: a loop that allocates, or a length gone wrong?", memoryLimit>>30))
		}
	}
}

// watching says whether an attempt is under way.
func (w *watchdog) watching() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.timer != nil
}

// spinning finds the goroutine that runs the student's file among all stacks:
// the line that it is at, its innermost calls, and what it waits for if it
// waits for another goroutine.
func spinning(stacks, file string) (where, calls, waits string) {
	for _, g := range strings.Split(stacks, "\n\n") {
		if where = script.StudentLine(g, file); where == "" {
			continue
		}
		_, state, _ := strings.Cut(g, "[")
		state, _, _ = strings.Cut(state, "]")
		state, _, _ = strings.Cut(state, ",")
		for _, wait := range []string{"chan ", "select", "sync."} {
			if strings.HasPrefix(state, wait) {
				waits = state
			}
		}
		return where, shown(g), waits
	}
	return "", shown(stacks), ""
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
