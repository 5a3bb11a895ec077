package shell

import "io"

func catVerb() *Verb {
	return &Verb{
		Name: "cat", Group: GroupBox, Args: "PATH…",
		Summary: "prints files of the simulated kernel",
		Run:     runCat, Runs: true,
	}
}

func runCat(c *Call) error {
	if len(c.Args) == 0 {
		return c.Misuse("wants a PATH")
	}
	var failed error
	for _, path := range c.Args {
		text, err := files(c.Machine()).Read(path)
		if err != nil {
			failed = first(failed, c.fileError(path, err))
			continue
		}
		if _, err := io.WriteString(c, text); err != nil {
			return err
		}
	}
	return failed
}
