package irqabi

// A Message is what a device is to have an interrupt for: an entry of the table
// of a function (struct msi_desc, include/linux/msi.h).
type Message struct {
	BDF   uint16 // bus in bits 15:8, device in 7:3, function in 2:0
	Entry int
}

// A Level is the level PCI-MSI of interrupts, which stands above all others:
// what its domain's code may do (struct irq_domain, include/linux/
// irqdomain.h).
type Level interface {
	// Mapped is irq_find_mapping: whether a number of this level has an
	// interrupt already.
	Mapped(hwirq uint64) bool
	// SetInfo gives interrupt virq its number at this level, its chip and its
	// flow (irq_domain_set_info). An error leaves virq as it was.
	SetInfo(virq int, hwirq uint64) error
	// ResetInfo takes them back (irq_domain_reset_irq_data).
	ResetInfo(virq int)
	// Compose is irq_chip_compose_msi_msg: what a device has to write, as
	// the levels below know it once they are active.
	Compose(virq int) (addr uint64, data uint32)
	// Write is irq_chip_write_msi_msg: it puts that into the device.
	Write(virq int, addr uint64, data uint32) error

	// AllocParent and FreeParent are irq_domain_alloc_irqs_parent and
	// irq_domain_free_irqs_parent: n interrupts from virq on, at all levels
	// below. An error leaves nothing taken.
	AllocParent(virq, n int) error
	FreeParent(virq, n int)
	// ActivateParent and DeactivateParent do it to all levels below: the
	// interrupt gets a vector, or with reserve the promise of one. An error
	// leaves nothing active.
	ActivateParent(virq int, reserve bool) error
	DeactivateParent(virq int)
}

// A Domain models the operations of the domain PCI-MSI (msi_domain_ops,
// kernel/irq/msi.c) with the walk that goes down from it. Context: process
// context. This is the seam of the lab task irq-domain.
type Domain interface {
	// Alloc models msi_domain_alloc: EEXIST for a
	// message that has an interrupt. An error leaves nothing taken.
	Alloc(l Level, virq, n int, m Message) error
	// Free models msi_domain_free.
	Free(l Level, virq, n int)
	// Activate models msi_domain_activate. An error leaves nothing active.
	Activate(l Level, virq int, reserve bool) error
	// Deactivate models msi_domain_deactivate.
	Deactivate(l Level, virq int)
}
