package ioapicreg

import "bothhalves/kernelsim/reg"

// Base is where the first I/O APIC of a PC answers, and Size how many bytes
// (Linux: IO_APIC_DEFAULT_PHYS_BASE, arch/x86/include/asm/apicdef.h).
const (
	Base = 0xfec0_0000
	Size = 0x1000
)

// The registers that the bus reaches (Linux: struct io_apic,
// arch/x86/kernel/apic/io_apic.c). Everything else lies behind an index.
const (
	Select = 0x00 // IOREGSEL, bits 7:0: the index
	Window = 0x10 // IOWIN: the register at the index, 32 bits at a time
	EOI    = 0x40 // directed EOI: the vector; version 0x20 and later
)

// The indexes (82093AA data sheet, "Register Description").
const (
	IndexID          = 0x00
	IndexVersion     = 0x01
	IndexArbitration = 0x02
	IndexTable       = 0x10 // low dword of entry n at 0x10+2n, high dword at 0x11+2n
)

// The versions that differ in what software sees.
const (
	Version82093AA = 0x11 // no EOI register
	VersionICH     = 0x20
)

// MaxPins is the number of entries that an 8-bit index reaches.
const MaxPins = (0x100 - IndexTable) / 2

// The bits that software can write; the others are read-only or reserved.
const (
	WritableID   = 0x0f00_0000
	WritableLow  = 0x0001_afff
	WritableHigh = 0xffff_0000
)

// ResetEntry is an entry after power-on: masked.
const ResetEntry RedirectionEntry = 0x1_0000

// RedirectionLow is the layout of bits 31:0 of an entry (82093AA data sheet,
// "I/O Redirection Table Registers"; Linux: struct IO_APIC_route_entry).
func RedirectionLow() reg.Layout {
	return reg.Layout{
		reg.Number("vector", 7, 0),
		reg.Enum("delivery", 10, 8, "fixed", "lowest", "SMI", "", "NMI", "INIT", "", "ExtINT"),
		reg.Enum("destination-mode", 11, 11, "physical", "logical"),
		reg.Flag("send-pending", 12).Noted("read-only; a message leaves at once, so it reads 0"),
		reg.Enum("polarity", 13, 13, "active-high", "active-low"),
		reg.Flag("remote-irr", 14).Noted("read-only; set when a level-triggered message leaves, cleared by its EOI"),
		reg.Enum("trigger", 15, 15, "edge", "level").Noted("writing edge clears remote-irr"),
		reg.Flag("masked", 16).Noted("set after reset"),
	}
}

// RedirectionHigh is the layout of bits 63:32 of an entry.
func RedirectionHigh() reg.Layout {
	return reg.Layout{
		reg.Number("extended", 23, 16).Noted("address bits 11:4 of the message: reserved on the 82093AA, format and index with interrupt remapping"),
		reg.Number("destination", 31, 24).Noted("address bits 19:12 of the message"),
	}
}

// Redirection is the layout of a whole entry (Linux: struct
// IO_APIC_route_entry).
func Redirection() reg.Layout {
	whole := RedirectionLow()
	for _, f := range RedirectionHigh() {
		f.Field.Hi, f.Field.Lo = f.Field.Hi+32, f.Field.Lo+32
		whole = append(whole, f)
	}
	return whole
}

// Version is the layout of the version register (82093AA data sheet, "I/O
// APIC Version Register"; Linux: union IO_APIC_reg_01).
func Version() reg.Layout {
	return reg.Layout{
		reg.Number("version", 7, 0).Noted("0x11 82093AA, 0x20 ICH and later"),
		reg.Flag("prq", 15).Noted("pin assertion register; not implemented"),
		reg.Number("highest-entry", 23, 16).Noted("number of pins less one"),
	}
}

// ID is the layout of the ID register and of the arbitration register (Linux:
// union IO_APIC_reg_00 and IO_APIC_reg_02).
func ID() reg.Layout {
	return reg.Layout{reg.Number("id", 27, 24)}
}
