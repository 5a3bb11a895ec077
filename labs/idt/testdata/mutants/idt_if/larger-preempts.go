// Fails: a second device's interrupt waits for the first one's IRET
// Misconception: a larger vector must get in at once: its gate leaves IF on

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
	if v>>4 > 5 {
		kind = gatereg.TrapGate
	}
	return gatereg.Gate{
		Offset:   stub,
		Selector: kernelCS,
		Type:     kind,
		Present:  true,
	}
}
