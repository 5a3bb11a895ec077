package iommu

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// Translate takes every interrupt message of a device or an IOAPIC. While
// remapping is off all are in the compatibility format, whatever their bit 4
// says. While it is on, remappable ones go through the table, and the others
// pass or are blocked as GSTS.CFIS and the mode say (VT-d 5.1.2.1).
func (u *Unit) Translate(m bus.Message) {
	switch {
	case u.gsts&iommureg.IRE == 0:
		u.send(m.From, lapicreg.FromMSI(uint64(m.Addr), m.Data))
	case lapicreg.Remappable(uint64(m.Addr)):
		u.remap(m)
	case u.extended() || u.gsts&iommureg.CFI == 0:
		u.report(iommureg.CompatBlocked, 0, requester(m))
	default:
		u.send(m.From, lapicreg.FromMSI(uint64(m.Addr), m.Data))
	}
}

// extended reports whether the table in use holds 32-bit destinations.
func (u *Unit) extended() bool { return u.live&iommureg.EIME != 0 }

// remap leads a remappable message through its entry.
func (u *Unit) remap(m bus.Message) {
	req, ok := iommureg.Decode(uint64(m.Addr), m.Data)
	if !ok {
		u.report(iommureg.ReservedInReq, req.Index(), requester(m))
		return
	}
	e, why := u.entry(req.Index())
	if why == iommureg.NoFault {
		why = u.check(e, requester(m))
	}
	if why != iommureg.NoFault {
		if !(why.Qualified() && e.FPD()) {
			u.report(why, req.Index(), requester(m))
		}
		return
	}
	u.send(m.From, u.compose(e))
}

// check is what may be wrong with an entry for a requester, in the order of
// the manual's table of faults.
func (u *Unit) check(e iommureg.IRTE, who uint16) iommureg.Reason {
	switch {
	case !e.Present():
		return iommureg.NotPresent
	case e.Reserved(u.extended()):
		return iommureg.ReservedInIRTE
	case !e.Admits(who):
		return iommureg.SourceRejected
	}
	return iommureg.NoFault
}

// compose is the message that an entry stands for. The entry alone decides
// vector, mode and trigger: what the device wrote there is not looked at.
func (u *Unit) compose(e iommureg.IRTE) lapicreg.Message {
	m := lapicreg.Message{
		Dest:    e.Dest() >> 8 & 0xff,
		Logical: e.Logical(),
		Wide:    u.extended(),
		Mode:    lapicreg.DeliveryMode(e.Delivery()),
		Vector:  e.Vector(),
		Level:   e.Level(),
		Assert:  e.Level(),
	}
	if m.Wide {
		m.Dest = e.Dest()
	}
	if e.Hint() && m.Mode == lapicreg.Fixed && m.Logical {
		m.Mode = lapicreg.LowestPriority
	}
	return m
}

// requester is who wrote a message. Who does not say counts as 0, the host
// bridge.
func requester(m bus.Message) uint16 {
	if m.From == nil {
		return 0
	}
	return m.From.ID
}
