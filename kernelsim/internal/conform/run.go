package conform

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/shell"
)

// A Mismatch is a line that printed something else than it must.
type Mismatch struct {
	Step
	Got string
}

// Error says which line it was.
func (m *Mismatch) Error() string {
	return fmt.Sprintf("%d: %s: %s, want %s", m.Line, m.Command, m.Got, m.Want)
}

// Run types a case at a new session, whose machines have the parts. The error
// is the first line that is not as it must be.
func (c Case) Run(parts ...machine.Part) error {
	s := shell.New(noFiles{}, parts...)
	defer s.Close()
	r := runner{s}
	for _, st := range c.Steps {
		if err := r.step(st); err != nil {
			return fmt.Errorf("%s:%w", c.File, err)
		}
	}
	return nil
}

// noFiles is a host without files.
type noFiles struct{}

var errNoFiles = errors.New("a conformance table has no files")

func (noFiles) ReadFile(string) ([]byte, error) { return nil, errNoFiles }
func (noFiles) WriteFile(string, []byte) error  { return errNoFiles }
func (noFiles) Interrupted() bool               { return false }

// A runner types lines at a session.
type runner struct{ *shell.Session }

// step runs one line and compares.
func (r runner) step(st Step) error {
	got, err := r.output(st.Command)
	switch {
	case err != nil:
		return fmt.Errorf("%d: %s: %w", st.Line, st.Command, err)
	case st.Want == "" || st.Want == "ok":
		return nil
	case !r.matches(st, got):
		return &Mismatch{st, strings.Join(strings.Fields(got), " ")}
	}
	return nil
}

// output is what a line prints.
func (r runner) output(command string) (string, error) {
	words := strings.Fields(command)
	switch {
	case len(words) == 2 && isSet(words[0]):
		return r.set(words[0], words[1])
	case len(words) > 3 && words[0] == "count" && isSet(words[1]):
		return r.count(words[1], words[2], words[3:])
	}
	command, err := r.expand(command)
	if err != nil {
		return "", err
	}
	return r.typed(command)
}

// typed is what a line of the shell prints; it must not fail.
func (r runner) typed(command string) (string, error) {
	var out, errw strings.Builder
	if err := r.Line(command, &out, &errw); err != nil {
		return "", fmt.Errorf("it failed: %s", strings.TrimSpace(out.String()+errw.String()))
	}
	return out.String(), nil
}

// matches compares what was printed with what must be.
func (r runner) matches(st Step, got string) bool {
	kind, list, _ := strings.Cut(st.Want, " ")
	switch {
	case kind == "messages" || kind == "eoi":
		return sameWords(vectors(got, kind == "eoi"), strings.ReplaceAll(list, "vector=", ""))
	case st.Command == "bus log" && kind == "none":
		return vectors(got, false) == ""
	}
	return sameWords(got, st.Want)
}

// vectors picks the vectors of messages, or of EOI broadcasts, out of bus log.
func vectors(log string, eoi bool) string {
	var list []string
	for line := range strings.Lines(log) {
		words := strings.Fields(line)
		for _, w := range words {
			if v, ok := strings.CutPrefix(w, "vector="); ok && (words[0] == "eoi") == eoi {
				list = append(list, v)
			}
		}
	}
	return strings.Join(list, " ")
}

// sameWords compares word by word, numbers as numbers; brackets and commas are
// decoration.
func sameWords(got, want string) bool {
	g, w := bare(got), bare(want)
	if len(g) != len(w) {
		return false
	}
	for i := range g {
		if g[i] != w[i] && !sameNumber(g[i], w[i]) {
			return false
		}
	}
	return true
}

// bare splits a text into words without the decoration of lists.
func bare(text string) []string {
	return strings.Fields(strings.NewReplacer("{", " ", "}", " ", "[", " ", "]", " ", ",", " ").Replace(text))
}

func sameNumber(a, b string) bool {
	x, err := strconv.ParseUint(a, 0, 64)
	y, err2 := strconv.ParseUint(b, 0, 64)
	return err == nil && err2 == nil && x == y
}
