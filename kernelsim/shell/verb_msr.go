package shell

func msrVerb() *Verb {
	return &Verb{
		Name: "msr", Group: GroupBench, Args: "read INDEX | write INDEX VALUE",
		Summary: "reads or writes a model specific register of a CPU",
		Detail: `IA32_APIC_BASE is 0x1b, IA32_TSC_DEADLINE 0x6e0; in x2APIC mode the local APIC's
registers are 0x800 to 0x83f. An access that the CPU answers with a fault prints
#GP and has status 1.`,
		Flags: []Flag{cpuFlag()},
		Words: []string{"read", "write"},
		Run:   runMSR,
	}
}

func runMSR(c *Call) error {
	writes, args, err := c.direction("write", "INDEX")
	if err != nil {
		return err
	}
	index, err := c.unsigned("INDEX", args[0], 4)
	if err != nil {
		return err
	}
	core, err := c.core()
	if err != nil {
		return err
	}
	var v uint64
	if writes {
		if v, err = c.unsigned("VALUE", args[1], 8); err != nil {
			return err
		}
	}
	var ok bool
	err = c.bench(func() {
		if writes {
			ok = core.WRMSR(uint32(index), v)
		} else {
			v, ok = core.RDMSR(uint32(index))
		}
	})
	switch {
	case err != nil:
		return err
	case !ok:
		return c.gp()
	case !writes:
		c.printValue(v, 8)
	}
	return nil
}
