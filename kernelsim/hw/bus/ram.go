package bus

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sort"
)

// A RAM is a range of physical addresses in which memory may be fitted, a
// segment at a time: only what is fitted takes room. An address without
// memory reads as all ones and forgets what is written.
type RAM struct {
	base, last Addr
	seg        []segment // disjoint, in address order
}

// A segment is a run of memory.
type segment struct {
	base  Addr
	bytes []byte
}

// NewRAM returns a range of size bytes from base with no memory in it yet.
// Like any region it must not be empty nor pass the end of the addresses;
// Bus.Map refuses it if it does.
func NewRAM(base Addr, size uint64) *RAM {
	return &RAM{base: base, last: base + Addr(size-1)}
}

// Add fits n bytes of zeroed memory at a and returns the window into them.
func (r *RAM) Add(a Addr, n uint64) ([]byte, error) {
	last := a + Addr(n-1)
	if n == 0 || n > 1<<40 || last < a || !r.spans(a, last) {
		return nil, fmt.Errorf("bus: RAM %#x-%#x: %#x bytes from %#x do not lie in it: correct base or size", r.base, r.last, n, a)
	}
	i := r.from(a)
	if i < len(r.seg) && r.seg[i].base <= last {
		return nil, fmt.Errorf("bus: RAM %#x-%#x: %#x-%#x overlaps memory at %#x-%#x: add memory once", r.base, r.last, a, last, r.seg[i].base, r.seg[i].last())
	}
	s := segment{a, make([]byte, n)}
	r.seg = slices.Insert(r.seg, i, s)
	return s.bytes, nil
}

// Remove takes out the segment that begins at a. It reports whether there was
// one. Windows into it lead nowhere from then on.
func (r *RAM) Remove(a Addr) bool {
	i := r.from(a)
	if i == len(r.seg) || r.seg[i].base != a {
		return false
	}
	r.seg = slices.Delete(r.seg, i, i+1)
	return true
}

// Bytes is a window of n bytes at a; it must lie in one segment. Writing to
// it is a store.
func (r *RAM) Bytes(a Addr, n uint64) ([]byte, error) {
	i := r.from(a)
	if i == len(r.seg) || r.seg[i].base > a {
		return nil, fmt.Errorf("bus: RAM %#x-%#x: there is no memory at %#x: add it first", r.base, r.last, a)
	}
	s := r.seg[i]
	off := uint64(a - s.base)
	if n > uint64(len(s.bytes))-off {
		return nil, fmt.Errorf("bus: RAM %#x-%#x: %#x bytes from %#x reach beyond the memory at %#x-%#x: ask for fewer", r.base, r.last, n, a, s.base, s.last())
	}
	return s.bytes[off : off+n : off+n], nil
}

// Read reads at an offset from the RAM's base; see Region.
func (r *RAM) Read(off uint32, size int) uint64 {
	if !valid(size) {
		return 0
	}
	return r.load(r.base+Addr(off), size)
}

// Write writes at an offset from the RAM's base; see Region.
func (r *RAM) Write(off uint32, size int, v uint64) {
	if valid(size) {
		r.store(r.base+Addr(off), size, v)
	}
}

// load reads little-endian. An access that runs from one segment into the
// next goes a byte at a time.
func (r *RAM) load(a Addr, size int) uint64 {
	var word [8]byte
	if mem := r.within(a, size); mem != nil {
		copy(word[:], mem)
		return binary.LittleEndian.Uint64(word[:])
	}
	for i := range size {
		word[i] = 0xff
		if mem := r.within(a+Addr(i), 1); mem != nil {
			word[i] = mem[0]
		}
	}
	return binary.LittleEndian.Uint64(word[:])
}

// store writes little-endian, in the way of load.
func (r *RAM) store(a Addr, size int, v uint64) {
	var word [8]byte
	binary.LittleEndian.PutUint64(word[:], v)
	if mem := r.within(a, size); mem != nil {
		copy(mem, word[:size])
		return
	}
	for i := range size {
		if mem := r.within(a+Addr(i), 1); mem != nil {
			mem[0] = word[i]
		}
	}
}

// within is the memory of an access, nil unless one segment holds all of it.
func (r *RAM) within(a Addr, size int) []byte {
	i := r.from(a)
	if i == len(r.seg) || r.seg[i].base > a || r.seg[i].last()-a < Addr(size-1) {
		return nil
	}
	off := a - r.seg[i].base
	return r.seg[i].bytes[off : off+Addr(size)]
}

// from is the index of the first segment that does not end before a.
func (r *RAM) from(a Addr) int {
	return sort.Search(len(r.seg), func(i int) bool { return r.seg[i].last() >= a })
}

// spans reports whether base..last lies in the RAM's range.
func (r *RAM) spans(base, last Addr) bool { return r.base <= base && last <= r.last }

// last is the address of the segment's last byte.
func (s *segment) last() Addr { return s.base + Addr(len(s.bytes)-1) }
