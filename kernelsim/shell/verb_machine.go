package shell

func machineVerb() *Verb {
	return &Verb{
		Name: "machine", Group: GroupBench, Args: "[NAME]",
		Summary: "lists the machines, or switches to one",
		Detail:  "The first machine is called main. The current one is marked with a *.",
		Run:     runMachine, ReadOnly: true, Runs: true,
	}
}

func runMachine(c *Call) error {
	s := c.Session
	switch len(c.Args) {
	case 0:
		for _, b := range s.boxes {
			mark := ' '
			if b == s.box {
				mark = '*'
			}
			c.Printf("%c %s: %s, event %d\n", mark, b.name, b.m.Now(), b.m.Events())
		}
		return nil
	case 1:
		if b := s.find(c.Args[0]); b != nil {
			s.box = b
			return nil
		}
		var names []string
		for _, b := range s.boxes {
			names = append(names, b.name)
		}
		return c.Fail(c.Args[0]+": no machine of that name"+didYouMean(c.Args[0], names), nil)
	}
	return c.Misuse("%s: one NAME at a time", c.Args[1])
}
