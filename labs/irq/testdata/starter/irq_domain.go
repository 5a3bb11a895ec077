package irq

import (
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/labs/lab"
)

// domain is the domain PCI-MSI: the level that devices with messages have.
// Below it there is the level of the processors' vectors, or another one that
// remaps and has the vectors below. Each level does its own part and calls the
// next one.
type domain struct{}

// Alloc models msi_domain_alloc (kernel/irq/msi.c): n interrupts from virq on
// get this level, for m and the messages behind it, and all levels below. At
// this level a message has the number entry | bdf << 11. EEXIST if it has an
// interrupt already; an error leaves nothing taken.
func (domain) Alloc(l irqabi.Level, virq, n int, m irqabi.Message) error {
	panic(lab.TODO("take the levels below, then this one; and give all back if one fails"))
}

// Free models msi_domain_free: it undoes Alloc.
func (domain) Free(l irqabi.Level, virq, n int) {
	panic(lab.TODO("give back what Alloc has taken"))
}

// Activate models msi_domain_activate: the interrupt gets what it needs in
// hardware, and the device its message. With reserve nothing that is scarce is
// taken yet. An error leaves nothing active.
func (domain) Activate(l irqabi.Level, virq int, reserve bool) error {
	panic(lab.TODO("activate the levels below, then let the device know what to write"))
}

// Deactivate models msi_domain_deactivate: it undoes Activate. An address and
// data of 0 are no message.
func (domain) Deactivate(l irqabi.Level, virq int) {
	panic(lab.TODO("take the device's message away, and give back what it led to"))
}
