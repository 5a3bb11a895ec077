package idt

import (
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/labs/lab"
)

// Limit is what goes into IDTR's limit for a table of so many gates.
func Limit(gates int) uint16 {
	panic(lab.TODO("say what the limit of a table of so many gates is"))
}

// EncodeGate models pack_gate (arch/x86/include/asm/desc.h): the sixteen bytes
// of an entry of the table, as two little-endian quadwords. Whatever no field
// stands in is zero.
func EncodeGate(g gatereg.Gate) [gatereg.Size]byte {
	panic(lab.TODO("put every field of the gate into its bits"))
}

// DecodeGate is what the processor does with an entry: it takes the fields out
// of their bits and ignores the others, but for bit 44. It returns an error
// for what is no gate of 64-bit mode: bit 44 set, or a type that is neither an
// interrupt gate's nor a trap gate's; what gate comes with an error does not
// matter. Whether the gate is present is not its question.
func DecodeGate(raw [gatereg.Size]byte) (gatereg.Gate, error) {
	panic(lab.TODO("take every field out of its bits, and refuse what is no gate"))
}
