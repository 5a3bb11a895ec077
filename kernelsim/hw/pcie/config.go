package pcie

import (
	"encoding/binary"
	"slices"

	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A space is the bytes of a function's configuration space, and for each what
// a write may do: the bits in rw take what is written, those in w1c are
// cleared by a written one, the others stay (PCI local bus specification 3.0,
// 6.1: reserved and read-only bits ignore writes).
type space struct {
	now, first []byte // the value, and the value after a reset
	rw, w1c    []byte
}

// newSpace is the space of a function that has a header and nothing more.
func newSpace(h Header) space {
	n := pcireg.ConfigSize
	if h.Extended {
		n = pcireg.ExtendedSize
	}
	s := space{make([]byte, n), make([]byte, n), make([]byte, n), make([]byte, n)}
	s.fixed(pcireg.VendorID, 2, uint32(h.Vendor))
	s.fixed(pcireg.DeviceID, 2, uint32(h.Device))
	s.fixed(pcireg.StatusReg, 2, uint32(h.Status))
	s.fixed(pcireg.RevisionID, 4, h.Class<<8|uint32(h.Revision))
	s.fixed(pcireg.SubVendorID, 2, uint32(h.SubVendor))
	s.fixed(pcireg.SubDeviceID, 2, uint32(h.SubDevice))
	s.fixed(pcireg.InterruptPin, 1, uint32(h.Pin))
	if h.MultiFunction {
		s.fixed(pcireg.HeaderType, 1, pcireg.MultiFunction)
	}
	binary.LittleEndian.PutUint16(s.rw[pcireg.CommandReg:], pcireg.CommandWritable)
	binary.LittleEndian.PutUint16(s.w1c[pcireg.StatusReg:], pcireg.StatusWriteClear)
	s.rw[pcireg.CacheLineSize] = 0xff
	s.rw[pcireg.InterruptLine] = 0xff
	if h.LatencyTimer {
		s.rw[pcireg.LatencyTimer] = 0xff
	}
	return s
}

// fixed gives size bytes their value after reset.
func (s *space) fixed(off, size int, v uint32) {
	for i := range size {
		s.first[off+i] = byte(v >> (8 * i))
		s.now[off+i] = s.first[off+i]
	}
}

// reset restores the values after reset.
func (s *space) reset() { copy(s.now, s.first) }

// reaches reports whether an access lies in the space and in one double word:
// a configuration request carries no more.
func (s *space) reaches(off uint16, size int) bool {
	sized := size == 1 || size == 2 || size == 4
	return sized && int(off)%4+size <= 4 && int(off)+size <= len(s.now)
}

// word and dword are the device's own view.
func (s *space) word(off uint16) uint16  { return binary.LittleEndian.Uint16(s.now[off:]) }
func (s *space) dword(off uint16) uint32 { return binary.LittleEndian.Uint32(s.now[off:]) }

// setWord and setDword store as the device itself does: no mask holds.
func (s *space) setWord(off uint16, v uint16)  { binary.LittleEndian.PutUint16(s.now[off:], v) }
func (s *space) setDword(off uint16, v uint32) { binary.LittleEndian.PutUint32(s.now[off:], v) }

// ConfigRead answers a configuration read of 1, 2 or 4 bytes inside one double
// word (PCI local bus specification 3.0, 3.2.2.3). Anything else, and what
// lies beyond the function's space, reads as all ones, as an absent function
// does.
func (f *Func) ConfigRead(off uint16, size int) uint32 {
	if !f.config.reaches(off, size) {
		return ones(size)
	}
	word := f.config.dword(off &^ 3)
	return word >> (8 * (off % 4)) & ones(size)
}

// ConfigWrite takes a configuration write. Each bit obeys its mask; then the
// function acts on what it says now.
func (f *Func) ConfigWrite(off uint16, size int, v uint32) {
	if !f.config.reaches(off, size) {
		return
	}
	for i := range size {
		f.config.store(int(off)+i, byte(v>>(8*i)))
	}
	f.written(int(off), size)
}

// store takes a written byte.
func (s *space) store(at int, b byte) {
	rw := s.rw[at]
	s.now[at] = (s.now[at]&^rw | b&rw) &^ (b & s.w1c[at])
}

// written acts on a finished write: addresses first, then the pin, then the
// messages that may go now.
func (f *Func) written(off, size int) {
	touches := func(at int) bool { return off < at+2 && at < off+size }
	f.moveBARs()
	f.drivePin()
	if f.msi != nil {
		f.msi.release()
	}
	if f.msix != nil && (touches(pcireg.CommandReg) || touches(int(f.msix.cap)+pcireg.MSIXControlReg)) {
		f.msix.vectors.ControlWritten()
	}
	if f.onWrite != nil {
		f.onWrite()
	}
}

// Preset gives bytes their value after reset, and says which of their bits
// software may change: registers of the device's own, from offset 0x40 on, or
// a change to the header's defaults.
func (f *Func) Preset(off uint16, value, writable []byte) {
	if int(off)+max(len(value), len(writable)) > len(f.config.now) {
		f.fail("%d bytes at offset %#x reach beyond the %d bytes of configuration space", max(len(value), len(writable)), off, len(f.config.now))
		return
	}
	copy(f.config.first[off:], value)
	copy(f.config.now[off:], value)
	copy(f.config.rw[off:], writable)
}

// Config is a copy of the function's configuration space: what lspci -xxx
// shows.
func (f *Func) Config() []byte { return slices.Clone(f.config.now) }

// ones is what size bytes read as where nothing answers.
func ones(size int) uint32 {
	if size < 0 || size >= 4 {
		return ^uint32(0)
	}
	return 1<<(8*size) - 1
}

// refused is what a read of memory or ports gives to which nobody answers.
func refused(size int) uint64 { return ^uint64(0) >> max(0, 64-8*size) }
