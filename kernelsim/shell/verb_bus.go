package shell

func busVerb() *Verb {
	return &Verb{
		Name: "bus", Group: GroupBench, Args: "log",
		Summary: "prints the interrupt messages since the last time",
		Detail: `One line each, with who sent it and its fields; addr and data are what it looks
like as a message signalled interrupt, where that format can hold it. EOI
broadcasts are among them. They are forgotten when they have been printed.`,
		Words: []string{"log"},
		Run:   runBus,
	}
}

func runBus(c *Call) error {
	switch {
	case len(c.Args) == 0:
		return c.Misuse("wants log")
	case len(c.Args) > 1:
		return c.Misuse("%s: nothing goes behind log", c.Args[1])
	}
	if err := c.oneOf(c.Args[0]); err != nil {
		return err
	}
	lines := c.board().TakeLog()
	for _, line := range lines {
		c.Printf("%s\n", line)
	}
	if len(lines) == 0 {
		c.Printf("none\n")
	}
	return nil
}
