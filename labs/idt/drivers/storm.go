package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"
)

// The vectors of the module storm.
const (
	stormLow  cpu.Vector = 0x51
	stormHigh cpu.Vector = 0xa1
)

// Storm is a module with two devices, each of which interrupts while the
// other's handler runs.
func Storm() machine.Module {
	return machine.Module{Name: "storm", Init: startStorm, Exit: stopStorm, Files: []machine.File{
		{Name: "storm/interrupts", Read: showStorm, Write: runStorm}, {Name: "storm/program", Read: fromProgram}}}
}

// A storm is what came and how deep it went, all on one CPU.
type storm struct {
	left, came  int
	depth, most int
	on          int    // handlers that began with IF set
	off         int    // times that the thread found IF clear afterwards
	stack       string // that the last handler's frame lay on
}

var storms = percpu.Shared[storm]("storm")

func startStorm(c *cpu.CPU) error {
	if err := entry.Request(c, stormLow, "storm", stormInterrupt); err != nil {
		return err
	}
	err := entry.Request(c, stormHigh, "storm", stormInterrupt)
	if err != nil {
		entry.Free(c, stormLow)
	}
	return err
}

func stopStorm(c *cpu.CPU) {
	entry.Free(c, stormLow)
	entry.Free(c, stormHigh)
}

// stormInterrupt is both devices' handler.
func stormInterrupt(c *cpu.CPU, v cpu.Vector) {
	s := storms.Of(c)
	s.came++
	s.depth++
	s.most = max(s.most, s.depth)
	s.stack = c.Stack.Name
	if c.IF() {
		s.on++
	}
	if s.left > 0 {
		s.left--
		apic.SendSelf(c, stormLow+stormHigh-v)
	}
	work(c)
	s.depth--
}

// runStorm takes the number of interrupts: the first device begins.
func runStorm(c *cpu.CPU, text string) error {
	n := 0
	if _, err := fmt.Sscan(text, &n); err != nil || n < 1 || n > 1000 {
		return fmt.Errorf("storm: %q: want a number of interrupts, 1 to 1000: %w", strings.TrimSpace(text), errno.EINVAL)
	}
	*storms.Of(c) = storm{left: n - 1}
	for _, s := range c.TSS.IST {
		if s != nil {
			s.Low = s.Top
		}
	}
	apic.SendSelf(c, stormLow)
	for range n + 2 {
		work(c)
		if !c.IF() {
			storms.Of(c).off++
		}
	}
	return nil
}

func showStorm(c *cpu.CPU) string {
	s := storms.Of(c)
	irq := entry.IRQStack(c)
	return fmt.Sprintf("came: %d\ndepth: %d\nbegan with IF set: %d\nleft IF clear: %d\nhandlers ran on: %s\ninterrupt stack used: %d of %d bytes\nexception stacks used: %s\n",
		s.came, s.most, s.on, s.off, s.stack, irq.Top-irq.Low, irq.Top-irq.Base, used(c))
}

// used names the stacks of the TSS that something has lain on since the storm
// began.
func used(c *cpu.CPU) string {
	var names []string
	for _, s := range c.TSS.IST {
		if s != nil && s.Low < s.Top {
			names = append(names, s.Name)
		}
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, " ")
}

// fromProgram executes INT n as a program would, for vectors of devices.
func fromProgram(c *cpu.CPU) string {
	flags := c.SaveFlags()
	defer c.RestoreFlags(flags)
	var b strings.Builder
	for _, v := range []cpu.Vector{0x21, stormLow, stormHigh, 0xeb} {
		p := &probe{c: c}
		p.listen(v)
		c.CPL = 3
		c.INT(v)
		c.CPL = 0
		p.leave()
		fmt.Fprintf(&b, "int 0x%02x: %s\n", uint8(v), p.seen)
	}
	return b.String()
}
