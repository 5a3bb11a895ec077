package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/machine"
)

// Stubs is a module that takes every vector it can get, executes INT n for
// each, and looks which handler runs.
func Stubs() machine.Module {
	return machine.Module{Name: "stubs", Files: []machine.File{{Name: "stubs", Read: tryStubs}}}
}

// tryStubs reports by halves: from 0x80 on a vector is a negative byte.
func tryStubs(c *cpu.CPU) string {
	var vectors []cpu.Vector
	arrived := -1
	for v := range 256 {
		if entry.Request(c, cpu.Vector(v), "stubs", func(_ *cpu.CPU, got cpu.Vector) { arrived = int(got) }) == nil {
			vectors = append(vectors, cpu.Vector(v))
		}
	}
	var wrong [2]strings.Builder
	var right, all [2]int
	for _, v := range vectors {
		half := int(v >> 7)
		arrived = -1
		c.INT(v)
		all[half]++
		switch {
		case arrived == int(v):
			right[half]++
		case arrived < 0:
			fmt.Fprintf(&wrong[half], "0x%02x reaches no handler of this module\n", uint8(v))
		default:
			fmt.Fprintf(&wrong[half], "0x%02x arrives as 0x%02x\n", uint8(v), arrived)
		}
	}
	for _, v := range vectors {
		entry.Free(c, v)
	}
	return verdict("below 0x80", right[0], all[0]) + verdict("from 0x80 on", right[1], all[1]) + firstLines(wrong[0].String()+wrong[1].String(), 8)
}

func verdict(name string, right, all int) string {
	if right == all && all > 0 {
		return fmt.Sprintf("%s: every vector arrives as itself\n", name)
	}
	return fmt.Sprintf("%s: %d of %d vectors arrive as themselves\n", name, right, all)
}

// firstLines keeps a report readable.
func firstLines(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	if len(lines) <= n {
		return text
	}
	return strings.Join(lines[:n], "") + "…\n"
}
