package cli

import (
	"slices"
	"strings"

	"bothhalves/checker/grade"
	"bothhalves/checker/script"
)

func runShell(c *call) error {
	var s grade.ShellOptions
	c.flags.Uint64Var(&s.Seed, "seed", 0, "the seed to replay the failing check with")
	c.flags.IntVar(&s.Event, "at", 0, "the event of the trace to replay to")
	c.flags.IntVar(&s.Cut, "cut", 0, "the decision point at which to do what the check cuts in")
	c.flags.StringVar(&s.Check, "check", "", "the check to replay; the first that fails if -seed or -at is given")
	if err := c.parse(1, 1); err != nil {
		return err
	}
	co, err := c.course()
	if err != nil {
		return err
	}
	l, t, err := c.task(co, c.args[0])
	if err != nil {
		return err
	}
	switch {
	case s.Event < 0:
		return c.misuse("-at %d: events count from 1", s.Event)
	case s.Cut < 0:
		return c.misuse("-cut %d: decision points count from 1", s.Cut)
	case s.Check != "" && !slices.ContainsFunc(t.Checks, func(x script.Check) bool { return x.Name == s.Check }):
		var names []string
		for _, x := range t.Checks {
			names = append(names, x.Name)
		}
		return c.misuse("-check %q: %s has no such check; its checks are: %s", s.Check, t.Name(), strings.Join(names, "; "))
	}
	return co.Shell(l, t, s, c.In, c.Out, c.Err)
}
