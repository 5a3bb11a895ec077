package shell

func saveVerb() *Verb {
	return &Verb{
		Name: "save", Group: GroupBench, Args: "FILE",
		Summary: "writes the machine to a file of the host",
		Detail: `What is written is the machine's recipe: the commands that made it, and how far
they got. load replays it, which gives the same machine bit for bit; the same
build of the simulator is needed for that.`,
		Run: runSave, ReadOnly: true, Runs: true,
	}
}

func runSave(c *Call) error {
	if len(c.Args) != 1 {
		return c.Misuse("wants one FILE")
	}
	name := c.Args[0]
	if err := c.writeHost(name, c.Session.box.encode(c.Session.build())); err != nil {
		return c.Fail(name, err)
	}
	return nil
}
