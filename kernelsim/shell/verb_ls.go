package shell

func lsVerb() *Verb {
	return &Verb{
		Name: "ls", Group: GroupBox, Args: "[PATH…]",
		Summary: "lists a directory of the simulated kernel",
		Run:     runLs, ReadOnly: true,
	}
}

func runLs(c *Call) error {
	paths := c.Args
	if len(paths) == 0 {
		paths = []string{"/"}
	}
	for i, path := range paths {
		names, err := files(c.Machine()).List(path)
		if err != nil {
			return c.Fail(path, err)
		}
		if len(paths) > 1 {
			if i > 0 {
				c.Printf("\n")
			}
			c.Printf("%s:\n", path)
		}
		for _, name := range names {
			c.Printf("%s\n", name)
		}
	}
	return nil
}
