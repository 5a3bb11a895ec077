// Package console runs the shell lines of the book: console blocks, answers
// of predictions, asserted numbers and the runs behind figures.
//
// A Machine is a list of lines that were typed so far. It is lazy: every
// result is remembered under all the lines that led to it, so a chapter that
// is built again after an edit in its prose boots nothing.
package console

import (
	"crypto/sha256"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"sync"
)

// A Session is what a block needs of a shell: type a line, and leave.
type Session interface {
	Line(text string, out, errw io.Writer) error
	Close()
}

// An Opener starts a session on which nothing has been typed.
type Opener func() Session

// A Result is what one line printed, and whether it failed. Output and error
// output are in the order in which they were written, as on a terminal.
type Result struct {
	Out    string
	Failed bool
}

type key [sha256.Size]byte

// A Runner opens sessions and remembers results. It may be used by several
// goroutines at once; a Machine of it by one at a time.
type Runner struct {
	open Opener

	mu      sync.Mutex
	results map[key]Result
	ran     int
}

// NewRunner returns a Runner that opens its sessions with open.
func NewRunner(open Opener) *Runner {
	return &Runner{open: open, results: map[key]Result{}}
}

// Ran is the number of lines that were really executed, replays included.
func (r *Runner) Ran() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ran
}

func (r *Runner) recall(k key) (Result, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	res, ok := r.results[k]
	return res, ok
}

func (r *Runner) remember(k key, res Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[k] = res
}

// Machine returns a machine on which nothing has been typed.
func (r *Runner) Machine() *Machine { return &Machine{runner: r} }

// A Machine is a session described by its lines. The session itself exists
// only from the first line whose result is not known.
type Machine struct {
	runner *Runner
	lines  []string
	prefix key
	live   Session
	done   int // how many of lines live has executed
}

// Run types one line and returns what it printed.
func (m *Machine) Run(line string) Result {
	m.prefix = extend(m.prefix, line)
	m.lines = append(m.lines, line)
	if res, ok := m.runner.recall(m.prefix); ok {
		return res
	}
	res := m.catchUp()
	m.runner.remember(m.prefix, res)
	return res
}

// RunAll types several lines and returns the last result, or the first that
// failed.
func (m *Machine) RunAll(lines []string) (last Result, failed string) {
	for _, line := range lines {
		if last = m.Run(line); last.Failed {
			return last, line
		}
	}
	return last, ""
}

// Probe asks the live session a question that has no shell line, and
// remembers the answer as if it were one. The probe must not change anything.
func (m *Machine) Probe(name string, ask func(Session) (string, error)) Result {
	k := extend(m.prefix, "\x00probe "+name)
	if res, ok := m.runner.recall(k); ok {
		return res
	}
	m.catchUp()
	res := probe(m.live, ask)
	m.runner.remember(k, res)
	return res
}

func probe(s Session, ask func(Session) (string, error)) (res Result) {
	defer func() {
		if v := recover(); v != nil {
			res = crashed(v)
		}
	}()
	text, err := ask(s)
	if err != nil {
		return Result{Out: err.Error(), Failed: true}
	}
	return Result{Out: text}
}

// Fork returns a machine with the same past and a future of its own.
func (m *Machine) Fork() *Machine {
	return &Machine{runner: m.runner, prefix: m.prefix, lines: append([]string(nil), m.lines...)}
}

// Close ends the session, if there is one. The machine may be used again.
func (m *Machine) Close() {
	if m.live != nil {
		m.live.Close()
		m.live, m.done = nil, 0
	}
}

// catchUp executes every line that the live session has not seen yet and
// returns the last one's result.
func (m *Machine) catchUp() Result {
	if m.live == nil {
		m.live, m.done = m.runner.open(), 0
	}
	var res Result
	for ; m.done < len(m.lines); m.done++ {
		res = execute(m.live, m.lines[m.done])
		m.runner.count()
	}
	return res
}

func (r *Runner) count() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ran++
}

// execute runs one line. A session that panics fails the line: the book's
// build must be able to name the block.
func execute(s Session, line string) (res Result) {
	var out strings.Builder
	defer func() {
		if v := recover(); v != nil {
			res = crashed(v)
			res.Out = out.String() + res.Out
		}
	}()
	var errs strings.Builder
	err := s.Line(line, &out, io.MultiWriter(&out, &errs))
	if err != nil && errs.Len() == 0 {
		fmt.Fprintln(&out, err)
	}
	return Result{Out: out.String(), Failed: err != nil}
}

func crashed(v any) Result {
	return Result{Out: fmt.Sprintf("the simulator panicked: %v\n%s", v, debug.Stack()), Failed: true}
}

func extend(k key, line string) key {
	return sha256.Sum256(append(k[:], line...))
}
