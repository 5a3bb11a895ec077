// Fails: a second device's interrupt waits for the first one's IRET
// Misconception: it was one device that overran the stack, so its gate is the one to change

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
	kind := gatereg.InterruptGate
	if v != 0x51 {
		kind = gatereg.TrapGate
	}
	return gatereg.Gate{
		Offset:   stub,
		Selector: kernelCS,
		Type:     kind,
		Present:  true,
	}
}
