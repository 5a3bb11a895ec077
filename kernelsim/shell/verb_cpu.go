package shell

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
)

func cpuVerb() *Verb {
	return &Verb{
		Name: "cpu", Group: GroupBench, Args: "N int VECTOR | N cli | N sti | N state",
		Summary: "acts on one CPU from outside",
		Detail: `cpu N int VECTOR lets an interrupt arrive; the CPU takes it when time passes and
its IF is set. cpu N cli and sti change IF behind the running code's back. cpu N
state prints IF, the priorities of the APIC, preempt_count, the context and the
current task on one line.`,
		Run: runCPU,
	}
}

func runCPU(c *Call) error {
	if len(c.Args) < 2 {
		return c.Misuse("wants a CPU's number and what to do with it")
	}
	n, err := c.cpu("", c.Args[0])
	if err != nil {
		return err
	}
	verb, rest := c.Args[1], c.Args[2:]
	if verb == "int" {
		return c.cpuInt(n, rest)
	}
	if len(rest) > 0 {
		return c.Misuse("%s: nothing goes behind %s", rest[0], verb)
	}
	switch verb {
	case "cli":
		c.Machine().CPUs()[n].CLI()
	case "sti":
		c.Machine().CPUs()[n].STI()
	case "state":
		st := c.Machine().State(n)
		c.Printf("if=%d tpr=0x00 ppr=0x00 preempt_count=0x%08x context=%s task=%s\n",
			bit(st.IF), st.PreemptCount, st.Context, st.Task)
	case "nmi", "hlt", "ack", "pending", "boundary", "iret", "exception", "signals", "local", "cr8":
		return c.comesWith(verb, "the local APIC")
	default:
		return c.Misuse("%s: not one of int, cli, sti, state%s", verb, didYouMean(verb, []string{"int", "cli", "sti", "state"}))
	}
	return nil
}

func (c *Call) cpuInt(n int, args []string) error {
	if len(args) != 1 {
		return c.Misuse("int wants one VECTOR")
	}
	v, err := c.number("VECTOR", args[0], 0, 255)
	if err != nil {
		return err
	}
	if cpu.Vector(v) < entry.FirstExternal {
		return c.Fail(fmt.Sprintf("%d int %s: vectors below 0x%02x are the processor's exceptions; their gates come with the IDT: not in this build",
			n, args[0], uint8(entry.FirstExternal)), nil)
	}
	if err := c.Machine().Interrupt(n, cpu.Vector(v)); err != nil {
		return c.Fail(fmt.Sprintf("%d int %s", n, args[0]), err)
	}
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
