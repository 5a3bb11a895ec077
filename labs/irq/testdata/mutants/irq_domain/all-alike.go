// Fails: each level has a number of its own
// Misconception: messages of one function share its number

package irq

import (
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/irqabi"
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
	first := uint64(m.Entry) | uint64(m.BDF)<<11
	for i := range n {
		if l.Mapped(first + uint64(i)) {
			return errno.EEXIST
		}
	}
	if err := l.AllocParent(virq, n); err != nil {
		return err
	}
	for i := range n {
		if err := l.SetInfo(virq+i, first); err != nil {
			for i--; i >= 0; i-- {
				l.ResetInfo(virq + i)
			}
			l.FreeParent(virq, n)
			return err
		}
	}
	return nil
}

// Free models msi_domain_free: it undoes Alloc.
func (domain) Free(l irqabi.Level, virq, n int) {
	for i := range n {
		l.ResetInfo(virq + i)
	}
	l.FreeParent(virq, n)
}

// Activate models msi_domain_activate: the interrupt gets what it needs in
// hardware, and the device its message. With reserve nothing that is scarce is
// taken yet. An error leaves nothing active.
func (domain) Activate(l irqabi.Level, virq int, reserve bool) error {
	if err := l.ActivateParent(virq, reserve); err != nil {
		return err
	}
	addr, data := l.Compose(virq)
	if err := l.Write(virq, addr, data); err != nil {
		l.DeactivateParent(virq)
		return err
	}
	return nil
}

// Deactivate models msi_domain_deactivate: it undoes Activate. An address and
// data of 0 are no message.
func (domain) Deactivate(l irqabi.Level, virq int) {
	_ = l.Write(virq, 0, 0) // what failed here cannot be mended
	l.DeactivateParent(virq)
}
