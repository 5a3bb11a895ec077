// Fails: interrupted code goes on as it was, and no program can pretend to be a device
// Misconception: DPL is the privilege that the handler runs with, and a device is outside the kernel

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
		DPL:      3,
		Present:  true,
	}
}
