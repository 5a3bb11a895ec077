package shell

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/machine"
)

// infoPercpu prints the first chunk, or one variable on every CPU.
func (c *Call) infoPercpu(args []string) error {
	m := c.Machine()
	if m.Areas() == nil {
		return c.Fail("percpu: the kernel stopped before the per-CPU areas stood", nil)
	}
	if len(args) == 1 {
		return c.percpuSymbol(args[0])
	}
	layout, known := m.Layout()
	if known {
		c.percpuLayout(layout)
	}
	units := unitNumbers(layout)
	for _, p := range m.CPUs() {
		c.Printf("cpu %d: node %d", p.ID, m.Node(p.ID))
		if n, ok := units[p.ID]; ok {
			c.Printf(" unit %d", n)
		}
		c.Printf(" offset 0x%016x\n", uint64(m.Areas().Offset(p.ID)))
	}
	c.Printf("%-10s %6s %-10s %s\n", "offset", "size", "section", "name")
	for _, sym := range m.Symbols() {
		c.Printf("0x%08x %6d %-10s %s\n", uint64(sym.Off), sym.Size, sectionOf(sym), sym.Name)
	}
	return nil
}

func (c *Call) percpuLayout(l percpu.Layout) {
	used := l.Static + l.Reserved + l.Dynamic
	c.Printf("first chunk: %s, base 0x%016x, unit %d = static %d + reserved %d + dynamic %d + unused %d\n",
		l.Kind, uint64(l.Base), l.UnitSize, l.Static, l.Reserved, l.Dynamic, l.UnitSize-used)
	c.Printf("groups %d, atom %d, allocation %d\n", len(l.Groups), l.AtomSize, l.AllocSize)
	for i, g := range l.Groups {
		c.Printf("group %d: base 0x%016x, units", i, uint64(l.Base)+g.BaseOffset)
		for _, id := range g.CPUs {
			if id == percpu.EmptyUnit {
				c.Printf(" -")
			} else {
				c.Printf(" %d", id)
			}
		}
		c.Printf("\n")
	}
}

// unitNumbers finds each CPU's unit, counted over all groups.
func unitNumbers(l percpu.Layout) map[int]int {
	units, n := map[int]int{}, 0
	for _, g := range l.Groups {
		for _, id := range g.CPUs {
			if id != percpu.EmptyUnit {
				units[id] = n
			}
			n++
		}
	}
	return units
}

// sectionOf tells where a variable comes from: the kernel image or a module's
// share of the reserved part.
func sectionOf(sym machine.Symbol) string {
	if sym.Module != "" {
		return sym.Module
	}
	return "static"
}

// percpuSymbol prints one variable's address and bytes on every CPU.
func (c *Call) percpuSymbol(name string) error {
	var names []string
	for _, sym := range c.Machine().Symbols() {
		if sym.Name != name {
			names = append(names, sym.Name)
			continue
		}
		for _, p := range c.Machine().CPUs() {
			c.Printf("cpu %d: 0x%016x = %s\n", p.ID, p.GS.Base+uint64(sym.Off), bytesOf(p, sym))
		}
		return nil
	}
	return c.Fail(fmt.Sprintf("percpu: %s: no such variable%s", name, didYouMean(name, names)), nil)
}

// bytesOf shows a variable's bytes; what is kept as a Go value and has none is
// shown by its type.
func bytesOf(p *cpu.CPU, sym machine.Symbol) string {
	from, to := int(sym.Off), int(sym.Off)+sym.Size
	if sym.Init() == nil || to > len(p.GS.Mem) {
		return "{" + sym.Type + "}"
	}
	return hexBytes(p.GS.Mem[from:to])
}
