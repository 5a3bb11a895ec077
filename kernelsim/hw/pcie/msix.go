package pcie

import (
	"encoding/binary"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A Place is where in a function's memory something lies: an offset from the
// beginning of a BAR (PCI_MSIX_TABLE_BIR, PCI_MSIX_TABLE_OFFSET).
type Place struct {
	BAR int
	Off uint32
}

// MSIX is the registers of MSI-X (PCI local bus specification 3.0, 6.8.2): the
// capability, the table of messages and the pending bits. Which message goes
// and which waits is decided by a pcireg.Vectors behind them.
type MSIX struct {
	f       *Func
	cap     uint16
	table   []row
	vectors pcireg.Vectors
}

// A row is an entry of the table as four double words: address, upper address,
// data, vector control.
type row [4]uint32

// AddMSIX gives the function MSI-X: the capability at off, and the table and
// the pending bits in BARs that it has already (PCI_CAP_ID_MSIX).
func (f *Func) AddMSIX(off uint16, entries int, table, pba Place) *MSIX {
	m := &MSIX{f: f, cap: off, table: make([]row, min(max(entries, 1), pcireg.MSIXMaxEntries))}
	m.vectors = f.makeVectors(m)
	m.reset()
	if f.msix != nil || entries != len(m.table) {
		f.fail("MSI-X with %d entries: use 1 to %d, once", entries, pcireg.MSIXMaxEntries)
		return m
	}
	if !f.roomForCap(off, pcireg.CapMSIX, msixBodySize) {
		return m
	}
	pending := (len(m.table) + 63) / 64 * 8
	if !f.place("MSI-X table", table, len(m.table)*pcireg.MSIXEntrySize, msixTable{m}) ||
		!f.place("MSI-X pending bits", pba, pending, msixPending{m}) {
		return m
	}
	f.msix = m
	f.AddCap(off, pcireg.CapMSIX, msixBody(entries, table, pba),
		binary.LittleEndian.AppendUint16(nil, pcireg.MSIXEnable|pcireg.MSIXFunctionMask))
	return m
}

// msixBodySize is the length of the capability behind its ID and link.
const msixBodySize = 10

// msixBody is the capability behind its ID and link.
func msixBody(entries int, table, pba Place) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(entries-1))
	b = binary.LittleEndian.AppendUint32(b, table.Off|uint32(table.BAR))
	return binary.LittleEndian.AppendUint32(b, pba.Off|uint32(pba.BAR))
}

// place puts a region into a BAR, in which nothing else may be there. It
// reports whether it fits.
func (f *Func) place(what string, at Place, size int, r bus.Region) bool {
	if at.BAR < 0 || at.BAR > 5 || f.bars[at.BAR] == nil || f.bars[at.BAR].kind == IO {
		f.fail("%s: there is no memory BAR %d: add it first", what, at.BAR)
		return false
	}
	b := f.bars[at.BAR]
	if at.Off%8 != 0 || uint64(at.Off)+uint64(size) > b.size {
		f.fail("%s: %#x bytes at %#x of BAR %d, which has %#x: use a multiple of 8 that leaves room", what, size, at.Off, at.BAR, b.size)
		return false
	}
	for _, w := range b.inner {
		if at.Off < w.off+w.size && w.off < at.Off+uint32(size) {
			f.fail("%s: %#x bytes at %#x of BAR %d overlap the %#x bytes at %#x: move one of them", what, size, at.Off, at.BAR, w.size, w.off)
			return false
		}
	}
	b.inner = append(b.inner, window{at.Off, uint32(size), r})
	return true
}

// reset is the table after a reset: every entry is masked, nothing is pending.
func (m *MSIX) reset() {
	for k := range m.table {
		m.table[k] = row{3: pcireg.VectorControlMask}
	}
	m.vectors.Reset()
}

// Notify has the function signal entry k (Linux and QEMU call the device's
// half msix_notify). An entry that is not there signals nothing.
func (m *MSIX) Notify(k int) {
	if k >= 0 && k < len(m.table) {
		m.vectors.Notify(k)
	}
}

// Clear takes entry k's event back: what caused it was satisfied by other
// means (PCIe base specification, "Per-vector Masking and Function Masking").
func (m *MSIX) Clear(k int) {
	if k >= 0 && k < len(m.table) {
		m.vectors.Clear(k)
	}
}

// Pending is bit k of the pending bit array.
func (m *MSIX) Pending(k int) bool {
	return k >= 0 && k < len(m.table) && m.vectors.Pending(k)
}

// Len is the number of entries: the size field of the message control, plus
// one (Linux: pci_msix_vec_count).
func (m *MSIX) Len() int { return len(m.table) }

// Entry is entry k of the table; one that is not there is masked.
func (m *MSIX) Entry(k int) pcireg.Entry {
	if k < 0 || k >= len(m.table) {
		return pcireg.Entry{Control: pcireg.VectorControlMask}
	}
	r := &m.table[k]
	return pcireg.Entry{Addr: uint64(r[1])<<32 | uint64(r[0]), Data: r[2], Control: r[3]}
}

// control is the message control word.
func (m *MSIX) control() uint16 {
	if m.f.msix != m { // it was refused
		return 0
	}
	return m.f.config.word(m.cap + pcireg.MSIXControlReg)
}

// Enabled is bit 15 of the message control (PCI_MSIX_FLAGS_ENABLE).
func (m *MSIX) Enabled() bool { return m.control()&pcireg.MSIXEnable != 0 }

// FunctionMasked is bit 14 of the message control (PCI_MSIX_FLAGS_MASKALL).
func (m *MSIX) FunctionMasked() bool { return m.control()&pcireg.MSIXFunctionMask != 0 }

// EntryMasked is bit 0 of entry k's vector control
// (PCI_MSIX_ENTRY_CTRL_MASKBIT).
func (m *MSIX) EntryMasked(k int) bool { return m.Entry(k).Masked() }

// BusMaster is bit 2 of the function's command register (PCI_COMMAND_MASTER).
func (m *MSIX) BusMaster() bool { return m.f.command(pcireg.CommandMaster) }

// Send writes entry k's data to its address: to memory like any other write,
// unless the address lies in the interrupt window (SDM volume 3, "Message
// Signalled Interrupts").
func (m *MSIX) Send(k int) {
	e := m.Entry(k)
	m.f.DMAWrite(bus.Addr(e.Addr), 4, uint64(e.Data))
}
