package pcie

import (
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A capability is a piece of configuration space that is taken.
type capability struct {
	off  uint16
	size int
}

// AddCap appends a capability to the list (PCI local bus specification 3.0,
// 6.7): its ID, the link that is filled in here, and body. Bits of body that
// software may change are set in writable. The list has the order of the
// calls, whatever the offsets.
func (f *Func) AddCap(off uint16, id uint8, body []byte, writable []byte) {
	if !f.roomForCap(off, id, len(body)) {
		return
	}
	if len(writable) > len(body) {
		f.fail("capability %#02x has %d bytes but %d of writable bits", id, len(body), len(writable))
		return
	}
	f.link(off)
	f.caps = append(f.caps, capability{off, 2 + len(body)})
	f.config.fixed(int(off), 1, uint32(id))
	f.Preset(off+2, body, writable)
}

// roomForCap reports whether a capability can lie at off.
func (f *Func) roomForCap(off uint16, id uint8, body int) bool {
	size := 2 + body
	if off < pcireg.HeaderEnd || off%4 != 0 || int(off)+size > pcireg.ConfigSize {
		f.fail("capability %#02x of %d bytes at %#x: use an offset from 0x40 that is a multiple of 4, with its end below 0x100", id, size, off)
		return false
	}
	for _, c := range f.caps {
		if int(off) < int(c.off)+c.size && int(c.off) < int(off)+size {
			f.fail("capability %#02x at %#x overlaps the one at %#x, which has %d bytes: move one of them", id, off, c.off, c.size)
			return false
		}
	}
	return true
}

// link makes off the end of the list.
func (f *Func) link(off uint16) {
	at := pcireg.CapabilityList
	if f.last != 0 {
		at = int(f.last) + 1
	}
	f.config.fixed(at, 1, uint32(off))
	f.config.fixed(pcireg.StatusReg, 1, uint32(f.config.first[pcireg.StatusReg]|pcireg.StatusCapList))
	f.last = off
}

// FindCap is the offset of the first capability with an ID, 0 if there is
// none (Linux: pci_find_capability, drivers/pci/pci.c).
func (f *Func) FindCap(id uint8) uint16 {
	for _, c := range f.caps {
		if f.config.now[c.off] == id {
			return c.off
		}
	}
	return 0
}
