package apic

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/printk"
)

// The I/O APIC of the board: two registers lead to all others (struct io_apic,
// arch/x86/kernel/apic/io_apic.c).
const (
	ioapicBase   bus.Addr = 0xfec0_0000
	ioapicData            = ioapicBase + 0x10
	ioapicEOI             = ioapicBase + 0x40
	indexVersion          = 1
	indexTable            = 0x10
)

// Where ACPI's override leads the timer, ISA interrupt 0 (INT_SRC_OVR).
const timerPin = 2

// readIOAPIC models native_io_apic_read, writeIOAPIC io_apic_write.
func readIOAPIC(c *cpu.CPU, index uint32) uint32 {
	bus.WriteL(c, ioapicBase, index)
	return bus.ReadL(c, ioapicData)
}

func writeIOAPIC(c *cpu.CPU, index, v uint32) {
	bus.WriteL(c, ioapicBase, index)
	bus.WriteL(c, ioapicData, v)
}

// pins is how many the I/O APIC has.
func pins(c *cpu.CPU) int { return int(readIOAPIC(c, indexVersion)>>16&0xff) + 1 }

// ReadPin models ioapic_read_entry.
func ReadPin(c *cpu.CPU, pin int) ioapicreg.RedirectionEntry {
	i := indexTable + 2*uint32(pin)
	return ioapicreg.RedirectionEntry(uint64(readIOAPIC(c, i+1))<<32 | uint64(readIOAPIC(c, i)))
}

// WritePin models ioapic_write_entry: the half with the mask bit last, so that
// what is not complete is not used.
func WritePin(c *cpu.CPU, pin int, e ioapicreg.RedirectionEntry) {
	i := indexTable + 2*uint32(pin)
	writeIOAPIC(c, i+1, uint32(e>>32))
	writeIOAPIC(c, i, uint32(e))
}

// MaskPin models ioapic_mask_entry: masked, and everything else forgotten. The
// half with the mask bit goes first.
func MaskPin(c *cpu.CPU, pin int) {
	e := ioapicreg.Route{Masked: true}.Entry()
	i := indexTable + 2*uint32(pin)
	writeIOAPIC(c, i, uint32(e))
	writeIOAPIC(c, i+1, uint32(e>>32))
}

// enableIOAPIC models enable_IO_APIC: is the 8259A pair wired to a pin? Then
// all pins are cleared, whatever the firmware left.
func enableIOAPIC(c *cpu.CPU) {
	s := shared.Of(c)
	if s.cfg.NoIOAPIC {
		return
	}
	n := pins(c)
	for pin := range n {
		if e := ReadPin(c, pin); !e.Masked() && e.Mode() == ioapicreg.ExtINT {
			s.extIntPin = pin
			break
		}
	}
	for pin := range n {
		clearPin(c, pin)
	}
}

// clearPin models clear_IO_APIC_pin. A pin whose last message was never ended
// is ended first: its remote IRR would outlive the mask.
func clearPin(c *cpu.CPU, pin int) {
	e := ReadPin(c, pin)
	if e.Mode() == ioapicreg.SMI {
		return
	}
	r := e.Route()
	if !r.Masked {
		r.Masked = true
		WritePin(c, pin, r.Entry())
		e = ReadPin(c, pin)
	}
	if e.RemoteIRR() {
		if !r.Level {
			r.Level = true
			WritePin(c, pin, r.Entry())
		}
		bus.WriteL(c, ioapicEOI, uint32(r.Vector))
	}
	MaskPin(c, pin)
}

// maskEntries models save_ioapic_entries and mask_ioapic_entries.
func maskEntries(c *cpu.CPU) []ioapicreg.RedirectionEntry {
	saved := make([]ioapicreg.RedirectionEntry, pins(c))
	for pin := range saved {
		saved[pin] = ReadPin(c, pin)
		if r := saved[pin].Route(); !r.Masked {
			r.Masked = true
			WritePin(c, pin, r.Entry())
		}
	}
	return saved
}

// restoreEntries models restore_ioapic_entries.
func restoreEntries(c *cpu.CPU, saved []ioapicreg.RedirectionEntry) {
	for pin, e := range saved {
		WritePin(c, pin, e.Route().Entry())
	}
}

// setupIOAPIC models setup_IO_APIC. The pins that drivers ask for are set when
// they ask; until then only the timer's is in use.
func setupIOAPIC(c *cpu.CPU) {
	if !shared.Of(c).cfg.NoIOAPIC {
		checkTimer(c)
	}
}

// checkTimer models check_timer up to its first success: the 8259A pair gives
// the timer up, the virtual wire is cut, and the I/O APIC's pin takes over. As
// with no_timer_check nobody waits for ticks: the tick of this kernel comes
// from the local APICs.
func checkTimer(c *cpu.CPU) {
	s := shared.Of(c)
	flags := c.SaveFlags()
	mask8259A(c, 0)
	Write(c, regLVT0, lvtMasked|modeExtINT)
	init8259A(c, true)
	apic2 := -1
	if s.extIntPin >= 0 {
		apic2 = 0
	}
	printk.Printk(c, printk.Info, "..TIMER: vector=0x%02X apic1=%d pin1=%d apic2=%d pin2=%d",
		uint8(idt.ISA), 0, timerPin, apic2, s.extIntPin)
	if !s.remapped { // else the domain of the unit names the vector
		RoutePin(c, timerPin, idt.ISA, 0)
	}
	c.RestoreFlags(flags)
}

// RoutePin models ioapic_configure_entry for an edge: an unmasked entry that
// sends a vector to CPU n.
func RoutePin(c *cpu.CPU, pin int, v cpu.Vector, n int) {
	s := shared.Of(c)
	r := ioapicreg.Route{Vector: uint8(v), Logical: s.drv.logical, Dest: uint8(s.drv.dest(n))}
	if s.cfg.LowestPrio && s.drv == &s.drvs[flat] {
		r.Mode = ioapicreg.LowestPriority
	}
	WritePin(c, pin, r.Entry())
}
