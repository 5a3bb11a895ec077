package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"
)

// The vectors of the module nest: the first device's, one of a lower and one
// of a higher class, and those of the chain.
const (
	nestLow   cpu.Vector = 0x41
	nestFirst cpu.Vector = 0x51
	nestHigh  cpu.Vector = 0x71
	chainFrom cpu.Vector = 0x81 // and 0x91, 0xa1, …
	chainLen             = 5
)

// Nest is a module with devices that interrupt while the first one's handler
// runs. The handlers do not look at IF, but for the one of the scenario sti.
func Nest() machine.Module {
	return machine.Module{Name: "nest", Init: startNest, Exit: stopNest,
		Files: []machine.File{{Name: "nest", Read: showNest, Write: runNest}}}
}

// nesting is what the last scenario did.
type nesting struct {
	second      cpu.Vector // that the first handler raises; 0: none
	sti         bool       // the first handler turns interrupts on
	order       []string
	depth, most int
	inside      bool // IF in the first handler
}

var nest = percpu.Shared[nesting]("nest")

func nestVectors() []cpu.Vector {
	list := []cpu.Vector{nestLow, nestFirst, nestHigh}
	for i := range cpu.Vector(chainLen) {
		list = append(list, chainFrom+i<<4)
	}
	return list
}

func startNest(c *cpu.CPU) error {
	for _, v := range nestVectors() {
		h := nestOther
		switch {
		case v == nestFirst:
			h = nestDevice
		case v >= chainFrom:
			h = nestChain
		}
		if err := entry.Request(c, v, "nest", h); err != nil {
			stopNest(c)
			return err
		}
	}
	return nil
}

func stopNest(c *cpu.CPU) {
	for _, v := range nestVectors() {
		if entry.Owner(c, v) == "nest" {
			entry.Free(c, v)
		}
	}
}

// nestDevice is the first device's handler: A begins, the second device
// raises its interrupt, A works, A ends.
func nestDevice(c *cpu.CPU, _ cpu.Vector) {
	n := nest.Of(c)
	n.enter("A", c)
	n.inside = c.IF()
	if n.second != 0 {
		apic.SendSelf(c, n.second)
	}
	work(c)
	if n.sti {
		c.STI()
		work(c)
		c.CLI()
	}
	n.leave("A")
}

// nestOther is the second device's.
func nestOther(c *cpu.CPU, _ cpu.Vector) {
	n := nest.Of(c)
	n.enter("B", c)
	work(c)
	n.leave("B")
}

// nestChain raises the next one's.
func nestChain(c *cpu.CPU, v cpu.Vector) {
	n := nest.Of(c)
	name := string(rune('1' + (v-chainFrom)>>4))
	n.enter(name, c)
	if next := v + 0x10; next < chainFrom+chainLen<<4 {
		apic.SendSelf(c, next)
	}
	work(c)
	n.leave(name)
}

func (n *nesting) enter(name string, c *cpu.CPU) {
	n.depth++
	n.most = max(n.most, n.depth)
	n.order = append(n.order, name+"+")
}

func (n *nesting) leave(name string) {
	n.depth--
	n.order = append(n.order, name+"-")
}

// work is what a handler does: long enough for an interrupt to come.
func work(c *cpu.CPU) {
	for range 3 {
		c.Spend(cost.UserWork)
	}
}

// runNest takes "GATES SCENARIO": interrupt or trap, and low, high, sti or
// chain.
func runNest(c *cpu.CPU, text string) error {
	types := map[string]gatereg.GateType{"interrupt": gatereg.InterruptGate, "trap": gatereg.TrapGate}
	scenarios := map[string]nesting{"low": {second: nestLow}, "high": {second: nestHigh}, "sti": {second: nestHigh, sti: true}, "chain": {}}
	gates, scenario, _ := strings.Cut(strings.Join(strings.Fields(text), " "), " ")
	t, known := types[gates]
	s, also := scenarios[scenario]
	if !known || !also {
		return fmt.Errorf("nest: %q: want interrupt or trap, and high, low, sti or chain: echo trap sti > /proc/nest: %w", strings.TrimSpace(text), errno.EINVAL)
	}
	for _, v := range nestVectors() {
		setType(c, v, t)
	}
	*nest.Of(c) = s
	first := nestFirst
	if scenario == "chain" {
		first = chainFrom
	}
	apic.SendSelf(c, first)
	for range 3 * (chainLen + 1) {
		work(c)
	}
	return nil
}

// setType changes the type of a vector's gate where it lies.
func setType(c *cpu.CPU, v cpu.Vector, t gatereg.GateType) {
	at := &c.IDT()[int(v)*gatereg.Size+5]
	*at = *at&0xf0 | byte(t)
}

func showNest(c *cpu.CPU) string {
	n := nest.Of(c)
	return fmt.Sprintf("order: %s\ndepth: %d\nif: %d\nif afterwards: %d\n", strings.Join(n.order, " "), n.most, bit(n.inside), bit(c.IF()))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
