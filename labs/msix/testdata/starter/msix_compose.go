package msix

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/labs/lab"
)

// Compose models __irq_msi_compose_msg (arch/x86/kernel/apic/apic.c): the
// address and the data that a device writes, so that the local APIC named by
// dest gets vector v: fixed delivery, an edge. With logical, dest is not an
// APIC's ID but a logical destination.
//
// A destination that the message has no room for is an error.
func Compose(dest uint32, logical bool, v cpu.Vector) (addr uint64, data uint32, err error) {
	panic(lab.TODO("make the address of the destination and the data of the vector, or refuse the destination"))
}

// Decode is the way back: what the board reads in a device's write. ok is false
// for a write that is no such message, and such a write goes nowhere: one to an
// address outside the window, or one whose bit 4 says that it names an entry of
// a remapping table and no APIC. (A board without remapping, or with it switched
// off, does not look at bit 4. This one is to be stricter.)
func Decode(addr uint64, data uint32) (dest uint32, logical bool, v cpu.Vector, ok bool) {
	panic(lab.TODO("take destination, mode and vector out again, and tell apart what is no such message"))
}
