package ioapic

import "bothhalves/kernelsim/hw/ioapic/ioapicreg"

// Read answers a read. Where no register begins, and of a size that the
// window does not take, it gives zero, as do indexes without a register.
func (io *IOAPIC) Read(off uint32, size int) uint64 {
	switch {
	case off == ioapicreg.Select:
		return uint64(io.index)
	case off == ioapicreg.Window && size == 4:
		return uint64(io.register())
	}
	return 0
}

// Write takes a write. The window and the EOI register take 32 bits at a
// time; the rest of what is written to the index register is dropped.
func (io *IOAPIC) Write(off uint32, size int, v uint64) {
	switch {
	case off == ioapicreg.Select:
		io.index = uint8(v)
	case off == ioapicreg.Window && size == 4:
		io.setRegister(uint32(v))
	case off == ioapicreg.EOI && size == 4 && io.cfg.Version >= ioapicreg.VersionICH:
		io.EOI(uint8(v))
	}
}

// register is the register at the index.
func (io *IOAPIC) register() uint32 {
	if n, high, ok := io.selected(); ok {
		if high {
			return uint32(io.entry[n] >> 32)
		}
		return uint32(io.entry[n])
	}
	switch io.index {
	case ioapicreg.IndexID, ioapicreg.IndexArbitration:
		// The arbitration ID is loaded from the ID and, without a serial
		// bus, never rotates.
		return io.id
	case ioapicreg.IndexVersion:
		return uint32(len(io.entry)-1)<<16 | uint32(io.cfg.Version)
	}
	return 0
}

// setRegister writes the register at the index.
func (io *IOAPIC) setRegister(v uint32) {
	n, high, ok := io.selected()
	switch {
	case ok && high:
		io.entry[n] = io.entry[n].WithHigh(v)
	case ok:
		io.entry[n] = io.entry[n].WithLow(v)
		io.service(n) // unmasked, or made level, with the pin active
	case io.index == ioapicreg.IndexID:
		io.id = v & ioapicreg.WritableID
	}
}

// selected is the entry at the index, and which half of it.
func (io *IOAPIC) selected() (n int, high, ok bool) {
	i := int(io.index) - ioapicreg.IndexTable
	return i >> 1, i&1 != 0, i >= 0 && i>>1 < len(io.entry)
}
