package shell

func resetVerb() *Verb {
	return &Verb{
		Name: "reset", Group: GroupBench,
		Summary: "switches the machine off and on again",
		Detail:  "The machine boots with the flags that it was booted with.",
		Run:     runReset, ReadOnly: true, Runs: true,
	}
}

func runReset(c *Call) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	first := c.Session.box.recipe
	first.lines = first.lines[:1]
	b, err := c.Session.replay(first, forever)
	if err != nil {
		return c.Fail("the machine did not boot again", err)
	}
	c.Session.box.replace(b)
	return nil
}
