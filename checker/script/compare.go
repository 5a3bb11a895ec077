package script

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/rogpeppe/go-internal/testscript"
)

// expect compares the last command's output with a file of the task or with a
// regular expression: expect [-count N] FILE|RE.
func (h *host) expect(ts *testscript.TestScript, neg bool, args []string) {
	count := -1
	if len(args) == 3 && args[0] == "-count" {
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 0 || neg {
			h.usage(ts, "expect [-count N] FILE|RE")
		}
		count, args = n, args[2:]
	}
	if len(args) != 1 {
		h.usage(ts, "expect [-count N] FILE|RE")
	}
	got := ts.ReadFile("stdout")
	if want, ok := h.file(args[0]); ok {
		h.expectText(ts, neg, args[0], want, got)
		return
	}
	re, err := regexp.Compile("(?m)" + args[0])
	if err != nil {
		h.usage(ts, "expect: "+err.Error())
	}
	h.expectMatch(ts, neg, re, count, got)
}

// NoMatch is the message of an attempt whose Want is a pattern that was not
// found.
const NoMatch = "not what was expected"

func (h *host) file(name string) (string, bool) {
	for _, f := range h.run.Task.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

func (h *host) expectText(ts *testscript.TestScript, neg bool, name, want, got string) {
	if (want == got) != neg {
		return
	}
	if neg {
		h.fail(ts, Attempt{Message: "the output is that of " + name + ", and should differ", Got: clip(got)})
	}
	h.fail(ts, Attempt{Message: "the output differs from what the law says", Want: clip(want), Got: clip(got)})
}

func (h *host) expectMatch(ts *testscript.TestScript, neg bool, re *regexp.Regexp, count int, got string) {
	n := len(re.FindAllString(got, -1))
	pattern := strings.TrimPrefix(re.String(), "(?m)")
	switch {
	case count >= 0 && n != count:
		h.fail(ts, Attempt{
			Message: fmt.Sprintf("%s found %d times, wanted %d times", pattern, n, count),
			Want:    fmt.Sprintf("%d × %s", count, pattern), Got: clip(got),
		})
	case neg && n > 0:
		h.fail(ts, Attempt{Message: "found what must not be there", Want: "no " + pattern, Got: clip(got)})
	case !neg && count < 0 && n == 0:
		h.fail(ts, Attempt{Message: NoMatch, Want: pattern, Got: clip(got)})
	}
}

// sameAsReference runs a command on the student's machine and on the default
// one, driven the same way since the check began, and compares.
func (h *host) sameAsReference(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg {
		h.usage(ts, "same-as-reference CMD")
	}
	ref, err := h.reference()
	if err != nil {
		h.att.Status = Broken
		ts.Fatalf("the reference machine: %v", err)
	}
	h.att.Command = quote(args)
	want, wantErr, err1 := h.exec(ref, args)
	got, gotErr, err2 := h.exec(h.own, args)
	h.steps = append(h.steps, args)
	h.refDone++
	h.stopAtGap(ts)
	if err2 != nil && err1 == nil {
		h.failed(ts, args, gotErr, err2)
	}
	ts.Stdout().Write(got)
	w, g := string(want)+string(wantErr), string(got)+string(gotErr)
	if w == g {
		return
	}
	line, w, g := firstDifference(w, g)
	h.fail(ts, Attempt{Message: fmt.Sprintf("%s: line %d differs from the default machine's", quote(args), line), Want: w, Got: g})
}

// reference returns the default machine in the state of the student's.
func (h *host) reference() (Machine, error) {
	if h.ref == nil {
		m, err := h.open(Reference)
		if err != nil {
			return nil, err
		}
		h.ref = m
	}
	err := h.replay(h.ref, h.steps[h.refDone:])
	h.refDone = len(h.steps)
	return h.ref, err
}

// firstDifference returns the number of the first line that differs, and it.
func firstDifference(want, got string) (line int, w, g string) {
	ws, gs := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(ws), len(gs)) {
		w, g = at(ws, i), at(gs, i)
		if w != g {
			return i + 1, clip(w), clip(g)
		}
	}
	return 0, "", ""
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(no such line)"
}

