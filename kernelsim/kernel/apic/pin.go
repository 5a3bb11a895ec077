package apic

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/ioapic/ioapicreg"
	"bothhalves/kernelsim/kernel/printk"
)

// HasIOAPIC reports whether the I/O APIC is in use (noapic).
func HasIOAPIC(c *cpu.CPU) bool { return !shared.Of(c).cfg.NoIOAPIC }

// Dest models apic->calc_dest_apicid: how messages name CPU n.
func Dest(c *cpu.CPU, n int) uint32 { return shared.Of(c).drv.dest(n) }

// Message models __irq_msi_compose_msg (arch/x86/kernel/apic/apic.c): what a
// device writes so that CPU n gets a vector, as an edge.
func Message(c *cpu.CPU, v cpu.Vector, n int) (addr uint64, data uint32) {
	s := shared.Of(c)
	drv := s.drv
	if s.cfg.Compose != nil {
		addr, data, err := s.cfg.Compose(drv.dest(n), drv.logical, v)
		if err != nil {
			printk.Printk(c, printk.Warning, "WARNING: no message for vector %#x of CPU %d: %v", uint8(v), n, err)
		}
		return addr, data
	}
	addr = pageBase | uint64(drv.dest(n)&0xff)<<12
	if drv.logical {
		addr |= 1 << 2
	}
	return addr, uint32(v)
}

// Logical models apic->dest_mode_logical: whether Dest names CPUs by bits.
func Logical(c *cpu.CPU) bool { return shared.Of(c).drv.logical }

// PinEntry is the redirection entry that sends a vector to CPU n; trigger,
// polarity and mask are those of r.
func PinEntry(c *cpu.CPU, v cpu.Vector, n int, r ioapicreg.Route) ioapicreg.RedirectionEntry {
	s := shared.Of(c)
	r.Vector, r.Logical, r.Dest = uint8(v), s.drv.logical, uint8(s.drv.dest(n))
	if s.cfg.LowestPrio && s.drv == &s.drvs[flat] {
		r.Mode = ioapicreg.LowestPriority
	}
	return r.Entry()
}

// PinEntryOf is the redirection entry that sends a message in the remappable
// format (ioapic_setup_msg_from_msi): bits 19:4 of the address, index and
// format, stand where an entry has its destination.
func PinEntryOf(addr uint64, data uint32, r ioapicreg.Route) ioapicreg.RedirectionEntry {
	const index15 = 1 << 2
	r.Vector, r.Logical = uint8(data), addr&index15 != 0
	r.Dest, r.Ext = uint8(addr>>12), uint8(addr>>4)
	return r.Entry()
}

// WritePinLow writes the half of an entry that has the mask bit
// (io_apic_modify_irq).
func WritePinLow(c *cpu.CPU, pin int, e ioapicreg.RedirectionEntry) {
	writeIOAPIC(c, indexTable+2*uint32(pin), uint32(e))
}

// SyncIOAPIC models io_apic_sync: a read makes sure that a write has arrived.
func SyncIOAPIC(c *cpu.CPU) { bus.ReadL(c, ioapicData) }

// EOIPin models __eoi_ioapic_pin: the pins that hold a vector are told that it
// is over.
func EOIPin(c *cpu.CPU, v cpu.Vector) { bus.WriteL(c, ioapicEOI, uint32(v)) }

// WasLevel reads a vector's bit of the trigger mode register: the interrupt
// that is in service came as a level.
func WasLevel(c *cpu.CPU, v cpu.Vector) bool {
	return Read(c, regTMR+uint32(v>>5)*16)&(1<<(v&31)) != 0
}

// Requested reads a vector's bit of the interrupt request register
// (lapic_vector_set_in_irr).
func Requested(c *cpu.CPU, v cpu.Vector) bool {
	return Read(c, regIRR+uint32(v>>5)*16)&(1<<(v&31)) != 0
}

const regTMR = 0x180 // APIC_TMR
