package cpu

import (
	"encoding/binary"
	"fmt"

	"bothhalves/kernelsim/reg"
)

// A GateType is the type field of an IDT entry.
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

// GateSize is the size of an IDT entry in bytes.
const GateSize = 16

// GateLow is the layout of the first quadword of an IDT entry.
func GateLow() reg.Layout {
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

// GateHigh is the layout of the second quadword.
func GateHigh() reg.Layout {
	return reg.Layout{reg.Number("offset 63:32", 31, 0)}
}

// The fields of the first quadword.
var (
	gateOffsetLow  = reg.Field{Hi: 15, Lo: 0}
	gateSelector   = reg.Field{Hi: 31, Lo: 16}
	gateIST        = reg.Field{Hi: 34, Lo: 32}
	gateType       = reg.Field{Hi: 43, Lo: 40}
	gateSystem     = reg.Bit(44) // must be clear
	gateDPL        = reg.Field{Hi: 46, Lo: 45}
	gatePresent    = reg.Bit(47)
	gateOffsetHigh = reg.Field{Hi: 63, Lo: 48}
)

// EncodeGate models pack_gate (arch/x86/include/asm/desc.h): the sixteen bytes
// of an IDT entry. The handler's address is split in three.
func EncodeGate(g Gate) [GateSize]byte {
	low := gateOffsetLow.Put(0, g.Offset)
	low = gateSelector.Put(low, uint64(g.Selector))
	low = gateIST.Put(low, uint64(g.IST))
	low = gateType.Put(low, uint64(g.Type))
	low = gateDPL.Put(low, uint64(g.DPL))
	if g.Present {
		low = gatePresent.Put(low, 1)
	}
	low = gateOffsetHigh.Put(low, g.Offset>>16)
	var raw [GateSize]byte
	binary.LittleEndian.PutUint64(raw[:8], low)
	binary.LittleEndian.PutUint64(raw[8:], g.Offset>>32)
	return raw
}

// DecodeGate takes an IDT entry apart. It fails on what the processor answers
// with #GP: a type that is no interrupt and no trap gate, which an entry of
// zeros has too. An entry that is not present decodes without an error; its
// Present is false.
func DecodeGate(raw [GateSize]byte) (Gate, error) {
	low := binary.LittleEndian.Uint64(raw[:8])
	high := binary.LittleEndian.Uint64(raw[8:])
	g := Gate{
		Offset:   gateOffsetLow.Get(low) | gateOffsetHigh.Get(low)<<16 | high<<32,
		Selector: uint16(gateSelector.Get(low)),
		IST:      uint8(gateIST.Get(low)),
		Type:     GateType(gateType.Get(low)),
		DPL:      uint8(gateDPL.Get(low)),
		Present:  gatePresent.Get(low) != 0,
	}
	if gateSystem.Get(low) != 0 || g.Type != InterruptGate && g.Type != TrapGate {
		return g, fmt.Errorf("gate %016x %016x: type %#x with S=%d is neither an interrupt gate (0xe) nor a trap gate (0xf)",
			low, high, uint8(g.Type), gateSystem.Get(low))
	}
	return g, nil
}
