// Package verdict prints a task's result for a person: what passed, the first
// check that did not and why, and how to see it again.
package verdict

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"bothhalves/checker/script"
)

// Points prints tenths of points without a useless zero.
func Points(tenths int) string {
	if tenths%10 == 0 {
		return fmt.Sprint(tenths / 10)
	}
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

// Write prints a result.
func Write(w io.Writer, r *script.TaskResult) {
	fmt.Fprintf(w, "%s/%s: %s", r.Lab, r.Task, r.Status)
	if len(r.Checks) > 0 {
		fmt.Fprintf(w, ", %s of %s points", Points(r.Tenths), Points(r.Of))
	}
	if r.Status == script.NotStarted && r.Message != "" {
		fmt.Fprintf(w, ": %s\n", r.Message)
		return
	}
	fmt.Fprintln(w)
	if r.Message != "" {
		indent(w, "  ", r.Message)
	}
	failed := r.FirstFailed()
	for i := range r.Checks {
		c := &r.Checks[i]
		if failed >= 0 && i > failed {
			rest(w, r.Checks[i:])
			break
		}
		fmt.Fprintf(w, "  %s %s\n", sign(c.Status), c.Name)
		if i == failed {
			failure(w, r, c)
		}
	}
	if r.Output != "" {
		fmt.Fprintln(w, "  Your code printed:")
		indent(w, "    ", r.Output)
	}
}

func sign(s script.Status) string {
	switch s {
	case script.Passed:
		return "ok  "
	case script.NotRun:
		return "--  "
	default:
		return "FAIL"
	}
}

// rest says in a line how the checks behind the first failed one fared.
func rest(w io.Writer, checks []script.CheckResult) {
	count := map[script.Status]int{}
	for _, c := range checks {
		count[c.Status]++
	}
	var parts []string
	for _, s := range []script.Status{script.Passed, script.Failed, script.NotRun, script.Broken} {
		if n := count[s]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	fmt.Fprintf(w, "  Of the checks behind it: %s.\n", strings.Join(parts, ", "))
}

func failure(w io.Writer, r *script.TaskResult, c *script.CheckResult) {
	a := c.First()
	if a == nil {
		indent(w, "       ", "It was not run: the run ended before it.")
		return
	}
	if a.Message != "" {
		indent(w, "       ", a.Message)
	}
	field(w, "in your file", a.Where)
	field(w, "doing", a.Stack)
	field(w, "expected", expected(a))
	field(w, "actual", a.Got)
	field(w, "machine", a.Shape)
	if a.Line > 0 {
		field(w, "script", fmt.Sprintf("%s.txtar:%d: %s", r.Task, a.Line, a.Command))
	}
	field(w, "first difference", a.Differs)
	field(w, "last events", a.Trace)
	if !a.Report { // the kernel has said why, and the check can only guess
		field(w, "why", c.Why)
	}
	field(w, "misconception", r.Mistake)
	field(w, "read", page(c.See))
	if a.Gap == "" && !a.Asked { // a replay would print the answer
		field(w, "replay", Replay(r, a))
	}
}

// expected is what was wanted as a reader would write it: of a line's pattern
// the line, without the anchors and backslashes that only the script needs.
func expected(a *script.Attempt) string {
	if a.Message != script.NoMatch {
		return a.Want
	}
	pattern := strings.TrimSuffix(strings.TrimPrefix(a.Want, "^"), "$")
	re, err := regexp.Compile(pattern)
	if err != nil { // the $ was an escaped one
		return a.Want
	}
	if text, all := re.LiteralPrefix(); all {
		return text
	}
	return plainer(pattern)
}

// plainer prints a pattern of spaces, letters and things left out as the line
// that it means; any other stays a pattern.
func plainer(pattern string) string {
	text := strings.NewReplacer(`\+`, "+", `\.`, ".", `\(`, "(", `\)`, ")", " +", " ", " *", "", ".*", "…").Replace(pattern)
	if again := strings.NewReplacer("+", "", ".", "", "(", "", ")", "").Replace(text); regexp.QuoteMeta(again) != again ||
		strings.Count(pattern, "(") != strings.Count(pattern, `\(`) || bare.MatchString(pattern) {
		return pattern
	}
	return text
}

// bare is a . or + that is not escaped and is not one of those that plainer
// knows.
var bare = regexp.MustCompile(`[^\\ ]\+|[^\\]\.([^*]|$)|^\.[^*]`)

// page turns a chapter's name and anchor into what a reader can open.
func page(see string) string {
	if see == "" {
		return ""
	}
	name, anchor, _ := strings.Cut(see, "#")
	return fmt.Sprintf("%q in book/en/%s.md, or %s.html#%s in the pages", strings.ReplaceAll(anchor, "-", " "), name, name, anchor)
}

// Replay is the command that shows a failure again on the student's own part.
func Replay(r *script.TaskResult, a *script.Attempt) string {
	cmd := fmt.Sprintf("go run ./checker shell %s/%s", r.Lab, r.Task)
	if a.Seed > 0 {
		cmd += fmt.Sprintf(" -seed %d", a.Seed)
	}
	if a.Cut > 0 {
		cmd += fmt.Sprintf(" -cut %d", a.Cut)
	}
	if a.Event > 0 {
		cmd += fmt.Sprintf(" -at %d", a.Event)
	}
	return cmd
}

// field prints "name: value", the further lines of the value below.
func field(w io.Writer, name, value string) {
	if value == "" {
		return
	}
	if !strings.Contains(value, "\n") {
		fmt.Fprintf(w, "       %s: %s\n", name, Safe(value))
		return
	}
	fmt.Fprintf(w, "       %s:\n", name)
	indent(w, "         ", value)
}

func indent(w io.Writer, by, text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		fmt.Fprintf(w, "%s%s\n", by, Safe(strings.TrimRight(line, "\r\n")))
	}
}

// Safe replaces what a terminal would act on.
func Safe(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '·'
		}
		return r
	}, s)
}
