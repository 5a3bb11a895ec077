package worker

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bothhalves/checker/script"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/shell"
	"bothhalves/kernelsim/trace/view"
)

// Vocabulary is the shell's, for scripts and their lint.
func Vocabulary() script.Vocabulary {
	var v script.Vocabulary
	for _, verb := range shell.Commands() {
		v.Verbs = append(v.Verbs, verb.Name)
		if verb.Group == shell.GroupBox {
			v.Box = append(v.Box, verb.Name)
		}
	}
	return v
}

// A session is a script's machine in this process.
type session struct {
	*shell.Session
}

var _ script.Machine = (*session)(nil)

func newSession(parts []machine.Part) *session {
	return &session{shell.New(host{}, parts...)}
}

// Exec runs a command and turns the report of a stopped machine into what a
// student is told.
func (s *session) Exec(argv []string, out, errw io.Writer) error {
	return explain(s.Session.Exec(argv, out, errw))
}

// Line is Exec for a line of the grammar.
func (s *session) Line(text string, out, errw io.Writer) error {
	return explain(s.Session.Line(text, out, errw))
}

// Decisions counts the machine's moves.
func (s *session) Decisions() uint64 {
	if m := s.Machine(); m != nil {
		return m.Events()
	}
	return 0
}

// At calls fn at a move of the machine.
func (s *session) At(decision uint64, fn func()) {
	if m := s.Machine(); m != nil {
		m.AtDecision(decision, fn)
	}
}

// Trace is what the ring holds, a line an event.
func (s *session) Trace() []string {
	m := s.Machine()
	if m == nil {
		return nil
	}
	var lines []string
	for _, rec := range m.Ring().From(0) {
		lines = append(lines, view.Line(rec, m.Ring().Names()))
	}
	return lines
}

func explain(err error) error {
	var r *oops.Report
	if !errors.As(err, &r) {
		return err
	}
	f := &script.Fault{
		Title: script.OneLine(r.Title), Why: r.Why, Text: r.String() + "\n" + r.Stack,
		Trace: strings.Join(r.Trace[max(0, len(r.Trace)-8):], "\n"),
	}
	if len(r.Lines) > 0 {
		f.Title += " (" + strings.Join(r.Lines[:min(3, len(r.Lines))], "; ") + ")"
	}
	if len(r.Context) > 0 {
		f.Title += fmt.Sprintf(" [CPU %d: %s]", r.CPU, strings.Join(r.Context, " <- "))
	}
	return f
}

// host gives a script's session the files of the script's folder, which is
// the worker's temporary one: nothing of the student's is in reach.
type host struct{}

func (host) ReadFile(name string) ([]byte, error) {
	return nil, fmt.Errorf("%s: a task's machine reads no files of the host", filepath.Base(name))
}

func (host) WriteFile(name string, data []byte) error {
	return fmt.Errorf("%s: a task's machine writes no files of the host", filepath.Base(name))
}

func (host) Interrupted() bool { return false }

func sortedKeys(parts Parts) []string { return slices.Sorted(maps.Keys(parts)) }

// serveShell runs an interactive shell with the task's part.
func serveShell(req *Request, task *script.Task, parts Parts) error {
	s := newSession(parts[task.ID])
	defer s.Close()
	return newREPL(s, os.Stdin, os.Stdout, os.Stderr).run(req, task)
}
