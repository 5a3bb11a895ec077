package shell

func mmioVerb() *Verb {
	return &Verb{
		Name: "mmio", Group: GroupBench, Args: "read SIZE ADDR | write SIZE ADDR VALUE",
		Summary: "reads or writes at a physical address, as a CPU would",
		Detail: `SIZE is 1, 2, 4 or 8 bytes. The local APIC's page, at 0xfee00000 unless
IA32_APIC_BASE says otherwise, is the one of the CPU that makes the access; the
IOAPIC is at 0xfec00000. Where nothing answers a read gives all ones.`,
		Flags: []Flag{cpuFlag()},
		Words: []string{"read", "write"},
		Run:   runMMIO,
	}
}

func runMMIO(c *Call) error {
	writes, args, err := c.direction("write", "SIZE", "ADDR")
	if err != nil {
		return err
	}
	size, err := c.size(args[0], 1, 2, 4, 8)
	if err != nil {
		return err
	}
	addr, err := c.unsigned("ADDR", args[1], 8)
	if err != nil {
		return err
	}
	core, err := c.core()
	if err != nil {
		return err
	}
	if !writes {
		return c.bench(func() { c.printValue(core.ReadPhys(addr, size), size) })
	}
	v, err := c.unsigned("VALUE", args[2], size)
	if err != nil {
		return err
	}
	return c.bench(func() { core.WritePhys(addr, size, v) })
}
