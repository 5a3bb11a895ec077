package idt

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt/idtabi"
	"bothhalves/labs/lab"
)

// VectorFromFrame models the first line of do_IRQ and, from 5.8 on, of
// common_interrupt: from what C finds in the frame's slot for the error code
// (pt_regs.orig_ax) to the vector.
func VectorFromFrame(origAX int64, abi idtabi.ABI) cpu.Vector {
	panic(lab.TODO("undo what the stub and the assembly behind it did, for each of the two conventions"))
}
