// Package gatereg describes an entry of the interrupt descriptor table: what
// it holds and which bits hold it. Package cpu has the code that packs one and
// takes one apart.
package gatereg

import (
	"fmt"

	"bothhalves/kernelsim/reg"
)

// A GateType is the type field of an IDT entry (Intel SDM volume 3, "IDT
// Descriptors").
type GateType uint8

// The gates of 64-bit mode. An interrupt gate clears IF on the way in, a trap
// gate leaves it; in everything else they are alike.
const (
	InterruptGate GateType = 0xe
	TrapGate      GateType = 0xf
)

// String is the name that a dump prints.
func (t GateType) String() string {
	switch t {
	case InterruptGate:
		return "interrupt-gate"
	case TrapGate:
		return "trap-gate"
	}
	return fmt.Sprintf("type-%#x", uint8(t))
}

// A Gate is an IDT entry taken apart (Intel SDM volume 3, "64-Bit Mode IDT";
// Linux: struct gate_struct, arch/x86/include/asm/desc_defs.h).
type Gate struct {
	Offset   uint64   // address of the first instruction of the handler
	Selector uint16   // code segment
	IST      uint8    // 1 to 7: switch to this stack of the TSS; 0: do not
	Type     GateType // InterruptGate or TrapGate
	DPL      uint8    // the least privilege from which INT n may use it
	Present  bool
}

// Size is the size of an IDT entry in bytes.
const Size = 16

// Low is the layout of the first quadword of an IDT entry.
func Low() reg.Layout {
	return reg.Layout{
		reg.Number("offset 15:0", 15, 0).Noted("lowest part of the handler's address"),
		reg.Number("selector", 31, 16).Noted("code segment: Linux uses 0x10, __KERNEL_CS"),
		reg.Number("ist", 34, 32).Noted("interrupt stack table index; 0 keeps the present stack"),
		reg.Enum("type", 43, 40, "", "", "", "", "", "", "", "", "", "", "", "", "", "", "interrupt-gate", "trap-gate"),
		reg.Number("dpl", 46, 45).Noted("looked at for INT n alone, never for hardware"),
		reg.Flag("present", 47).Noted("clear: #NP"),
		reg.Number("offset 31:16", 63, 48),
	}
}

// High is the layout of the second quadword.
func High() reg.Layout {
	return reg.Layout{reg.Number("offset 63:32", 31, 0)}
}
