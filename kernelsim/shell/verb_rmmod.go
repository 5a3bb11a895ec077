package shell

func rmmodVerb() *Verb {
	return &Verb{
		Name: "rmmod", Group: GroupBox, Args: "MODULE",
		Summary: "takes a kernel module out",
		Run:     runRmmod, Runs: true,
	}
}

func runRmmod(c *Call) error {
	if len(c.Args) != 1 {
		var loaded []string
		for _, mod := range c.Machine().Loaded() {
			loaded = append(loaded, mod.Name)
		}
		return c.Misuse("wants one MODULE; loaded: %s", orNone(loaded))
	}
	return c.ran(c.Machine().Rmmod(c.Args[0]))
}
