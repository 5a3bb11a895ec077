package worker

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"bothhalves/checker/script"
	"bothhalves/kernelsim/shell"
)

// A repl is the shell with the student's part: it replays a check, then takes
// lines.
type repl struct {
	s         *session
	in        *bufio.Scanner
	out, errw io.Writer
	prompt    bool
}

func newREPL(s *session, in io.Reader, out, errw io.Writer) *repl {
	r := &repl{s: s, in: bufio.NewScanner(in), out: out, errw: errw}
	if f, ok := in.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
			r.prompt = true
		}
	}
	return r
}

// run replays what was asked for and then reads lines to the end of input.
func (r *repl) run(req *Request, task *script.Task) error {
	if req.Shell.Check != "" {
		r.replay(req.Shell, task)
	}
	status := shell.StatusOK
	for r.ask(); r.in.Scan(); r.ask() {
		line := strings.TrimSpace(r.in.Text())
		if line == "exit" || line == "quit" {
			break
		}
		status = shell.ErrorStatus(r.line(line))
	}
	if r.prompt {
		fmt.Fprintln(r.out)
		return nil
	}
	if status != shell.StatusOK {
		return fmt.Errorf("the last line failed with status %d", status)
	}
	return nil
}

func (r *repl) ask() {
	if r.prompt {
		fmt.Fprint(r.out, "# ")
	}
}

func (r *repl) line(text string) error {
	return guarded(r.errw, func() error { return r.s.Session.Line(text, r.out, r.errw) })
}

// guarded keeps the shell alive when the student's part panics outside the
// machine's own guard.
func guarded(errw io.Writer, f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			fmt.Fprintln(errw, err)
		}
	}()
	return f()
}

// replay types a check's commands, as far as the check came, and shows an
// event of the machine that stands there then: a check may boot several.
func (r *repl) replay(req *ShellRequest, task *script.Task) {
	shape := task.Shapes[min(max(req.Shape, 0), len(task.Shapes)-1)]
	if req.Seed > 0 {
		shape = shape.With("seed", strconv.FormatUint(req.Seed, 10))
	}
	for _, c := range task.Checks {
		if c.Name == req.Check {
			fmt.Fprintf(r.out, "# %s (%s)\n", c.Name, shape)
			r.retype(req, &c, shape)
			r.backTo(req.Event)
		}
	}
}

// retype types the commands up to the line that failed, or to the first that
// is refused.
func (r *repl) retype(req *ShellRequest, c *script.Check, shape script.Shape) {
	vocabulary := Vocabulary()
	for i, body := range c.Body {
		line := expand(body, shape)
		at := c.Line + 1 + i
		if req.Line > 0 && at > req.Line {
			return
		}
		if r.retypeLine(req, line, vocabulary) != nil {
			return
		}
		if at == req.Line {
			fmt.Fprintf(r.out, "# line %d, where it failed: %s\n", at, line)
		}
	}
}

// retypeLine types what a line of the script does to the machine.
func (r *repl) retypeLine(req *ShellRequest, line string, vocabulary script.Vocabulary) error {
	if rest, ok := strings.CutPrefix(line, "same-as-reference "); ok {
		line = rest
	}
	words, err := script.Words(line)
	if err != nil || len(words) == 0 {
		return nil
	}
	if words[0] == "cut" && len(words) == 3 && req.Cut > 0 {
		r.cut(req.Cut, words[2])
	}
	if !isVerb(words, vocabulary) {
		return nil
	}
	fmt.Fprintf(r.out, "# %s\n", line)
	return r.line(line)
}

// cut lets a command run at a decision point of the next one.
func (r *repl) cut(point int, cmd string) {
	fmt.Fprintf(r.out, "# %s at decision point %d of the next command\n", cmd, point)
	r.s.At(r.s.Decisions()+uint64(point), func() { r.line(cmd) })
}

func isVerb(words []string, v script.Vocabulary) bool {
	name := words[0]
	if name == "!" && len(words) > 1 {
		name = words[1]
	}
	for _, verb := range v.Verbs {
		if verb == name {
			return true
		}
	}
	return false
}

// backTo shows the trace around an event, without the coming and going of the
// processes in which the check's own commands run.
func (r *repl) backTo(event int) {
	if event <= 0 {
		return
	}
	var lines []string
	at := -1
	for i, line := range r.s.Trace() {
		switch {
		case i == event-1:
			at = len(lines)
			lines = append(lines, "> "+line)
		case !script.CommandTask.MatchString(line):
			lines = append(lines, "  "+line)
		}
	}
	if at < 0 { // the default machine has an event here, and this one none
		at = len(lines)
		lines = append(lines, "> the trace ends here")
	}
	for i := max(0, at-5); i < min(len(lines), at+6); i++ {
		fmt.Fprintln(r.out, lines[i])
	}
}

// expand puts a shape's values in place of $NAME, outside quotes.
func expand(line string, shape script.Shape) string {
	parts := strings.Split(line, "'")
	for i := 0; i < len(parts); i += 2 {
		parts[i] = os.Expand(parts[i], func(name string) string { return shape.Get(strings.ToLower(name)) })
	}
	return strings.Join(parts, "'")
}
