package pcie

import "bothhalves/kernelsim/hw/pcie/pcireg"

// whole reports whether an access is of the only kind that software may make
// to the table and the pending bits: an aligned double or quad word.
func whole(off uint32, size int) bool {
	return (size == 4 || size == 8) && off%uint32(size) == 0
}

// msixTable is the table as memory (PCI local bus specification 3.0, 6.8.2.6
// and after). Accesses of any other shape than an aligned double or quad word
// are refused: reads give all ones, writes do nothing.
type msixTable struct{ m *MSIX }

// Read answers a read of the table; see bus.Region.
func (t msixTable) Read(off uint32, size int) uint64 {
	if !whole(off, size) {
		return refused(size)
	}
	v := uint64(*t.dword(off))
	if size == 8 {
		v |= uint64(*t.dword(off + 4)) << 32
	}
	return v
}

// Write takes a write to the table; see bus.Region. Of a quad word both halves
// are stored before a message may go.
func (t msixTable) Write(off uint32, size int, v uint64) {
	if !whole(off, size) {
		return
	}
	t.store(off, uint32(v))
	if size == 8 {
		t.store(off+4, uint32(v>>32))
	}
	last := off + uint32(size) - 4
	if last%pcireg.MSIXEntrySize == pcireg.MSIXEntryVectorCtl {
		t.m.vectors.EntryWritten(int(last / pcireg.MSIXEntrySize))
	}
}

// dword is the double word at an offset in the table.
func (t msixTable) dword(off uint32) *uint32 {
	return &t.m.table[off/pcireg.MSIXEntrySize][off/4%4]
}

// store writes a double word. The two low bits of an address are always zero;
// every other bit, reserved or not, keeps what is written.
func (t msixTable) store(off uint32, v uint32) {
	if off%pcireg.MSIXEntrySize == pcireg.MSIXEntryAddrLow {
		v &^= 3
	}
	*t.dword(off) = v
}

// msixPending is the pending bit array as memory: one bit an entry, read-only.
type msixPending struct{ m *MSIX }

// Read answers a read of the pending bits; see bus.Region.
func (p msixPending) Read(off uint32, size int) uint64 {
	if !whole(off, size) {
		return refused(size)
	}
	var v uint64
	for i := range size * 8 {
		if p.m.Pending(int(off)*8 + i) {
			v |= 1 << i
		}
	}
	return v
}

// Write is dropped: software cannot change the pending bits.
func (p msixPending) Write(uint32, int, uint64) {}
