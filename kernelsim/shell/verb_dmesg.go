package shell

func dmesgVerb() *Verb {
	return &Verb{
		Name: "dmesg", Group: GroupBox,
		Summary: "prints the kernel's log",
		Run:     runDmesg, ReadOnly: true,
	}
}

func runDmesg(c *Call) error {
	if err := c.noArgs(); err != nil {
		return err
	}
	for _, line := range c.Machine().Dmesg() {
		c.Printf("%s\n", line)
	}
	return nil
}
