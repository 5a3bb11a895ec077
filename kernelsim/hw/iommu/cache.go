package iommu

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/iommu/iommureg"
)

// cacheSize is the number of entries that the interrupt entry cache keeps.
// One place per low index bits: the newest wins.
const cacheSize = 256

// A cache is the interrupt entry cache (VT-d 6.2.6). It holds what was read
// from memory until it is told to forget: a changed entry is not seen before.
type cache [cacheSize]cached

// A cached is one entry of it.
type cached struct {
	valid bool
	index uint32
	irte  iommureg.IRTE
}

// entry is the table's entry at index, from the cache or from memory. Only a
// present entry is kept, as the manual's caching mode 0 says: an entry that
// becomes present needs no invalidation.
func (u *Unit) entry(index uint32) (iommureg.IRTE, iommureg.Reason) {
	c := &u.cache[index%cacheSize]
	if c.valid && c.index == index {
		return c.irte, iommureg.NoFault
	}
	if index >= u.entries() {
		return iommureg.IRTE{}, iommureg.BeyondTable
	}
	at := bus.Addr(u.live&iommureg.PageMask) + bus.Addr(index)*iommureg.IRTESize
	if _, err := u.bus.Bytes(at, iommureg.IRTESize); err != nil {
		return iommureg.IRTE{}, iommureg.TableAccess
	}
	e := iommureg.IRTE{Low: u.bus.DMARead(at, 8), High: u.bus.DMARead(at+8, 8)}
	if e.Present() {
		*c = cached{valid: true, index: index, irte: e}
	}
	return e, iommureg.NoFault
}

// entries is the size of the table in use.
func (u *Unit) entries() uint32 { return 2 << (u.live & iommureg.IRTASize) }

// forget drops what an IEC descriptor names.
func (u *Unit) forget(d iommureg.Descriptor) {
	for i := range u.cache {
		if c := &u.cache[i]; c.valid && d.Covers(c.index) {
			c.valid = false
		}
	}
}
