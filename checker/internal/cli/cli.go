// Package cli is the checker's command line: one file a verb.
package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"bothhalves/checker/grade"
)

// The exit statuses.
const (
	ok     = 0 // done, all checks passed
	failed = 1 // a check failed, or what was asked could not be done
	usage  = 2 // the command line is wrong
)

// An Env is what a command talks to.
type Env struct {
	In       io.Reader
	Out, Err io.Writer
	Dir      string           // the working folder
	Now      func() time.Time // for the names of snapshots
}

// Std is the process's own environment.
func Std() *Env {
	return &Env{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Dir: ".", Now: time.Now}
}

// A verb is one command.
type verb struct {
	name    string
	args    string
	summary string
	run     func(c *call) error
}

// verbs lists the commands in the order of help.
func verbs() []verb {
	return []verb{
		{"check", "[LAB[/TASK]] [-watch] [-json]", "grade the working tree; -watch repeats on save", runCheck},
		{"shell", "LAB/TASK [-seed S] [-cut N] [-at EVENT] [-check NAME]", "the simulator's shell with your part plugged in", runShell},
		{"hint", "LAB/TASK", "the next hint for the failing check", runHint},
		{"progress", "", "all labs at a glance, and what to do next", runProgress},
		{"reset", "LAB[/TASK] | -list", "the shipped file again; yours is kept", runReset},
		{"update", "", "bring files that you have not started to this release", runUpdate},
		{"solution", "LAB/TASK [-spoil]", "the solution, once you have passed", runSolution},
		{"doctor", "", "what this computer has, and what is missing", runDoctor},
		{"new", "LAB/TASK [-kind KIND]", "for authors: the skeleton of a task", runNew},
		{"help", "[VERB]", "this list", runHelp},
	}
}

// later are verbs of the design that this build does not have.
var later = []string{"agenda", "handout", "grade", "similar", "serve", "submit", "worker"}

// A call is one command being run.
type call struct {
	*Env
	verb  verb
	flags *flag.FlagSet
	args  []string
}

// A usageError is a command line that is wrong.
type usageError struct{ msg string }

func (e *usageError) Error() string { return e.msg }

// errFailed ends a verb whose output has said all there is to say.
var errFailed = errors.New("failed")

// Main runs one command and returns the exit status.
func Main(args []string, env *Env) int {
	if len(args) == 0 {
		printHelp(env.Err)
		return usage
	}
	name := strings.TrimLeft(args[0], "-")
	for _, v := range verbs() {
		if v.name == name || v.name == "help" && name == "h" {
			return env.status(v.name, (&call{Env: env, verb: v}).start(args[1:]))
		}
	}
	for _, l := range later {
		if l == name {
			fmt.Fprintf(env.Err, "checker: %s comes with grading for credit: this build has check, shell, hint, progress, reset, update, solution, doctor and new\n", name)
			return failed
		}
	}
	var names []string
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	fmt.Fprintf(env.Err, "checker: no verb %q%s\n", args[0], grade.Suggest(name, names))
	return usage
}

// status prints an error and turns it into the exit status.
func (e *Env) status(name string, err error) int {
	var u *usageError
	switch {
	case err == nil:
		return ok
	case errors.Is(err, errFailed):
		return failed
	case errors.Is(err, flag.ErrHelp):
		return ok
	case errors.Is(err, grade.ErrStopped):
		fmt.Fprintf(e.Err, "checker %s: interrupted\n", name)
		return failed
	case errors.As(err, &u):
		fmt.Fprintf(e.Err, "checker %s: %v\n", name, err)
		return usage
	default:
		fmt.Fprintf(e.Err, "checker %s: %v\n", name, err)
		return failed
	}
}

// start runs the verb; each verb declares its flags and then calls parse.
func (c *call) start(args []string) error {
	c.flags = flag.NewFlagSet(c.verb.name, flag.ContinueOnError)
	c.flags.SetOutput(io.Discard)
	c.args = args
	return c.verb.run(c)
}

// parse reads flags wherever they stand and leaves at most max arguments.
func (c *call) parse(min, max int) error {
	rest, args := c.args, []string(nil)
	for {
		if err := c.flags.Parse(rest); err != nil {
			return c.badFlag(err)
		}
		rest = c.flags.Args()
		if len(rest) == 0 {
			break
		}
		args, rest = append(args, rest[0]), rest[1:]
	}
	c.args = args
	if len(args) < min || len(args) > max {
		return c.misuse("%s: this verb takes %s", count(len(args), "argument"), span(min, max))
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// span says how many arguments there may be.
func span(min, max int) string {
	switch {
	case max == 0:
		return "none"
	case min == max:
		return fmt.Sprint(max)
	}
	return fmt.Sprintf("%d at most", max)
}

// badFlag says which flag is wrong, and the nearest that there is.
func (c *call) badFlag(err error) error {
	name, ok := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !ok {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(c.Out, "usage: checker %s\n\n%s\n", strings.TrimSpace(c.verb.name+" "+c.verb.args), c.verb.summary)
			return err
		}
		return c.misuse("%v", err)
	}
	var names []string
	c.flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	hint := ""
	if len(names) > 0 {
		hint = grade.Suggest(strings.TrimLeft(name, "-"), names)
	}
	return c.misuse("no flag -%s%s", name, hint)
}

// misuse is a usage error with the verb's form.
func (c *call) misuse(format string, args ...any) error {
	msg := fmt.Sprintf(format, args...)
	if msg != "" {
		msg += "\n"
	}
	return &usageError{msg + "usage: checker " + strings.TrimSpace(c.verb.name+" "+c.verb.args)}
}

// course opens the working tree.
func (c *call) course() (*grade.Course, error) { return grade.Open(c.Dir) }

// find resolves LAB or LAB/TASK; a wrong name is a wrong command line.
func (c *call) find(co *grade.Course, arg string) (*grade.Lab, *grade.Task, error) {
	l, t, err := co.Find(arg)
	if err != nil {
		return nil, nil, &usageError{err.Error()}
	}
	return l, t, nil
}

// task resolves LAB/TASK.
func (c *call) task(co *grade.Course, arg string) (*grade.Lab, *grade.Task, error) {
	l, t, err := c.find(co, arg)
	if err == nil && t == nil {
		var ids []string
		for _, t := range l.Tasks {
			ids = append(ids, t.ID)
		}
		err = c.misuse("which task of %s: %s?", l.Name, strings.Join(ids, ", "))
	}
	return l, t, err
}

func runHelp(c *call) error {
	if err := c.parse(0, 1); err != nil {
		return err
	}
	if len(c.args) == 0 {
		printHelp(c.Out)
		return nil
	}
	var names []string
	for _, v := range verbs() {
		if v.name == c.args[0] {
			fmt.Fprintf(c.Out, "usage: checker %s\n\n%s\n", strings.TrimSpace(v.name+" "+v.args), v.summary)
			return nil
		}
		names = append(names, v.name)
	}
	return &usageError{fmt.Sprintf("no verb %q%s", c.args[0], grade.Suggest(c.args[0], names))}
}

func printHelp(w io.Writer) {
	fmt.Fprintln(w, "usage: go run ./checker VERB")
	for _, v := range verbs() {
		fmt.Fprintf(w, "  %-9s %-54s %s\n", v.name, v.args, v.summary)
	}
}