// answer compares a key of the student's file with what the machine printed
// last: all of it, or the group of a regular expression: answer [-like WORDS]
// KEY [RE]. With -like, an answer of other words than these is told so, and
// with -like of a number one that is none. With -set before it the order of the
// words does not matter, nor do commas between them.
func (h *host) answer(ts *testscript.TestScript, neg bool, args []string) {
	const usage = "answer [-set] [-like WORDS] KEY [RE]"
	form, like := oneLine, ""
	if len(args) > 1 && args[0] == "-set" {
		form, args = asSet, args[1:]
	}
	if len(args) > 1 && args[0] == "-like" {
		if like, args = args[1], args[2:]; strings.TrimSpace(like) == "" {
			h.usage(ts, usage)
		}
	}
	if len(args) < 1 || len(args) > 2 || neg {
		h.usage(ts, usage)
	}
	want := strings.TrimSpace(ts.ReadFile("stdout"))
	if len(args) == 2 {
		re, err := regexp.Compile("(?m)" + args[1])
		if err != nil {
			h.usage(ts, "answer: "+err.Error())
		}
		m := re.FindStringSubmatch(want)
		if m == nil {
			h.att.Status = Broken
			ts.Fatalf("answer %s: the machine printed nothing that matches %s", args[0], args[1])
		}
		want = m[len(m)-1]
	}
	if h.run.learn(args[0], want) {
		return
	}
	answers, err := ParseAnswers(h.run.Student)
	if err != nil {
		h.fail(ts, Attempt{Asked: true, Message: err.Error()})
	}
	h.compareAnswer(ts, args[0], form(answers[args[0]]), form(want), like)
}

// compareAnswer never prints what the machine says: the reader is to find it.
func (h *host) compareAnswer(ts *testscript.TestScript, key, got, want, like string) {
	switch {
	case got == "":
		h.fail(ts, Attempt{Asked: true, Message: "still to answer: " + key, Want: "a line " + key + " = VALUE in " + h.run.Task.File()})
	case isNumber(like) && !isNumber(got):
		h.fail(ts, Attempt{Asked: true, Message: key + " is not a number", Got: key + " = " + got, Want: "a number"})
	case !isNumber(like) && !madeOf(got, like):
		h.fail(ts, Attempt{Asked: true, Message: key + " is not written as asked", Got: key + " = " + got, Want: "words of these, parted by blanks: " + like})
	case !sameAnswer(got, want):
		h.fail(ts, Attempt{Asked: true, Message: key + " is not what the machine shows", Got: key + " = " + got, Want: "what the run shows"})
	}
}

// sameAnswer takes 0x10 and 16, and differing blanks and cases, for the same.
func sameAnswer(a, b string) bool {
	a, b = oneLine(a), oneLine(b)
	if strings.EqualFold(a, b) {
		return true
	}
	x, err1 := strconv.ParseInt(a, 0, 64)
	y, err2 := strconv.ParseInt(b, 0, 64)
	return err1 == nil && err2 == nil && x == y
}

func oneLine(answer string) string { return strings.Join(strings.Fields(answer), " ") }

// asSet puts words, parted by blanks or commas, into one order, and writes
// numbers in one way.
func asSet(answer string) string {
	words := strings.FieldsFunc(answer, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	for i, w := range words {
		if n, err := strconv.ParseUint(w, 0, 64); err == nil {
			words[i] = fmt.Sprintf("%#02x", n)
		}
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), " ")
}

// madeOf says whether every word of an answer is one of some words.
func madeOf(answer, words string) bool {
	known := strings.Fields(strings.ToLower(words))
	for _, w := range strings.Fields(strings.ToLower(answer)) {
		if len(known) > 0 && !slices.Contains(known, w) {
			return false
		}
	}
	return true
}

func isNumber(s string) bool {
	_, err := strconv.ParseInt(s, 0, 64)
	return err == nil
}

// ParseAnswers reads key = value lines; # starts a comment.
func ParseAnswers(data []byte) (map[string]string, error) {
	answers := make(map[string]string)
	for i, line := range strings.Split(string(data), "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		if !ok || key == "" {
			return nil, fmt.Errorf("line %d of the answers: want key = value, have %q", i+1, clip(line))
		}
		if _, twice := answers[key]; twice {
			return nil, fmt.Errorf("line %d of the answers: %s stands there twice", i+1, clip(key))
		}
		answers[key] = strings.TrimSpace(value)
	}
	return answers, nil
}

// quantile is refused until the machine records latencies.
func (h *host) quantile(ts *testscript.TestScript, neg bool, args []string) {
	h.att.Status = Broken
	ts.Fatalf("quantile: this machine records no latencies yet: no frame and no waiting task is timed")
}
