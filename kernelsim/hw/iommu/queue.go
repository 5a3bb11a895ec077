package iommu

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/reg"
)

// doorbell takes a write to IQT: there may be descriptors to carry out.
func (u *Unit) doorbell(reg.Written) { u.drain() }

// resume takes a write to FSTS: with the queue error cleared, the unit goes
// on at the descriptor where it stopped. The fault event follows what is left.
func (u *Unit) resume(reg.Written) {
	u.settleEvent()
	u.drain()
}

// drain carries out descriptors until head meets tail (VT-d 6.5.2). They take
// effect at once; a descriptor that is none stops the queue where it is.
func (u *Unit) drain() {
	for u.gsts&iommureg.QIE != 0 && u.regs.Get(iommureg.FSTS)&iommureg.IQE == 0 {
		head, tail := u.regs.Get(iommureg.IQH), u.regs.Get(iommureg.IQT)
		if head == tail {
			return
		}
		d, ok := u.fetch(head)
		if !ok || tail >= u.queueSize() || !u.carryOut(d) {
			u.regs.Set(iommureg.FSTS, u.regs.Get(iommureg.FSTS)|iommureg.IQE)
			u.raiseEvent()
			return
		}
		u.regs.Set(iommureg.IQH, (head+iommureg.DescriptorSize)%u.queueSize())
	}
}

// queueSize is the queue's size in bytes.
func (u *Unit) queueSize() uint64 { return 4096 << (u.regs.Get(iommureg.IQA) & 7) }

// fetch reads the descriptor at an offset of the queue; ok is false where
// there is no memory.
func (u *Unit) fetch(head uint64) (d iommureg.Descriptor, ok bool) {
	at := bus.Addr(u.regs.Get(iommureg.IQA)&iommureg.PageMask + head)
	if _, err := u.bus.Bytes(at, iommureg.DescriptorSize); err != nil {
		return d, false
	}
	return iommureg.Descriptor{Low: u.bus.DMARead(at, 8), High: u.bus.DMARead(at+8, 8)}, true
}

// carryOut does what a descriptor says; false means that it is none. There
// are no cached translations: their invalidation is done already.
func (u *Unit) carryOut(d iommureg.Descriptor) bool {
	switch d.Type() {
	case iommureg.IEC:
		u.forget(d)
	case iommureg.Wait:
		u.waited(d)
	case iommureg.ContextCache, iommureg.IOTLB, iommureg.DevIOTLB:
	default:
		return false
	}
	return true
}

// waited tells software that everything before the wait is done. The status
// goes to memory alone: a queue that wrote to the unit's own doorbell would
// never end.
func (u *Unit) waited(d iommureg.Descriptor) {
	at := bus.Addr(d.High &^ 3)
	if _, err := u.bus.Bytes(at, 4); err == nil && d.WritesStatus() {
		u.bus.DMAWrite(at, 4, uint64(d.Status()))
	}
	if d.Interrupts() {
		u.regs.Set(iommureg.ICS, 1)
	}
}
