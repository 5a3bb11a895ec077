package reg

import (
	"fmt"
	"sort"
	"strings"
)

// A Register is one line of a register map, or several equal ones in a row.
//
// Every bit belongs to at most one of RW, W1C and RC. What is in none of them
// is read-only or reserved: a write leaves it as it is.
type Register struct {
	Offset uint32 // as the manual states it; New checks that it is where the map has got to
	Name   string
	Size   int    // bytes: 1, 2, 4 or 8
	Count  int    // of an array of equal registers, Stride apart; 0 means 1
	Reset  uint64 // value after reset
	RW     uint64 // bits that software reads and writes
	W1C    uint64 // bits that a written one clears
	RC     uint64 // bits that reading clears
	Layout Layout // names of the bits; may be empty

	// Read, if set, computes what a reader sees from what is stored. It must
	// not change anything: dumps call it too.
	Read func(index int, stored uint64) uint64
	// Write, if set, runs after a write was stored, with the values before
	// and after, so that the device acts on the difference.
	Write func(w Written)

	gap bool
}

// A Written is a finished write to a register.
type Written struct {
	Index  int    // which one of an array
	Value  uint64 // what was put on the bus, in the register's byte lanes
	Before uint64 // stored before
	After  uint64 // stored now
}

// Gap declares bytes at which no register answers: reads give zero, writes do
// nothing.
func Gap(offset uint32, bytes int) Register {
	return Register{Offset: offset, Name: "gap", Size: bytes, gap: true}
}

// slot is one register of the expanded map.
type slot struct {
	at    uint32
	reg   uint16 // into Map.regs
	index uint16 // of an array
	value uint64
}

// A Map is a device's register file: it answers reads and writes at offsets
// by what its registers say. It has the methods of bus.Region.
type Map struct {
	name string
	regs []Register
	slot []slot // in address order, gaps left out
	size uint32
}

// New lays out registers in address order, each taking stride bytes or its
// size, whichever is more. It fails, naming the register, where a stated
// offset is not the one that the registers before it lead to.
func New(name string, stride int, regs ...Register) (*Map, error) {
	m := &Map{name: name, regs: regs}
	for i, r := range regs {
		if err := m.check(r); err != nil {
			return nil, fmt.Errorf("reg: map %q: %w", name, err)
		}
		m.place(i, max(r.Size, stride))
	}
	m.Reset()
	return m, nil
}

// Must returns m, or panics if err says that the table of registers is wrong.
// It is for tables written out in source, which no input can change.
func Must(m *Map, err error) *Map {
	if err != nil {
		panic(err)
	}
	return m
}

// check tells what is wrong with the next register of the map.
func (m *Map) check(r Register) error {
	if r.Offset != m.size {
		return m.slipped(r)
	}
	if r.gap {
		if r.Size <= 0 || r.Size > 1<<24 {
			return fmt.Errorf("gap at %#x has %d bytes: use 1 to %d", r.Offset, r.Size, 1<<24)
		}
		return nil
	}
	width := r.Size * 8
	switch {
	case r.Size != 1 && r.Size != 2 && r.Size != 4 && r.Size != 8:
		return fmt.Errorf("register %q has size %d: use 1, 2, 4 or 8", r.Name, r.Size)
	case r.Count < 0 || r.Count > 1<<14:
		return fmt.Errorf("register %q has count %d: use 0 to %d", r.Name, r.Count, 1<<14)
	case r.RW&r.W1C|r.RW&r.RC|r.W1C&r.RC != 0:
		return fmt.Errorf("register %q: a bit is in two of RW, W1C, RC: decide for one", r.Name)
	case (r.Reset|r.RW|r.W1C|r.RC)&^ones(width) != 0:
		return fmt.Errorf("register %q: a reset value or mask reaches beyond its %d bits", r.Name, width)
	}
	if err := r.Layout.Check(width); err != nil {
		return fmt.Errorf("register %q: %w", r.Name, err)
	}
	return nil
}

// slipped is the error for a register that is not where it says.
func (m *Map) slipped(r Register) error {
	if r.Offset > m.size {
		return fmt.Errorf("%q states offset %#x, but the registers before it end at %#x: correct it, or declare the bytes between with reg.Gap(%#x, %d)",
			r.Name, r.Offset, m.size, m.size, r.Offset-m.size)
	}
	return fmt.Errorf("%q states offset %#x, but the registers before it reach to %#x: list registers in address order and check their sizes",
		r.Name, r.Offset, m.size)
}

// place gives a checked register its slots.
func (m *Map) place(i, step int) {
	r := m.regs[i]
	if r.gap {
		m.size += uint32(r.Size)
		return
	}
	for n := range max(r.Count, 1) {
		m.slot = append(m.slot, slot{at: m.size, reg: uint16(i), index: uint16(n)})
		m.size += uint32(step)
	}
}

// Name is the map's name.
func (m *Map) Name() string { return m.name }

// Size is the number of bytes from the first register to the end.
func (m *Map) Size() uint32 { return m.size }

// Registers lists the declarations in address order without the gaps.
func (m *Map) Registers() []Register {
	var out []Register
	for _, r := range m.regs {
		if !r.gap {
			out = append(out, r)
		}
	}
	return out
}

// Reset gives every register its reset value. It runs no handler.
func (m *Map) Reset() {
	for i := range m.slot {
		m.slot[i].value = m.regs[m.slot[i].reg].Reset
	}
}

// Get is the device's own view of the register at an offset: what is stored.
// It is 0 where no register begins.
func (m *Map) Get(off uint32) uint64 {
	if s := m.starts(off); s != nil {
		return s.value
	}
	return 0
}

// Set stores a value as the device itself does: no mask, no handler. It
// reports whether a register begins at the offset.
func (m *Map) Set(off uint32, v uint64) bool {
	s := m.starts(off)
	if s == nil {
		return false
	}
	s.value = v & ones(m.regs[s.reg].Size*8)
	return true
}

// starts finds the register that begins at off.
func (m *Map) starts(off uint32) *slot {
	i := m.from(off)
	if i < len(m.slot) && m.slot[i].at == off {
		return &m.slot[i]
	}
	return nil
}

// from is the index of the first register whose last byte is not below off.
func (m *Map) from(off uint32) int {
	return sort.Search(len(m.slot), func(i int) bool {
		s := &m.slot[i]
		return uint64(s.at)+uint64(m.regs[s.reg].Size) > uint64(off)
	})
}

// String dumps the map: offset, name, value, and the fields where they have
// names.
func (m *Map) String() string {
	var b strings.Builder
	for i := range m.slot {
		s := &m.slot[i]
		r := &m.regs[s.reg]
		name := r.Name
		if r.Count > 1 {
			name = fmt.Sprintf("%s[%d]", r.Name, s.index)
		}
		v := m.shown(s)
		line := fmt.Sprintf("0x%04x %-16s %0*x", s.at, name, r.Size*2, v)
		if len(r.Layout) > 0 {
			line += "  " + r.Layout.String(v)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
