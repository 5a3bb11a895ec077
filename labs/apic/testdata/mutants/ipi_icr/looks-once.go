// Fails: the last message is waited for
// Misconception: the delivery status is looked at once, as there is always time between two messages

package apic

import (
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/kernel/apic/icrabi"
	"bothhalves/kernelsim/kernel/cpumask"
)

// Bits of the low half of the interrupt command register.
const (
	icrLogical = 1 << 11 // destination mode
	icrBusy    = 1 << 12 // delivery status: the last message is being sent
	icrSelf    = 1 << 18 // destination shorthand: the sender itself
)

// SendIPI sends one fixed, edge-triggered interrupt with this vector to each
// processor of the destination.
func SendIPI(p icrabi.Port, to icrabi.Dest, vec uint8) {
	if to.CPUs == cpumask.Of(p.CPU()) {
		waitIdle(p)
		p.Write(lapicreg.RegICR, icrSelf|uint32(vec))
		return
	}
	names := uint32(0)
	for cpu := range to.CPUs.All() {
		switch {
		case !p.Online(cpu):
		case to.Logical:
			names |= p.LogicalID(cpu)
		default:
			sendTo(p, p.ID(cpu), uint32(vec))
		}
	}
	if names != 0 {
		sendTo(p, names, icrLogical|uint32(vec))
	}
}

// sendTo sends one message. The write of the low half is what sends.
func sendTo(p icrabi.Port, dest, low uint32) {
	waitIdle(p)
	p.Write(lapicreg.RegICRHigh, dest<<24)
	p.Write(lapicreg.RegICR, low)
}

// waitIdle returns when the last message is on its way.
func waitIdle(p icrabi.Port) {
	_ = p.Read(lapicreg.RegICR) & icrBusy
}
