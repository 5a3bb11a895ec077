package reg

// Read answers a bus read of 1, 2, 4 or 8 bytes. It may cover part of a
// register or several registers; bytes of gaps read as zero. A size that no
// bus has, or an offset outside the map, reads as all ones.
func (m *Map) Read(off uint32, size int) uint64 {
	if !m.covers(off, size) {
		return ones(size * 8)
	}
	var v uint64
	for i := m.from(off); i < len(m.slot); i++ {
		s := &m.slot[i]
		if uint64(s.at) >= uint64(off)+uint64(size) {
			break
		}
		v |= shift(m.shown(s), int64(s.at)-int64(off))
		s.value &^= m.regs[s.reg].RC & m.lanes(s, off, size)
	}
	return v & ones(size*8)
}

// Write takes a bus write of 1, 2, 4 or 8 bytes. Each register that it
// touches changes only in the bytes written and only where its masks allow;
// then its handler runs. Writes that are not the map's are dropped.
func (m *Map) Write(off uint32, size int, v uint64) {
	if !m.covers(off, size) {
		return
	}
	v &= ones(size * 8)
	for i := m.from(off); i < len(m.slot); i++ {
		s := &m.slot[i]
		if uint64(s.at) >= uint64(off)+uint64(size) {
			break
		}
		lanes := m.lanes(s, off, size)
		m.store(s, shift(v, int64(off)-int64(s.at))&lanes, lanes)
	}
}

// store applies a write to one register and tells its handler.
func (m *Map) store(s *slot, v, lanes uint64) {
	r := &m.regs[s.reg]
	before := s.value
	rw := r.RW & lanes
	s.value = before&^rw | v&rw
	s.value &^= v & r.W1C
	if r.Write != nil {
		r.Write(Written{Index: int(s.index), Value: v, Before: before, After: s.value})
	}
}

// shown is what a reader sees in a register.
func (m *Map) shown(s *slot) uint64 {
	r := &m.regs[s.reg]
	if r.Read == nil {
		return s.value
	}
	return r.Read(int(s.index), s.value) & ones(r.Size*8)
}

// covers reports whether an access is one that the map answers.
func (m *Map) covers(off uint32, size int) bool {
	switch size {
	case 1, 2, 4, 8:
		return uint64(off)+uint64(size) <= uint64(m.size)
	}
	return false
}

// lanes are the bits of a register that an access of size bytes at off
// touches.
func (m *Map) lanes(s *slot, off uint32, size int) uint64 {
	whole := ones(m.regs[s.reg].Size * 8)
	return shift(ones(size*8), int64(off)-int64(s.at)) & whole
}

// shift moves v up by a number of bytes, or down if it is negative.
func shift(v uint64, bytes int64) uint64 {
	if bytes < 0 {
		return v >> uint(-bytes*8)
	}
	return v << uint(bytes*8)
}
