package lapic

import "bothhalves/kernelsim/hw/lapic/lapicreg"

// MMIORead reads the register page of xAPIC mode; see cpu.LocalAPIC. A
// reserved address reads as zero and is an error (SDM volume 3, "Error
// Handling"). Reading changes nothing else.
func (a *APIC) MMIORead(off uint32, size int) uint64 {
	at := off & 15
	if !a.inPage(off) || size < 1 || at+uint32(size) > 4 {
		return 0
	}
	v := uint64(0)
	switch acc := a.accessTo(off &^ 15); {
	case acc&xRead != 0:
		v = uint64(a.load(off&^15)) >> (8 * at)
	case acc&(xWrite|exists) == 0:
		a.fault(lapicreg.ErrRegister)
	}
	return v & (1<<(8*size) - 1)
}

// MMIOWrite writes a register of the page: all of its 32 bits, or nothing is
// written. What is reserved or read-only keeps its value.
func (a *APIC) MMIOWrite(off uint32, size int, v uint64) {
	if !a.inPage(off) || size != 4 || off&15 != 0 {
		return
	}
	switch acc := a.accessTo(off); {
	case acc&xWrite != 0:
		a.store(off, uint32(v)&a.writable(off))
	case acc&(xRead|exists) == 0:
		a.fault(lapicreg.ErrRegister)
	}
}

// inPage reports whether there is a page, and the offset lies in it.
func (a *APIC) inPage(off uint32) bool { return a.mode() == xapic && off < lapicreg.PageSize }
