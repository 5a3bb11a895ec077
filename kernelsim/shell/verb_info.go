package shell

import "fmt"

func infoVerb() *Verb {
	return &Verb{
		Name: "info", Group: GroupBench, Args: "percpu [NAME] | registers [CPU] | idt [VECTOR] | mtree",
		Summary: "shows the state of hardware and memory",
		Detail: `info percpu shows the first chunk of per-CPU memory: its sizes, where each CPU's
unit lies, and the variables by offset; with NAME, that variable's address and
bytes on every CPU. info idt shows the gates, as raw quadwords and decoded; with
VECTOR, that gate field by field and what its stub pushes. info registers and info mtree print as QEMU's monitor does,
as far as the machine has what they show.`,
		Words: []string{"percpu", "registers", "idt", "mtree"},
		Run:   runInfo, ReadOnly: true,
	}
}

func runInfo(c *Call) error {
	if len(c.Args) == 0 {
		return c.Misuse("wants percpu, registers, idt or mtree")
	}
	topic, rest := c.Args[0], c.Args[1:]
	if comes := laterTopic(topic); comes != "" {
		return c.comesWith(topic, comes)
	}
	if err := c.oneOf(topic); err != nil {
		return err
	}
	if len(rest) > 1 || topic == "mtree" && len(rest) > 0 {
		return c.Misuse("%s: too many words behind %s", rest[len(rest)-1], topic)
	}
	switch topic {
	case "percpu":
		return c.infoPercpu(rest)
	case "registers":
		return c.infoRegisters(rest)
	case "idt":
		return c.infoIDT(rest)
	}
	c.Printf("%s", c.Machine().Bus().Tree())
	return nil
}

func laterTopic(topic string) string {
	switch topic {
	case "lapic", "ioapic", "pic":
		return "the interrupt controllers"
	case "msix", "pci":
		return "the PCI bus"
	}
	return ""
}

// infoRegisters prints what this machine has of QEMU's info registers: RFLAGS
// with IF, whether the CPU is halted, and the GS base.
func (c *Call) infoRegisters(args []string) error {
	cpus := c.Machine().CPUs()
	if len(args) == 1 {
		n, err := c.cpu("", args[0])
		if err != nil {
			return err
		}
		cpus = cpus[n : n+1]
	}
	for i, p := range cpus {
		if i > 0 {
			c.Printf("\n")
		}
		flags := 0x2 | bit(p.IF())<<9
		c.Printf("CPU#%d\nRFL=%08x [-------] CPL=0 II=0 A20=1 SMM=0 HLT=%d\n", p.ID, flags, bit(p.Halted()))
		c.Printf("GS =0000 %016x 00000000 00000000\n", p.GS.Base)
	}
	return nil
}

// hexBytes prints a little-endian value as 0x and two digits a byte; longer
// ones, and those that are no single number, byte by byte.
func hexBytes(b []byte) string {
	switch len(b) {
	case 1, 2, 4, 8:
		v := uint64(0)
		for i := len(b) - 1; i >= 0; i-- {
			v = v<<8 | uint64(b[i])
		}
		return fmt.Sprintf("0x%0*x", 2*len(b), v)
	}
	return fmt.Sprintf("% x", b)
}
