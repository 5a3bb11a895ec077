// Package ioapicreg holds what the I/O APIC and those who program it share:
// register offsets and indexes, layouts, the redirection entry, and the
// interface of the part that answers an EOI. Nothing here acts.
package ioapicreg

import "bothhalves/kernelsim/reg"

// A RedirectionEntry models struct IO_APIC_route_entry
// (arch/x86/include/asm/io_apic.h): both dwords of an entry, the low one in
// bits 31:0.
type RedirectionEntry uint64

// A Route is a redirection entry taken apart, without its status bits.
type Route struct {
	Vector  uint8
	Mode    DeliveryMode
	Logical bool // destination mode
	Low     bool // polarity: active low
	Level   bool // trigger mode
	Masked  bool
	Dest    uint8 // bits 63:56
	Ext     uint8 // bits 55:48: extended destination, or format and index of interrupt remapping
}

// A DeliveryMode is bits 10:8 of an entry; the values are those of the local
// APIC.
type DeliveryMode uint8

// The delivery modes (82093AA data sheet, "I/O Redirection Table Registers").
const (
	Fixed          DeliveryMode = 0
	LowestPriority DeliveryMode = 1
	SMI            DeliveryMode = 2
	NMI            DeliveryMode = 4
	INIT           DeliveryMode = 5
	ExtINT         DeliveryMode = 7
)

// String is the mode as a dump of the entries prints it.
func (m DeliveryMode) String() string {
	return [8]string{"fixed", "lowest", "SMI", "...", "NMI", "INIT", "...", "extINT"}[m&7]
}

// The fields of an entry.
var (
	vector    = reg.Field{Hi: 7, Lo: 0}
	mode      = reg.Field{Hi: 10, Lo: 8}
	logical   = reg.Bit(11)
	polarity  = reg.Bit(13)
	remoteIRR = reg.Bit(14)
	trigger   = reg.Bit(15)
	mask      = reg.Bit(16)
	ext       = reg.Field{Hi: 55, Lo: 48}
	dest      = reg.Field{Hi: 63, Lo: 56}
)

// Entry is the entry that software writes for a route.
func (r Route) Entry() RedirectionEntry {
	v := vector.Put(0, uint64(r.Vector))
	v = mode.Put(v, uint64(r.Mode))
	v = ext.Put(v, uint64(r.Ext))
	v = dest.Put(v, uint64(r.Dest))
	v = put(v, logical, r.Logical)
	v = put(v, polarity, r.Low)
	v = put(v, trigger, r.Level)
	v = put(v, mask, r.Masked)
	return RedirectionEntry(v)
}

// put sets or clears one bit.
func put(v uint64, f reg.Field, on bool) uint64 {
	if on {
		return f.Put(v, 1)
	}
	return f.Put(v, 0)
}

// Route takes the entry apart.
func (e RedirectionEntry) Route() Route {
	return Route{
		Vector: e.Vector(), Mode: e.Mode(), Logical: e.Logical(), Low: e.ActiveLow(),
		Level: e.Level(), Masked: e.Masked(), Dest: e.Dest(), Ext: e.Ext(),
	}
}

// Vector is bits 7:0.
func (e RedirectionEntry) Vector() uint8 { return uint8(vector.Get(uint64(e))) }

// Mode is the delivery mode, bits 10:8.
func (e RedirectionEntry) Mode() DeliveryMode { return DeliveryMode(mode.Get(uint64(e))) }

// Logical is the destination mode, bit 11.
func (e RedirectionEntry) Logical() bool { return logical.Get(uint64(e)) != 0 }

// ActiveLow is the polarity of the pin, bit 13.
func (e RedirectionEntry) ActiveLow() bool { return polarity.Get(uint64(e)) != 0 }

// RemoteIRR is bit 14: a level-triggered message was sent and no EOI for it
// has come back.
func (e RedirectionEntry) RemoteIRR() bool { return remoteIRR.Get(uint64(e)) != 0 }

// Level is the trigger mode, bit 15.
func (e RedirectionEntry) Level() bool { return trigger.Get(uint64(e)) != 0 }

// Masked is bit 16.
func (e RedirectionEntry) Masked() bool { return mask.Get(uint64(e)) != 0 }

// Dest is the destination, bits 63:56.
func (e RedirectionEntry) Dest() uint8 { return uint8(dest.Get(uint64(e))) }

// Ext is bits 55:48, which become address bits 11:4 of the message.
func (e RedirectionEntry) Ext() uint8 { return uint8(ext.Get(uint64(e))) }

// HoldsLevel reports whether the entry works by level: it sends while its pin
// is active and waits for an EOI after each message. Only fixed and lowest
// priority can; the 82093AA data sheet takes NMI and INIT as edges whatever
// the trigger bit says, and asks for edge with SMI and ExtINT.
func (e RedirectionEntry) HoldsLevel() bool { return e.Level() && e.Mode() <= LowestPriority }

// Sends reports whether the delivery mode is one that has a meaning. An entry
// with a reserved one sends nothing.
func (e RedirectionEntry) Sends() bool { return e.Mode() != 3 && e.Mode() != 6 }

// The parts of an interrupt message that are not copied from the entry.
const (
	messageBase   = 0xfee0_0000
	messageHint   = 1 << 3
	messageAssert = 1 << 14
	messageLevel  = 1 << 15
)

// Message is the write that the entry makes (ICH9 data sheet, "Interrupt
// Message Format"; Linux's io_apic.c keeps the same fields in an msi_msg).
// The bits go where they stand: 63:56 to address bits 19:12, 55:48 to 11:4,
// the destination mode to bit 2. An entry in the remappable format needs
// nothing more. There is no message for the end of a level: each is an
// assertion, and says so.
func (e RedirectionEntry) Message() (addr uint64, data uint32) {
	addr = messageBase | uint64(e.Dest())<<12 | uint64(e.Ext())<<4
	if e.Mode() == LowestPriority {
		addr |= messageHint
	}
	if e.Logical() {
		addr |= 1 << 2
	}
	data = uint32(e) & 0x7ff
	if e.HoldsLevel() {
		data |= messageLevel | messageAssert
	}
	return addr, data
}

// WithLow is the entry after software wrote v to its low dword: status and
// reserved bits stay, but edge triggering has no remote IRR to keep.
func (e RedirectionEntry) WithLow(v uint32) RedirectionEntry {
	e = e&^WritableLow | RedirectionEntry(v&WritableLow)
	if !e.Level() {
		return e.WithRemoteIRR(false)
	}
	return e
}

// WithHigh is the entry after software wrote v to its high dword.
func (e RedirectionEntry) WithHigh(v uint32) RedirectionEntry {
	return e&^(WritableHigh<<32) | RedirectionEntry(v&WritableHigh)<<32
}

// WithRemoteIRR is the entry with its remote IRR set or cleared.
func (e RedirectionEntry) WithRemoteIRR(on bool) RedirectionEntry {
	return RedirectionEntry(put(uint64(e), remoteIRR, on))
}
