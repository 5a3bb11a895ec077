package shell

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/report"
	"bothhalves/kernelsim/sim"
)

// A Call is one verb being run: its arguments with the flags taken out, and
// where its output goes.
type Call struct {
	Session *Session
	Verb    *Verb
	Args    []string

	words []string // as typed
	flags map[string][]string
	out   io.Writer
	gone  error             // the first error of out: whoever reads has left
	files map[string][]byte // the host's files that were read, for the recipe
	stop  uint64            // the event at which the host interrupted it, or 0
	dead  bool              // the kernel had stopped before
	look  bool              // it turned out to change nothing: no part of the recipe
}

// Machine is the current machine. A verb without NoMachine is not run when
// there is none.
func (c *Call) Machine() *machine.Machine { return c.Session.Machine() }

// Write sends output on. After the reader has left it says so, which a verb
// that only shows things may take as the end of its work.
func (c *Call) Write(p []byte) (int, error) {
	if c.gone != nil {
		return 0, c.gone
	}
	n, err := c.out.Write(p)
	c.gone = err
	return n, err
}

// Printf prints to the verb's output.
func (c *Call) Printf(format string, args ...any) { fmt.Fprintf(c, format, args...) }

// Fail is a failed verb: "VERB: what: why". The why of the kernel is an errno,
// printed as its text and its name; without a why the what stands alone.
func (c *Call) Fail(what string, why error) error {
	msg := c.Verb.Name + ": " + what
	if why != nil {
		msg += ": " + why.Error()
	}
	return &Error{Status: StatusFailed, Msg: msg}
}

// Misuse is a verb with bad arguments: what is wrong with them, then the
// usage line.
func (c *Call) Misuse(format string, args ...any) error {
	return misuse(c.Verb, fmt.Sprintf(format, args...))
}

func misuse(v *Verb, what string) error {
	return &Error{Status: StatusUsage, Msg: fmt.Sprintf("%s: %s\nusage: %s", v.Name, what, v.Usage())}
}

// quotesHint explains the mistake that a shell user makes first.
func quotesHint(word string) string {
	if strings.Contains(word, `"`) {
		return "; it is single quotes that group words here"
	}
	return ""
}

// Has tells whether a flag was given.
func (c *Call) Has(flag string) bool { return len(c.flags[flag]) > 0 }

// Flag is a flag's last value, or its default.
func (c *Call) Flag(flag, otherwise string) string {
	if vs := c.flags[flag]; len(vs) > 0 {
		return vs[len(vs)-1]
	}
	return otherwise
}

// FlagInt is a flag's value as a number between lo and hi.
func (c *Call) FlagInt(flag string, otherwise, lo, hi int) (int, error) {
	if !c.Has(flag) {
		return otherwise, nil
	}
	return c.number("-"+flag, c.Flag(flag, ""), lo, hi)
}

// number reads a decimal or 0x number between lo and hi; what names it.
func (c *Call) number(what, text string, lo, hi int) (int, error) {
	n, err := parseNumber(text)
	switch {
	case err != nil:
		return 0, c.Misuse("%s: %s: not a number", what, text)
	case n < int64(lo) && hi == unlimited:
		return 0, c.Misuse("%s: %s: not a number from %d on", what, text, lo)
	case n < int64(lo) || n > int64(hi):
		return 0, c.Misuse("%s: %s: not between %d and %d", what, text, lo, hi)
	}
	return int(n), nil
}

// unlimited is an upper limit of number that no message mentions.
const unlimited = 1 << 40

// cpu reads a CPU number of the current machine; what is the flag that it
// belongs to, with its colon, or empty.
func (c *Call) cpu(what, text string) (int, error) {
	n, err := parseNumber(text)
	if err != nil {
		return 0, c.Misuse("%s%s: not a CPU number", what, text)
	}
	if count := c.Machine().Processors(); n < 0 || n >= int64(count) {
		return 0, c.Fail(fmt.Sprintf("%s%s: no such CPU: this machine has 0 to %d", what, text, count-1), nil)
	}
	return int(n), nil
}

// oneOf checks a word that must be one of the verb's Words.
func (c *Call) oneOf(word string) error {
	for _, w := range c.Verb.Words {
		if w == word {
			return nil
		}
	}
	return c.Misuse("%s: not one of %s%s", word, strings.Join(c.Verb.Words, ", "), didYouMean(word, c.Verb.Words))
}

// parseNumber reads decimal or hex with 0x; Go's other forms are no numbers
// here.
func parseNumber(text string) (int64, error) {
	if hex, ok := strings.CutPrefix(text, "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 63)
		return int64(n), err
	}
	return strconv.ParseInt(text, 10, 64)
}

// duration reads a Go duration that is longer than nothing.
func (c *Call) duration(text string) (sim.Time, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, c.Misuse("%s: not a duration such as 150us or 2ms", text)
	case d <= 0:
		return 0, c.Misuse("%s: time runs forward: a duration is above zero", text)
	}
	return sim.Time(d.Nanoseconds()), nil
}

// noArgs refuses arguments where the verb has none.
func (c *Call) noArgs() error {
	if len(c.Args) > 0 {
		return c.Misuse("%s: %s takes no such argument%s", c.Args[0], c.Verb.Name, quotesHint(c.Args[0]))
	}
	return nil
}

// readHost reads a file of the host. Its text goes into the recipe, so that a
// replay does not depend on the file.
func (c *Call) readHost(name string) ([]byte, error) {
	data, err := c.Session.host.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if c.files == nil {
		c.files = map[string][]byte{}
	}
	c.files[name] = data
	return data, nil
}

func (c *Call) writeHost(name string, data []byte) error {
	return c.Session.host.WriteFile(name, data)
}

// again is the commands that show a report again: those of the recipe, and
// this one.
func (c *Call) again(r *oops.Report) string {
	b := c.Session.box
	if b == nil || len(b.recipe.lines) > 20 {
		return r.Replay
	}
	var cmds []string
	for _, e := range b.recipe.lines {
		if e.cut != 0 {
			cmds = append(cmds, fmt.Sprintf("(at event %d) %s", e.cut, e.cmd))
		} else {
			cmds = append(cmds, e.cmd.String())
		}
	}
	return strings.Join(append(cmds, Quote(c.words)), "; ")
}

// fileError is a failed access to a file of the kernel: most have an errno; a
// module's file is read by a process, which may stop the kernel.
func (c *Call) fileError(path string, err error) error {
	var e *errno.Errno
	if errors.As(err, &e) {
		return c.Fail(path, err)
	}
	return c.ran(err)
}

// ran is what a verb returns after it has let the machine run.
func (c *Call) ran(err error) error {
	var r *oops.Report
	switch {
	case err == nil:
		return nil
	case errors.As(err, &r) && c.dead:
		return &Error{Status: StatusFailed, Cause: r,
			Msg: c.Verb.Name + ": the kernel has stopped: " + r.Title + ": boot or reset"}
	case errors.As(err, &r):
		told := *r
		told.Replay = c.again(r)
		return &Error{Status: StatusFailed, Cause: r,
			Msg: c.Verb.Name + ": the kernel stopped\n" + strings.TrimSuffix(report.Text(&told), "\n")}
	case errors.Is(err, machine.ErrInterrupted):
		c.stop = c.Machine().Events()
		return c.Fail(fmt.Sprintf("interrupted at event %d, %s; the machine can go on", c.stop, c.Machine().Now()), nil)
	}
	return c.Fail(err.Error(), nil)
}
