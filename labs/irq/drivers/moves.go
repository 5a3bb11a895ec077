package drivers

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
)

// Moves is a module that knows where the interrupts of the board in a machine
// should be and where they are. The task's script asks it.
func Moves() machine.Module {
	return machine.Module{Name: "moves", Files: []machine.File{{Name: "moves", Read: whyThere}}}
}

// moved is the interrupt that the task is about: the first of a board's.
const moved irq.Number = 24

// whyThere says why the interrupt goes where it goes.
func whyThere(c *cpu.CPU) string {
	d := irq.ToDesc(c, moved)
	_, on, ok := vector.Of(c, moved)
	switch {
	case d == nil || !ok:
		return "why: no-such-interrupt\n"
	case d.Managed():
		return "why: managed\n"
	case d.State&irq.SetAffinityPending != 0 && !d.ShownAffinity().Has(on):
		return "why: waits-for-interrupt\n"
	}
	return "why: it-may\n"
}
