package script

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// onlyBox plays the student's file on the machine, after it has made sure
// that the file uses nothing but what is typed at the machine's own prompt.
func (h *host) onlyBox(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg || args[0] != h.run.Task.File() {
		h.usage(ts, "only-box "+h.run.Task.File())
	}
	for i, line := range playable(h.run.Student) {
		for _, name := range verbsOf(line) {
			if !slices.Contains(h.run.Vocabulary.Box, name) {
				why := "acts on the machine from outside; here only what is typed at its own prompt counts"
				if !slices.Contains(h.run.Vocabulary.Verbs, name) {
					why = "is no command"
				}
				h.fail(ts, Attempt{
					Message: fmt.Sprintf("line %d: %s %s", i+1, OneLine(name), why),
					Want:    "one of " + strings.Join(h.run.Vocabulary.Box, " "), Got: clip(line),
				})
			}
		}
	}
	h.playOwn(ts)
}

// against plays the student's file on this machine, where it must pass, and
// on one with each broken part, where it must fail: against [-lines N] BROKEN….
// With -lines the file may have no more of them.
func (h *host) against(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		h.usage(ts, "against [-lines N] BROKEN…")
	}
	if len(args) > 1 && args[0] == "-lines" {
		most, err := strconv.Atoi(args[1])
		if err != nil || most < 1 {
			h.usage(ts, "against [-lines N] BROKEN…")
		}
		h.noLonger(ts, most)
		args = args[2:]
	}
	steps := slices.Clone(h.steps)
	h.playOwn(ts)
	for _, name := range args {
		m, err := h.open(name)
		if err == nil {
			err = h.replay(m, steps)
		}
		if err != nil {
			h.att.Status = Broken
			ts.Fatalf("the broken part %s: %v", name, err)
		}
		_, _, playErr := h.play(m)
		m.Close()
		if playErr == nil {
			h.fail(ts, Attempt{
				Message: "the scenario does not notice the fault of " + name,
				Want:    "the scenario fails on " + name, Got: "it passes there, too",
			})
		}
	}
}

// noLonger refuses a file with too many lines. Comments and empty lines do not
// count.
func (h *host) noLonger(ts *testscript.TestScript, most int) {
	n := 0
	for _, line := range playable(h.run.Student) {
		if line != "" {
			n++
		}
	}
	if n > most {
		h.fail(ts, Attempt{
			Message: fmt.Sprintf("%s has %d lines", h.run.Task.File(), n),
			Want:    fmt.Sprintf("at most %d; several commands may stand on one, parted by ;", most),
		})
	}
}

// playOwn plays the student's file where it must pass.
func (h *host) playOwn(ts *testscript.TestScript) {
	lines := playable(h.run.Student)
	if len(strings.Join(lines, "")) == 0 {
		h.fail(ts, Attempt{Message: "still to write: " + h.run.Task.File() + " has no command yet"})
	}
	out, at, err := h.play(h.own)
	ts.Stdout().Write([]byte(out))
	if err == nil {
		return
	}
	h.fail(ts, Attempt{
		Message: fmt.Sprintf("%s:%d: %s", h.run.Task.File(), at, err),
		Got:     clip(out), Command: clip(lines[at-1]),
	})
}

// play runs the student's lines up to the first that fails.
func (h *host) play(m Machine) (out string, at int, err error) {
	var o capped
	for i, line := range playable(h.run.Student) {
		if line == "" {
			continue
		}
		var e capped
		if err := guard(h.run.Task.File(), func() error { return m.Line(line, &o, &e) }); err != nil {
			return o.String(), i + 1, errors.New(firstOf(strings.TrimSpace(e.String()), err.Error()))
		}
	}
	return o.String(), 0, nil
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// playable splits a .ks file into lines without comments.
func playable(data []byte) []string {
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		quoted := false
		for j := 0; j < len(line); j++ {
			if line[j] == '\'' {
				quoted = !quoted
			}
			if line[j] == '#' && !quoted {
				line = line[:j]
				break
			}
		}
		lines[i] = strings.TrimSpace(line)
	}
	return lines
}

// verbsOf lists the commands of a line: the first word, and the first after
// each ; and |, with what taskset starts.
func verbsOf(line string) []string {
	words, err := Words(strings.TrimPrefix(spaced(line), "!"))
	if err != nil {
		return nil // the shell will say so
	}
	var names []string
	first := true
	for i, w := range words {
		switch {
		case w == ";" || w == "|":
			first = true
		case first:
			names, first = append(names, w), false
		case i >= 3 && words[i-3] == "taskset" && words[i-2] == "-c":
			names = append(names, w)
		}
	}
	return slices.DeleteFunc(names, func(s string) bool {
		return slices.Contains([]string{"head", "tail", "grep", "wc", "sort"}, s)
	})
}

// spaced sets the operators ; and | outside quotes apart as words.
func spaced(line string) string {
	var b strings.Builder
	quoted := false
	for _, r := range line {
		quoted = quoted != (r == '\'')
		if !quoted && (r == ';' || r == '|') {
			b.WriteString(" " + string(r) + " ")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
