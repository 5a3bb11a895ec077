// Fails: a write that is no such message is told apart
// Misconception: the upper half of the address does not matter: the window is at 0xfee00000

package msix

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
)

// Compose models __irq_msi_compose_msg (arch/x86/kernel/apic/apic.c): the
// address and the data that a device writes, so that the local APIC named by
// dest gets vector v: fixed delivery, an edge. With logical, dest is not an
// APIC's ID but a logical destination.
//
// A destination that the message has no room for is an error.
func Compose(dest uint32, logical bool, v cpu.Vector) (addr uint64, data uint32, err error) {
	if dest > 0xff {
		return 0, 0, fmt.Errorf("destination %#x: a message has 8 bits for it", dest)
	}
	addr = 0xfee00000 | uint64(dest)<<12
	if logical {
		addr |= 1 << 2
	}
	return addr, uint32(v), nil
}

// Decode is the way back: what the board reads in a device's write. ok is false
// for a write that is no such message, and such a write goes nowhere: one to an
// address outside the window, or one whose bit 4 says that it names an entry of
// a remapping table and no APIC. (A board without remapping, or with it switched
// off, does not look at bit 4. This one is to be stricter.)
func Decode(addr uint64, data uint32) (dest uint32, logical bool, v cpu.Vector, ok bool) {
	ok = uint32(addr)>>20 == 0xfee && addr&(1<<4) == 0
	return uint32(addr>>12) & 0xff, addr&(1<<2) != 0, cpu.Vector(data), ok
}
