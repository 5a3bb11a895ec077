package shell

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
)

func infoVerb() *Verb {
	return &Verb{
		Name: "info", Group: GroupBench,
		Args:    "lapic [CPU] | ioapic | pic | pci | msix BDF | idt [VECTOR] | registers [CPU] | percpu [NAME] | mtree | block",
		Summary: "shows the state of hardware and memory",
		Detail: `info lapic, ioapic, pic, pci, registers and mtree print as QEMU's monitor does, as
far as the machine has what they show. info msix shows a function's table as it
stands and decoded, and its pending bits. info idt shows the gates, as raw
quadwords and decoded; with VECTOR, that gate field by field and what its stub
pushes. info percpu shows the first chunk of per-CPU memory: its sizes, where each
CPU's unit lies, and the variables by offset; with NAME, that variable's address
and bytes on every CPU. info block shows, for each disk that was opened, what each
CPU has done: the queue that it submits to, requests that it submitted, requests
that ended on it, of its own those that ended on another CPU, and ends that it left
to another CPU.`,
		Words: []string{"lapic", "ioapic", "pic", "pci", "msix", "idt", "registers", "percpu", "mtree", "block"},
		Run:   runInfo, ReadOnly: true,
	}
}

func runInfo(c *Call) error {
	if len(c.Args) == 0 {
		return c.Misuse("wants %s or block", strings.Join(c.Verb.Words[:len(c.Verb.Words)-1], ", "))
	}
	topic, rest := c.Args[0], c.Args[1:]
	if err := c.oneOf(topic); err != nil {
		return err
	}
	takes := 0
	switch topic {
	case "lapic", "msix", "idt", "registers", "percpu":
		takes = 1
	}
	if len(rest) > takes {
		return c.Misuse("%s: too many words behind %s", rest[len(rest)-1], topic)
	}
	switch topic {
	case "percpu", "idt":
		return c.infoKernel(topic, rest)
	case "registers":
		return c.infoRegisters(rest)
	case "block":
		return c.infoBlock()
	case "mtree":
		c.Printf("%s", c.Machine().Bus().Tree())
		return nil
	}
	return c.infoBoard(topic, rest)
}

// infoKernel shows what a kernel has set up.
func (c *Call) infoKernel(topic string, args []string) error {
	switch {
	case c.Machine().Bare():
		return c.Fail(topic+noKernel, nil)
	case topic == "idt":
		return c.infoIDT(args)
	}
	return c.infoPercpu(args)
}

// infoRegisters prints what this machine has of QEMU's info registers: RFLAGS
// with IF, whether the CPU is halted, and where a kernel runs the GS base, the
// TSS and the IDT. There is no GDT here that GDTR could lead to.
func (c *Call) infoRegisters(args []string) error {
	m := c.Machine()
	first, last := 0, m.Processors()-1
	if len(args) == 1 {
		n, err := c.cpu("", args[0])
		if err != nil {
			return err
		}
		first, last = n, n
	}
	for n := first; n <= last; n++ {
		if n > first {
			c.Printf("\n")
		}
		halted := m.Bare() && m.BareState(n).Halted || !m.Bare() && m.CPUs()[n].Halted()
		c.Printf("CPU#%d\nRFL=%08x [-------] CPL=0 II=0 A20=1 SMM=0 HLT=%d\n", n, 0x2|bit(m.Core(n).IF())<<9, bit(halted))
		if !m.Bare() {
			c.tables(m.CPUs()[n])
		}
	}
	return nil
}

// tables prints the registers that lead to a CPU's own memory, and IDTR, which
// leads to the table of all. Selector, limit and type of TR are those of the
// TSS that Linux makes: GDT_ENTRY_TSS, __KERNEL_TSS_LIMIT.
func (c *Call) tables(p *cpu.CPU) {
	c.Printf("GS =0000 %016x 00000000 00000000\n", p.GS.Base)
	c.Printf("TR =0040 %016x 00004087 00008900 DPL=0 TSS64-avl\n", p.TSS.Base)
	c.Printf("IDT=     %016x %08x\n", p.SIDT().Base, p.SIDT().Limit)
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
