package shell

import "fmt"

func backVerb() *Verb {
	return &Verb{
		Name: "back", Group: GroupBench, Args: "[N]",
		Summary: "takes the last N events back",
		Detail:  "The machine is replayed up to there. step prints the events' numbers.",
		Run:     runBack, ReadOnly: true, Runs: true,
	}
}

func runBack(c *Call) error {
	n := 1
	if len(c.Args) > 1 {
		return c.Misuse("%s: one number at a time", c.Args[1])
	}
	if len(c.Args) == 1 {
		var err error
		if n, err = c.number("N", c.Args[0], 1, unlimited); err != nil {
			return err
		}
	}
	b := c.Session.box
	if past := b.m.Events() - b.born; uint64(n) > past {
		return c.Fail(fmt.Sprintf("%d: the machine is only %d events past its boot", n, past), nil)
	}
	old, err := c.Session.replay(b.recipe, b.m.Events()-uint64(n))
	if err != nil {
		return c.Fail("the replay", err)
	}
	b.replace(old)
	return nil
}
