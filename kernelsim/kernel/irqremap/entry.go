package irqremap

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/kernel/errno"
)

// allPins is SQ_ALL_16: every bit of the requester ID is compared.
const allPins = 0

// reservePins hands indices to the pins of the ISA interrupts, in their order,
// as setup_IO_APIC_irqs allocates them.
func (u *Unit) reservePins() {
	for pin := 1; pin < 16; pin++ {
		u.pins[pin] = uint16(u.take(1)) + 1
	}
}

// take models alloc_irte: count indices in a row, aligned to count, which is a
// power of two. A single one is the lowest that is free.
func (u *Unit) take(count int) int {
	if count == 1 && len(u.freed) > 0 {
		i := u.freed[0]
		u.freed = u.freed[1:]
		return int(i)
	}
	at := (u.next + count - 1) / count * count
	for i := u.next; i < at; i++ {
		u.freed = append(u.freed, uint16(i))
	}
	u.next = at + count
	return at
}

// Alloc models intel_irq_remapping_alloc: indices for count messages of one
// function.
func (u *Unit) Alloc(count int) (index uint16, err error) {
	if count < 1 || count&(count-1) != 0 || u.next+2*count > Entries {
		return 0, fmt.Errorf("irqremap: no %d entries in a row: %w", count, errno.ENOSPC)
	}
	return uint16(u.take(count)), nil
}

// Free models intel_irq_remapping_free for one entry: it is cleared, the unit
// forgets it, and its index can be handed out again.
func (u *Unit) Free(c *cpu.CPU, index uint16) {
	u.modify(c, index, iommureg.IRTE{})
	i, _ := slices.BinarySearch(u.freed, index)
	u.freed = slices.Insert(u.freed, i, index)
}

// Set models intel_ir_reconfigure_irte for a function's message: which vector
// of which processor the entry stands for, and that nobody else may use it.
func (u *Unit) Set(c *cpu.CPU, index uint16, v cpu.Vector, dest uint32, logical bool, source uint16) {
	e := iommureg.NewIRTE(uint8(v), dest, logical, u.eim)
	u.modify(c, index, e.ForSource(iommureg.SVTSource, allPins, source))
}

// modify models modify_irte: the entry is written, then the unit is told to
// forget what it has cached of it. Without the second half the unit may go on
// with the old entry for ever.
func (u *Unit) modify(c *cpu.CPU, index uint16, e iommureg.IRTE) {
	at := u.table + bus.Addr(index)*iommureg.IRTESize
	u.store(c, at, 8, e.Low)
	u.store(c, at+8, 8, e.High)
	u.submit(c, iommureg.InvalidateIndex(index, 0))
}

// Pin is the redirection entry by which an IOAPIC's pin reaches a vector
// through the table (intel_ir_compose_msi_msg, io_apic_setup_irq_routing). The
// vector of the entry itself is the pin's number: the IOAPIC compares it with
// EOI broadcasts, and nothing else looks at it.
func (u *Unit) Pin(c *cpu.CPU, pin int, v cpu.Vector, dest uint32, logical bool) (low, high uint32) {
	if pin < 0 || pin >= len(u.pins) {
		return 1 << 16, 0 // masked: no such pin
	}
	if u.pins[pin] == 0 {
		u.pins[pin] = uint16(u.take(1)) + 1
	}
	index := u.pins[pin] - 1
	u.Set(c, index, v, dest, logical, u.cfg.IOAPICSource)
	e := iommureg.ComposeIOAPIC(uint64(pin), index)
	return uint32(e), uint32(e >> 32)
}
