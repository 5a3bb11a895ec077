// Fails: from 5.8 on, a small vector arrives as itself
// Misconception: the complement came with the byte: the older stubs pushed the plain vector

package idt

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt/idtabi"
)

// VectorFromFrame models the first line of do_IRQ and, from 5.8 on, of
// common_interrupt: from what C finds in the frame's slot for the error code
// (pt_regs.orig_ax) to the vector.
func VectorFromFrame(origAX int64, abi idtabi.ABI) cpu.Vector {
	if abi == idtabi.Byte {
		return cpu.Vector(^origAX)
	}
	return cpu.Vector(origAX)
}
