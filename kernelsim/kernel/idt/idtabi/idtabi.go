// Package idtabi names the ways in which Linux's entry stubs have handed the
// vector to C. Package idt has the code of both ends.
package idtabi

// An ABI is how the entry stubs of devices hand the vector to C
// (arch/x86/entry/entry_64.S, include/asm/idtentry.h).
type ABI uint8

const (
	// Not is that of the kernels up to 5.7: the stub pushes ~vector+0x80, a
	// number that fits into a signed byte, and common_interrupt adds -0x80 to
	// it in place, so that C finds ~vector in orig_ax.
	Not ABI = iota
	// Byte is that of the kernels from 5.8 on: the stub pushes the vector
	// itself as a byte, which the processor extends with its sign.
	Byte
)

// String names the first and the last kernel that has it.
func (a ABI) String() string {
	if a == Not {
		return "~vector (until 5.7)"
	}
	return "byte (from 5.8)"
}
