// Package lapicreg holds what the local APIC and those who talk to it share:
// register offsets, layouts, the interrupt message, and the arbiter's
// interface. Nothing here acts.
package lapicreg

// A DeliveryMode is bits 10:8 of the ICR, of an LVT entry, of a redirection
// entry and of MSI data (SDM volume 3, "Interrupt Command Register").
type DeliveryMode uint8

// The delivery modes.
const (
	Fixed          DeliveryMode = 0
	LowestPriority DeliveryMode = 1
	SMI            DeliveryMode = 2
	NMI            DeliveryMode = 4
	INIT           DeliveryMode = 5
	StartUp        DeliveryMode = 6 // ICR only
	ExtINT         DeliveryMode = 7 // not in the ICR
)

// String is the mode as manuals and traces write it.
func (m DeliveryMode) String() string {
	return [8]string{"fixed", "lowest", "smi", "reserved", "nmi", "init", "startup", "extint"}[m&7]
}

// Broadcast is the 32-bit physical destination that means every APIC; the
// 8-bit one is BroadcastX.
const (
	Broadcast  = 0xffff_ffff
	BroadcastX = 0xff
)

// A Message is an interrupt on its way to the local APICs, wherever it came
// from: an IPI, a redirection entry, an MSI.
type Message struct {
	Dest    uint32
	Logical bool // destination mode
	Wide    bool // Dest has 32 bits (x2APIC ICR, remapped interrupts), else 8
	Mode    DeliveryMode
	Vector  uint8
	Level   bool // trigger mode: level
	Assert  bool // of a level-triggered message or an INIT: assert, not de-assert
}

// The fields of a message signalled interrupt (SDM volume 3, "Message Address
// Register Format" and "Message Data Register Format").
const (
	msiBase    = 0xfee0_0000
	msiLogical = 1 << 2
	msiHint    = 1 << 3
	msiRemap   = 1 << 4
)

// Remappable reports whether an MSI address is in the remappable format: it
// then names an entry of the remapping table and no processor.
func Remappable(addr uint64) bool { return addr&msiRemap != 0 }

// FromMSI decodes a device's write in the compatibility format. The
// redirection hint with a fixed mode is a lowest priority delivery among the
// destinations, as the manual has it.
func FromMSI(addr uint64, data uint32) Message {
	m := Message{
		Dest:    uint32(addr>>12) & 0xff,
		Logical: addr&msiLogical != 0,
		Mode:    DeliveryMode(data >> 8 & 7),
		Vector:  uint8(data),
		Level:   data&(1<<15) != 0,
		Assert:  data&(1<<14) != 0,
	}
	if addr&msiHint != 0 && m.Mode == Fixed && m.Logical {
		m.Mode = LowestPriority
	}
	return m
}

// MSI encodes the message in the compatibility format; ok is false if it does
// not fit: a destination above eight bits, a start-up IPI.
func (m Message) MSI() (addr uint64, data uint32, ok bool) {
	if m.Dest > 0xff || m.Mode == StartUp {
		return 0, 0, false
	}
	addr = msiBase | uint64(m.Dest)<<12
	if m.Logical {
		addr |= msiLogical
	}
	data = uint32(m.Mode)<<8 | uint32(m.Vector)
	if m.Level {
		data |= 1 << 15
	}
	if m.Level && m.Assert {
		data |= 1 << 14
	}
	return addr, data, true
}
