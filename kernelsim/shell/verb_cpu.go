package shell

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
)

func cpuVerb() *Verb {
	return &Verb{
		Name: "cpu", Group: GroupBench,
		Args: "N int VECTOR | N exception VECTOR | N local SOURCE | N cr8 [VALUE] | N ack [-tpr V] | " +
			"N cli|sti|nmi|hlt|iret|state|pending|boundary|signals",
		Summary: "acts on one CPU from outside",
		Detail: `cpu N int VECTOR lets an interrupt arrive; the CPU takes it when time passes and
its IF is set. A vector below 0x20, which no device may send, is the instruction
INT instead, and cpu N exception raises that exception: both go through the gate
at the next boundary, whatever IF says. cpu N cli and sti change IF behind the
running code's back, cpu N nmi is a pulse on the NMI pin. cpu N state prints IF,
the priorities of the APIC, preempt_count, the context and the current task on one
line. cpu N pending is the vector that the local APIC offers, or none; cpu N local
fires a source of its own (timer thermal pmc lint0 lint1 error cmci); cpu N cr8 is
the task priority's class.

The bare machine's cores take nothing by themselves. There cpu N boundary ends an
instruction and prints what the core takes: a vector, nmi or none; every vector
has an interrupt gate. cpu N int, exception and iret go in and out at once; hlt
halts until something is taken. cpu N ack is the acknowledge cycle alone and
prints the vector, or none; with -tpr the task priority rises between the APIC's
signal and the acknowledge. cpu N signals prints what went straight to the core
since the last time: NMI SMI INIT EXTINT SIPI:0x9a000, or none.`,
		Flags: []Flag{{Name: "tpr", Arg: "V", Told: true, Help: "with ack: TPR is written before the core acknowledges"}},
		Run:   runCPU,
	}
}

// cpuWords is what can be done with a CPU.
func cpuWords() []string {
	return []string{"int", "cli", "sti", "nmi", "hlt", "state", "pending", "ack", "boundary", "iret", "exception", "signals", "local", "cr8"}
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
	if c.Has("tpr") && verb != "ack" {
		return c.Misuse("-tpr: goes with cpu N ack only")
	}
	switch verb {
	case "int", "exception", "local":
		if len(rest) != 1 {
			return c.Misuse("%s wants one %s", verb, cpuArgument(verb))
		}
	case "cr8":
		if len(rest) > 1 {
			return c.Misuse("%s: cr8 takes one VALUE", rest[1])
		}
	default:
		if len(rest) > 0 {
			return c.Misuse("%s: nothing goes behind %s", rest[0], verb)
		}
	}
	return c.cpuDo(n, verb, rest)
}

// cpuArgument names the argument of int, exception and local.
func cpuArgument(verb string) string {
	if verb == "local" {
		return "SOURCE"
	}
	return "VECTOR"
}

// cpuDo does what stands behind the CPU's number.
func (c *Call) cpuDo(n int, verb string, args []string) error {
	core := c.Machine().Core(n)
	switch verb {
	case "cli":
		core.CLI()
	case "sti":
		core.STI()
	case "nmi":
		return c.bench(core.NMI)
	case "int":
		return c.cpuInt(n, args[0])
	case "state":
		return c.cpuState(n)
	case "pending":
		return c.bench(func() { c.printVector(c.Machine().APIC(n).Pending()) })
	case "local":
		return c.cpuLocal(n, args[0])
	case "cr8":
		return c.cpuCR8(n, args)
	case "exception":
		return c.cpuException(n, args[0])
	case "hlt", "ack", "boundary", "iret", "signals":
		return c.cpuBare(n, verb)
	default:
		return c.Misuse("%s: not one of %s%s", verb, strings.Join(cpuWords(), ", "), didYouMean(verb, cpuWords()))
	}
	return nil
}

// printVector prints a vector, or none.
func (c *Call) printVector(v cpu.Vector, ok bool) {
	if ok {
		c.Printf("0x%02x\n", uint8(v))
	} else {
		c.Printf("none\n")
	}
}

func (c *Call) cpuInt(n int, text string) error {
	v, err := c.number("VECTOR", text, 0, 255)
	switch {
	case err != nil:
		return err
	case c.Machine().Bare():
		return c.cpuEnter(n, "int "+text)
	case cpu.Vector(v) < entry.FirstExternal:
		err = c.Machine().Instruct(n, cpu.Vector(v), false)
	default:
		err = c.Machine().Interrupt(n, cpu.Vector(v))
	}
	if err != nil {
		return c.Fail(fmt.Sprintf("%d int %s", n, text), err)
	}
	return nil
}

// cpuException raises an exception, with an error code of 0 where it has one.
func (c *Call) cpuException(n int, text string) error {
	v, err := c.number("VECTOR", text, 0, 31)
	switch {
	case err != nil:
		return err
	case c.Machine().Bare():
		return c.cpuEnter(n, "exception "+text)
	}
	if err := c.Machine().Instruct(n, cpu.Vector(v), true); err != nil {
		return c.Fail(fmt.Sprintf("%d exception %s", n, text), err)
	}
	return nil
}

// cpuState prints one CPU on one line; a bare core has no task to tell of.
func (c *Call) cpuState(n int) error {
	m := c.Machine()
	return c.bench(func() {
		tpr, ppr := m.TPR(n), m.PPR(n)
		if m.Bare() {
			st := m.BareState(n)
			c.Printf("if=%d tpr=0x%02x ppr=0x%02x nmi_blocked=%d halted=%d waits_for_sipi=%d\n",
				bit(st.IF), tpr, ppr, bit(st.NMIBlocked), bit(st.Halted), bit(st.Waits))
			return
		}
		st := m.State(n)
		c.Printf("if=%d tpr=0x%02x ppr=0x%02x preempt_count=0x%08x context=%s task=%s\n",
			bit(st.IF), tpr, ppr, st.PreemptCount, st.Context, st.Task)
	})
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
