package script

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"bothhalves/labs/lab"
)

// A host runs one check once: one shape, one seed.
type host struct {
	run     *Runner
	att     *Attempt
	own     Machine
	ref     Machine
	parts   map[string]string // replaces a part when a check is played again
	steps   [][]string        // the verbs since the check began
	refDone int               // how many of them the reference has seen
	cut     *cutting
	ended   bool // the script came to its end
}

// hostCommands are the commands beside the shell's verbs, checkEnd apart.
var hostCommands = []string{"expect", "same-as-reference", "cut", "against", "answer", "only-box", "quantile"}

// checkEnd is appended to every check: one that does not reach it has not run.
const checkEnd = "check-has-ended"

type command = func(ts *testscript.TestScript, neg bool, args []string)

// commands is what testscript looks up after its own.
func (h *host) commands() map[string]command {
	cmds := map[string]command{
		"expect":            h.expect,
		"same-as-reference": h.sameAsReference,
		"cut":               h.cutCommand,
		"against":           h.against,
		"answer":            h.answer,
		"only-box":          h.onlyBox,
		"quantile":          h.quantile,
		checkEnd:            h.end,
	}
	for _, name := range h.run.Vocabulary.Verbs {
		cmds[name] = h.verb(name)
	}
	return cmds
}

func (h *host) end(ts *testscript.TestScript, neg bool, args []string) {
	h.ended = true
}

func (h *host) close() {
	for _, m := range []Machine{h.own, h.ref} {
		if m != nil {
			m.Close()
		}
	}
}

// fail ends the check with what was wanted and what was seen.
func (h *host) fail(ts *testscript.TestScript, a Attempt) {
	h.att.Message, h.att.Want, h.att.Got, h.att.Asked = h.cutNote()+a.Message, a.Want, a.Got, a.Asked
	if a.Command != "" {
		h.att.Command = a.Command
	}
	ts.Fatalf("%s", a.Message)
}

// usage ends the check for a fault of the script itself.
func (h *host) usage(ts *testscript.TestScript, text string) {
	h.att.Status = Broken
	ts.Fatalf("usage: %s", text)
}

// verb returns the command that runs one of the shell's verbs.
func (h *host) verb(name string) command {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		argv := append([]string{name}, args...)
		h.att.Command = quote(argv)
		out, errw, err := h.exec(h.own, argv)
		if h.counted() {
			panic(stopScript{})
		}
		ts.Stdout().Write(out)
		ts.Stderr().Write(errw)
		h.steps = append(h.steps, argv)
		h.stopAtGap(ts)
		switch {
		case neg && err == nil:
			h.fail(ts, Attempt{Message: name + " succeeded, and should have been refused", Got: clip(string(out))})
		case !neg && err != nil:
			h.failed(ts, argv, errw, err)
		}
	}
}

// exec runs one command. A panic of a part that the machine does not turn
// into a report is turned into one here.
func (h *host) exec(m Machine, argv []string) (out, errw []byte, err error) {
	var o, e capped
	err = guard(h.run.Task.File(), func() error { return m.Exec(argv, &o, &e) })
	return o.Bytes(), e.Bytes(), err
}

// stopAtGap fails the check when a gap was reached, whatever became of its
// panic.
func (h *host) stopAtGap(ts *testscript.TestScript) {
	if gaps := lab.Reached(); len(gaps) > 0 {
		h.att.Gap = gaps[0]
		h.fail(ts, Attempt{Message: "still to write: " + gaps[0]})
	}
}

// failed reports a command that returned an error.
func (h *host) failed(ts *testscript.TestScript, argv []string, errw []byte, err error) {
	a := Attempt{Message: strings.TrimSpace(string(errw))}
	if a.Message == "" {
		a.Message = err.Error()
	}
	var f *Fault
	if errors.As(err, &f) {
		a.Message = f.Title
		if f.Why != "" {
			a.Message += ": " + f.Why
			h.att.Report = true
		}
		h.att.Trace = clip(f.Trace)
		if h.att.Where = StudentLine(f.Text, h.run.Task.File()); h.att.Where == "" {
			h.att.Where = f.Where
		}
	}
	h.fail(ts, a)
}

// replay runs the check's verbs so far on another machine.
func (h *host) replay(m Machine, steps [][]string) error {
	for _, argv := range steps {
		if _, errw, err := h.exec(m, argv); err != nil {
			return fmt.Errorf("%s: %s", quote(argv), bytes.TrimSpace(errw))
		}
	}
	return nil
}

// open gives a machine with a part, with what a check overrides.
func (h *host) open(part string) (Machine, error) {
	if p, ok := h.parts[part]; ok {
		part = p
	}
	return h.run.Open(part)
}

// capped keeps the first part of what is written to it, so that megabytes of
// output cost nothing but the time to print them.
type capped struct {
	bytes.Buffer
	cut bool
}

const outputCap = 1 << 20

// Write never fails: what does not fit is dropped.
func (c *capped) Write(p []byte) (int, error) {
	n := len(p)
	if room := outputCap - c.Len(); n > room {
		p, c.cut = p[:room], true
	}
	c.Buffer.Write(p)
	return n, nil
}

var _ io.Writer = (*capped)(nil)

// clip shortens a text for a report to 20 lines of 200 bytes.
func clip(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	if len(lines) > 20 {
		lines = append(lines[:19:19], fmt.Sprintf("… %d lines more", len(lines)-19))
	}
	for i, l := range lines {
		if len(l) > 200 {
			lines[i] = strings.ToValidUTF8(l[:200], "") + "…"
		}
	}
	return strings.Join(lines, "\n")
}

// quote prints a command as a script would have it.
func quote(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		if w == "" || strings.ContainsAny(w, " \t#'") {
			w = "'" + strings.ReplaceAll(w, "'", "''") + "'"
		}
		words[i] = w
	}
	return strings.Join(words, " ")
}
