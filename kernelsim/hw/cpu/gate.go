package cpu

import (
	"encoding/binary"
	"fmt"

	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/reg"
)

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
func EncodeGate(g gatereg.Gate) [gatereg.Size]byte {
	low := gateOffsetLow.Put(0, g.Offset)
	low = gateSelector.Put(low, uint64(g.Selector))
	low = gateIST.Put(low, uint64(g.IST))
	low = gateType.Put(low, uint64(g.Type))
	low = gateDPL.Put(low, uint64(g.DPL))
	if g.Present {
		low = gatePresent.Put(low, 1)
	}
	low = gateOffsetHigh.Put(low, g.Offset>>16)
	var raw [gatereg.Size]byte
	binary.LittleEndian.PutUint64(raw[:8], low)
	binary.LittleEndian.PutUint64(raw[8:], g.Offset>>32)
	return raw
}

// DecodeGate takes an IDT entry apart. It fails on what the processor answers
// with #GP: a type that is no interrupt and no trap gate, which an entry of
// zeros has too. An entry that is not present decodes without an error; its
// Present is false.
func DecodeGate(raw [gatereg.Size]byte) (gatereg.Gate, error) {
	low := binary.LittleEndian.Uint64(raw[:8])
	high := binary.LittleEndian.Uint64(raw[8:])
	g := gatereg.Gate{
		Offset:   gateOffsetLow.Get(low) | gateOffsetHigh.Get(low)<<16 | high<<32,
		Selector: uint16(gateSelector.Get(low)),
		IST:      uint8(gateIST.Get(low)),
		Type:     gatereg.GateType(gateType.Get(low)),
		DPL:      uint8(gateDPL.Get(low)),
		Present:  gatePresent.Get(low) != 0,
	}
	if gateSystem.Get(low) != 0 || g.Type != gatereg.InterruptGate && g.Type != gatereg.TrapGate {
		return g, fmt.Errorf("gate %016x %016x: type %#x with S=%d is neither an interrupt gate (0xe) nor a trap gate (0xf)",
			low, high, uint8(g.Type), gateSystem.Get(low))
	}
	return g, nil
}
