package shell

func ioVerb() *Verb {
	return &Verb{
		Name: "io", Group: GroupBench, Args: "in SIZE PORT | out SIZE PORT VALUE | inta",
		Summary: "reads or writes an I/O port, or acknowledges the 8259A pair",
		Detail: `SIZE is 1, 2 or 4 bytes. The 8259A pair is at 0x20 and 0xa0, the timer at 0x40,
PCI configuration at 0xcf8. io inta is the acknowledge cycle that a CPU runs for
an ExtINT: it prints the vector that the pair answers.`,
		Words: []string{"in", "out", "inta"},
		Run:   runIO,
	}
}

func runIO(c *Call) error {
	if len(c.Args) > 0 && c.Args[0] == "inta" {
		if len(c.Args) > 1 {
			return c.Misuse("%s: nothing goes behind inta", c.Args[1])
		}
		return c.bench(func() { c.printValue(uint64(c.board().Bus.INTA()), 1) })
	}
	writes, args, err := c.direction("out", "SIZE", "PORT")
	if err != nil {
		return err
	}
	size, err := c.size(args[0], 1, 2, 4)
	if err != nil {
		return err
	}
	port, err := c.unsigned("PORT", args[1], 2)
	if err != nil {
		return err
	}
	core := c.Machine().Core(0)
	if !writes {
		return c.bench(func() { c.printValue(uint64(core.In(uint16(port), size)), size) })
	}
	v, err := c.unsigned("VALUE", args[2], size)
	if err != nil {
		return err
	}
	return c.bench(func() { core.Out(uint16(port), size, uint32(v)) })
}
