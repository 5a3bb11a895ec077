package shell

func cfgVerb() *Verb {
	return &Verb{
		Name: "cfg", Group: GroupBench, Args: "read BDF SIZE OFFSET | write BDF SIZE OFFSET VALUE",
		Summary: "reads or writes a PCI function's configuration space",
		Detail: `SIZE is 1, 2 or 4 bytes and OFFSET a multiple of it below 4096. Where there is no
function a read gives all ones.`,
		Words: []string{"read", "write"},
		Run:   runCfg,
	}
}

func runCfg(c *Call) error {
	writes, args, err := c.direction("write", "BDF", "SIZE", "OFFSET")
	if err != nil {
		return err
	}
	bdf, err := c.bdf(args[0])
	if err != nil {
		return err
	}
	size, err := c.size(args[1], 1, 2, 4)
	if err != nil {
		return err
	}
	off, err := c.number("OFFSET", args[2], 0, 4095)
	switch {
	case err != nil:
		return err
	case off%size != 0:
		return c.Misuse("OFFSET: %s: not a multiple of SIZE", args[2])
	}
	pci := c.board().PCI
	if !writes {
		return c.bench(func() { c.printValue(uint64(pci.ConfigRead(bdf, uint16(off), size)), size) })
	}
	v, err := c.unsigned("VALUE", args[3], size)
	if err != nil {
		return err
	}
	return c.bench(func() { pci.ConfigWrite(bdf, uint16(off), size, uint32(v)) })
}
