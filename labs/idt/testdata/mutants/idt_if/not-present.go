// Fails: one interrupt: its handler runs, and begins with interrupts off
// Misconception: a vector that has no driver yet is not present

package idt

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
)

// kernelCS is the kernel's code segment (__KERNEL_CS).
const kernelCS = 0x10

// deviceGate is the gate of a device's vector, whose entry stub stands at an
// address. The kernel asks for each vector once, when it fills its table.
func deviceGate(v cpu.Vector, stub uint64) gatereg.Gate {
	return gatereg.Gate{
		Offset:   stub,
		Selector: kernelCS,
		Type:     gatereg.InterruptGate,
	}
}
