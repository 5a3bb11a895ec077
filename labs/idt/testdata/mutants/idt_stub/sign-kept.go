// Fails: from 5.8 on, a vector from 0x80 up arrives as itself
// Misconception: a negative number in the slot is the complement of the vector

package idt

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt/idtabi"
)

// VectorFromFrame models the first line of do_IRQ and, from 5.8 on, of
// common_interrupt: from what C finds in the frame's slot for the error code
// (pt_regs.orig_ax) to the vector.
func VectorFromFrame(origAX int64, abi idtabi.ABI) cpu.Vector {
	if abi == idtabi.Not {
		return cpu.Vector(^origAX)
	}
	if origAX < 0 {
		return cpu.Vector(^origAX)
	}
	return cpu.Vector(origAX)
}
