package drivers

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/pci"
	"bothhalves/kernelsim/kernel/vector"
	"bothhalves/kernelsim/machine"
)

// Cycle is a module that takes a board's vectors, requests their interrupts,
// and gives all back, again and again.
func Cycle() machine.Module {
	return machine.Module{Name: "cycle", Files: []machine.File{{Name: "cycle", Read: cycle}}}
}

func cycle(c *cpu.CPU) string {
	var dev *pci.Dev
	for _, d := range pci.Devs(c) {
		if d.Vendor == 0x1b36 && d.Device == 0x0005 {
			dev = d
		}
	}
	if dev == nil {
		return "no board: boot with -device msix\n"
	}
	_ = pci.Unbind(c, dev) // or it had none
	before, count := global(vector.Debug(c)), len(irq.Descs(c))
	for round := range 20 {
		n, err := pci.AllocIRQVectors(c, dev, 1, 3, pci.IRQMSIX)
		if err != nil {
			return fmt.Sprintf("round %d: %v\n", round, err)
		}
		for k := range n {
			nr, _ := pci.IRQVector(dev, k) // it was given
			if err := irq.Request(c, nr, served, 0, "cycle", dev); err != nil {
				return fmt.Sprintf("round %d: %v\n", round, err)
			}
		}
		for k := range n {
			nr, _ := pci.IRQVector(dev, k)
			_, _ = irq.Free(c, nr, dev) // it was requested
		}
		pci.FreeIRQVectors(c, dev)
	}
	if after := global(vector.Debug(c)); after != before {
		return "the books of vectors before:\n" + before + "and after:\n" + after
	}
	if n := len(irq.Descs(c)); n != count {
		return fmt.Sprintf("%d interrupts before, and %d after\n", count, n)
	}
	return "20 times taken and given back: the books are as they were\n"
}

func served(*cpu.CPU, irq.Number, any) irq.Return { return irq.Handled }
