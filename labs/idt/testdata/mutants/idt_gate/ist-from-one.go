// Fails: each field of a gate has its own bits
// Misconception: the index into the TSS array goes into the gate as it is: stack n of the array is IST n-1

package idt

import (
	"encoding/binary"
	"fmt"

	"bothhalves/kernelsim/hw/cpu/gatereg"
)

// Limit is what goes into IDTR's limit for a table of so many gates.
func Limit(gates int) uint16 {
	return uint16(gates*gatereg.Size - 1)
}

// EncodeGate models pack_gate (arch/x86/include/asm/desc.h): the sixteen bytes
// of an entry of the table, as two little-endian quadwords. Whatever no field
// stands in is zero.
func EncodeGate(g gatereg.Gate) [gatereg.Size]byte {
	low := g.Offset&0xffff | g.Offset>>16<<48
	low |= uint64(g.Selector)<<16 | uint64((g.IST-1)&7)<<32
	low |= uint64(g.Type&0xf)<<40 | uint64(g.DPL&3)<<45
	if g.Present {
		low |= 1 << 47
	}
	var raw [gatereg.Size]byte
	binary.LittleEndian.PutUint64(raw[:], low)
	binary.LittleEndian.PutUint64(raw[8:], g.Offset>>32)
	return raw
}

// DecodeGate is what the processor does with an entry: it takes the fields out
// of their bits and ignores the others, but for bit 44. It returns an error
// for what is no gate of 64-bit mode: bit 44 set, or a type that is neither an
// interrupt gate's nor a trap gate's; what gate comes with an error does not
// matter. Whether the gate is present is not its question.
func DecodeGate(raw [gatereg.Size]byte) (gatereg.Gate, error) {
	low := binary.LittleEndian.Uint64(raw[:])
	high := binary.LittleEndian.Uint64(raw[8:])
	g := gatereg.Gate{
		Offset:   low&0xffff | low>>48<<16 | high<<32,
		Selector: uint16(low >> 16),
		IST:      uint8(low >> 32 & 7),
		Type:     gatereg.GateType(low >> 40 & 0xf),
		DPL:      uint8(low >> 45 & 3),
		Present:  low>>47&1 != 0,
	}
	if low>>44&1 != 0 || g.Type != gatereg.InterruptGate && g.Type != gatereg.TrapGate {
		return g, fmt.Errorf("type %#x is no gate of 64-bit mode", uint8(g.Type))
	}
	return g, nil
}
