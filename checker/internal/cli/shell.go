package cli

import (
	"bothhalves/checker/grade"
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
	return co.Shell(l, t, s, c.In, c.Out, c.Err)
}
