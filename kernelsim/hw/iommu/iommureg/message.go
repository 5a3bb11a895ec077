package iommureg

import "bothhalves/kernelsim/reg"

// RemappableAddress is the layout of a message address in the remappable
// format (VT-d 5.1.2.2).
func RemappableAddress() reg.Layout {
	return reg.Layout{
		reg.Number("base", 31, 20).Noted("0xfee"),
		reg.Number("index 14:0", 19, 5),
		reg.Flag("remappable", 4).Noted("set: the address names an entry of the table and no processor"),
		reg.Flag("shv", 3).Noted("the data's low 16 bits are added to the index"),
		reg.Number("index 15", 2, 2),
	}
}

// The fields of a remappable address.
var (
	msgIndexLow  = reg.Field{Hi: 19, Lo: 5}
	msgSHV       = reg.Bit(3)
	msgIndexHigh = reg.Bit(2)
)

// A Request is a message in the remappable format taken apart.
type Request struct {
	Handle uint16 // of the address
	SHV    bool   // Sub is added to it
	Sub    uint16 // subhandle: the data's low half
}

// Decode takes a remappable message apart. ok is false if reserved bits are
// set: the low two of the address, and with SHV the upper half of the data.
func Decode(addr uint64, data uint32) (r Request, ok bool) {
	r.Handle = uint16(msgIndexHigh.Get(addr)<<15 | msgIndexLow.Get(addr))
	r.SHV = msgSHV.Get(addr) != 0
	r.Sub = uint16(data)
	return r, addr&3 == 0 && !(r.SHV && data>>16 != 0)
}

// Index is the number of the table's entry. The sum may pass 16 bits, and is
// then beyond every table.
func (r Request) Index() uint32 {
	if r.SHV {
		return uint32(r.Handle) + uint32(r.Sub)
	}
	return uint32(r.Handle)
}

// ComposeMSI models fill_msi_msg (drivers/iommu/intel/irq_remapping.c): the
// message by which message sub of a function reaches entry index+sub.
func ComposeMSI(index, sub uint16) (addr uint64, data uint32) {
	addr = 0xfee0_0000 | 1<<4 | 1<<3
	addr = msgIndexLow.Put(addr, uint64(index))
	addr = msgIndexHigh.Put(addr, uint64(index)>>15)
	return addr, uint32(sub)
}

// IOAPICEntry is the layout of an IOAPIC redirection entry in the remappable
// format (VT-d 5.1.2.3): the index lies where the destination was.
func IOAPICEntry() reg.Layout {
	return reg.Layout{
		reg.Number("vector", 7, 0).Noted("for the EOI broadcast alone; Linux writes the pin"),
		reg.Number("index 15", 11, 11),
		reg.Flag("send-pending", 12),
		reg.Enum("polarity", 13, 13, "active-high", "active-low"),
		reg.Flag("remote-irr", 14),
		reg.Enum("trigger", 15, 15, "edge", "level"),
		reg.Flag("masked", 16),
		reg.Flag("remappable", 48),
		reg.Number("index 14:0", 63, 49),
	}
}

// ComposeIOAPIC models the redirection entry that intel_ir_compose_msi_msg
// leads to for a pin: everything but the index is kept.
func ComposeIOAPIC(entry uint64, index uint16) uint64 {
	entry &= 0x0000_0000_0001_f0ff
	entry |= 1<<48 | uint64(index&0x7fff)<<49
	return entry | uint64(index>>15)<<11
}

// A Descriptor is an entry of the invalidation queue of 128 bits (VT-d 6.5.2).
type Descriptor struct{ Low, High uint64 }

// DescriptorSize is the size of a descriptor in bytes.
const DescriptorSize = 16

// The descriptor types that interrupt remapping meets (Linux QI_*_TYPE). The
// others invalidate address translations, which this unit does not have.
const (
	ContextCache = 1
	IOTLB        = 2
	DevIOTLB     = 3
	IEC          = 4
	Wait         = 5
)

// IECDescriptor is the layout of an interrupt entry cache invalidation (VT-d
// 6.5.2.7).
func IECDescriptor() reg.Layout {
	return reg.Layout{
		reg.Number("type", 3, 0).Noted("4"),
		reg.Enum("granularity", 4, 4, "global", "index"),
		reg.Number("mask", 31, 27).Noted("2^mask entries from the index on"),
		reg.Number("index", 47, 32),
	}
}

// WaitDescriptor is the layout of an invalidation wait (VT-d 6.5.2.8); its
// second quadword is the address of the status.
func WaitDescriptor() reg.Layout {
	return reg.Layout{
		reg.Number("type", 3, 0).Noted("5"),
		reg.Flag("if", 4).Noted("set the completion bit in ICS"),
		reg.Flag("sw", 5).Noted("write the status data to memory"),
		reg.Flag("fn", 6).Noted("fence"),
		reg.Number("status", 63, 32),
	}
}

// Type is the descriptor's type.
func (d Descriptor) Type() uint8 { return uint8(d.Low & 0xf) }

// WritesStatus and Interrupts are a wait's ways of telling that it is reached.
func (d Descriptor) WritesStatus() bool { return d.Low>>5&1 != 0 }

// Interrupts reports whether a wait sets the completion bit in ICS.
func (d Descriptor) Interrupts() bool { return d.Low>>4&1 != 0 }

// Status is what a wait writes to memory.
func (d Descriptor) Status() uint32 { return uint32(d.Low >> 32) }

// InvalidateAll models qi_global_iec (drivers/iommu/intel/irq_remapping.c).
func InvalidateAll() Descriptor { return Descriptor{Low: IEC} }

// InvalidateIndex models qi_flush_iec (drivers/iommu/intel/dmar.c): 2^mask
// entries from index on.
func InvalidateIndex(index uint16, mask uint8) Descriptor {
	return Descriptor{Low: IEC | 1<<4 | uint64(mask&0x1f)<<27 | uint64(index)<<32}
}

// WaitFor models the wait that qi_submit_sync adds: write status to addr once
// all before it is done.
func WaitFor(status uint32, addr uint64) Descriptor {
	return Descriptor{Low: Wait | 1<<5 | uint64(status)<<32, High: addr}
}

// Covers reports whether an IEC descriptor names the entry: its index with
// the low mask bits left out.
func (d Descriptor) Covers(index uint32) bool {
	if d.Low>>4&1 == 0 {
		return true
	}
	mask := d.Low >> 27 & 0x1f
	return index>>mask == uint32(d.Low>>32&0xffff)>>mask
}
