package shell

import (
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic"
)

// localSources are the names of a local APIC's own sources, in the order of
// package lapic's constants.
func localSources() []string {
	return []string{lapic.Timer: "timer", lapic.Thermal: "thermal", lapic.PMC: "pmc",
		lapic.LINT0: "lint0", lapic.LINT1: "lint1", lapic.Error: "error", lapic.CMCI: "cmci"}
}

// cpuLocal fires a local source.
func (c *Call) cpuLocal(n int, name string) error {
	names := localSources()
	i := slices.Index(names, name)
	if i < 0 {
		return c.Misuse("local: %s: not one of %s%s", name, strings.Join(names, ", "), didYouMean(name, names))
	}
	return c.bench(func() { c.Machine().APIC(n).Fire(lapic.Source(i)) })
}

// cpuCR8 reads or writes CR8: what does not fit into four bits is #GP.
func (c *Call) cpuCR8(n int, args []string) error {
	a := c.Machine().APIC(n)
	if len(args) == 0 {
		return c.bench(func() { c.printValue(uint64(a.CR8()), 1) })
	}
	v, err := c.unsigned("VALUE", args[0], 8)
	switch {
	case err != nil:
		return err
	case v > 15:
		return c.gp()
	}
	return c.bench(func() { a.SetCR8(uint8(v)) })
}

// cpuBare does what only a core can be told that takes nothing by itself.
func (c *Call) cpuBare(n int, verb string) error {
	m := c.Machine()
	if !m.Bare() {
		return c.Fail(fmt.Sprintf("%d %s: the kernel's cores take interrupts by themselves: boot -bare has cores that wait to be told", n, verb), nil)
	}
	switch verb {
	case "hlt":
		m.Halt(n)
	case "ack":
		return c.cpuAck(n)
	case "iret":
		m.IRET(n)
	case "signals":
		c.Printf("%s\n", m.TakeSignals(n))
	case "boundary":
		var taken string
		var full error
		if err := c.bench(func() { taken, full = m.Boundary(n) }); err != nil {
			return err
		}
		if full != nil {
			return c.Fail(fmt.Sprintf("%d boundary", n), full)
		}
		c.Printf("%s\n", taken)
	}
	return nil
}

// cpuEnter goes through a gate on a bare core.
func (c *Call) cpuEnter(n int, what string) error {
	if err := c.Machine().Enter(n); err != nil {
		return c.Fail(fmt.Sprintf("%d %s", n, what), err)
	}
	return nil
}

// cpuAck is the acknowledge cycle, with or without a write of TPR before it.
func (c *Call) cpuAck(n int) error {
	m := c.Machine()
	acknowledge := func() (cpu.Vector, bool) { return m.Acknowledge(n) }
	if c.Has("tpr") {
		tpr, err := c.FlagInt("tpr", 0, 0, 255)
		if err != nil {
			return err
		}
		acknowledge = func() (cpu.Vector, bool) { return m.AcknowledgeLate(n, uint8(tpr)) }
	}
	return c.bench(func() { c.printVector(acknowledge()) })
}
