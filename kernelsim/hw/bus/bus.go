// Package bus leads physical addresses to what answers there: RAM, the
// register files of devices, and the window at 0xfee00000 where a write from
// a device is not a store but an interrupt message.
//
// What is not modelled: caches, posted writes, split locks. An access takes
// effect at once; what it costs is charged by the CPU that makes it.
package bus

import (
	"fmt"
	"sort"
)

// An Addr is a physical address.
type Addr uint64

// A Region is anything that answers at an address. Sizes are 1, 2, 4 or 8
// bytes, offsets count from the region's start, and an access never reaches
// beyond the region's end.
type Region interface {
	Read(off uint32, size int) uint64
	Write(off uint32, size int, v uint64)
}

// A Message is a device's write into the interrupt window: the address names
// the target, the data the vector (SDM 3A, 11.11 "Message Signalled
// Interrupts").
type Message struct {
	Addr Addr
	Data uint32
	From *Source // who wrote it; nil if nobody said
}

// A Source is the origin of an interrupt message: its name in a log
// ("ioapic0", "00:05.0"), and the requester ID that interrupt remapping
// checks.
type Source struct {
	Name string
	ID   uint16
}

// The interrupt message window, first and last address.
const (
	MessageBase Addr = 0xfee0_0000
	MessageLast Addr = 0xfeef_ffff
)

// A mapping is one region at its place.
type mapping struct {
	name string
	base Addr
	last Addr
	prio int
	to   Region
	ram  *RAM // to, when it is RAM: it takes whole addresses
}

// A span is a stretch of addresses at which one mapping answers: the map
// after overlaps are decided (QEMU's FlatView).
type span struct {
	base, last Addr
	to         *mapping
}

// A Bus is one physical address space.
type Bus struct {
	maps    []*mapping
	flat    []span // disjoint, in address order
	message func(Message)
	ports   *Bus // the I/O ports, addresses 0 to 0xffff; nil on the port bus itself
	inta    func() uint8
}

// New returns a bus on which nothing answers.
func New() *Bus { return &Bus{ports: &Bus{}} }

// Ports is the space of I/O ports: regions are mapped there as in memory.
func (b *Bus) Ports() *Bus { return b.ports }

// Map puts a region at size bytes from base. Where regions overlap, the
// higher priority answers; two of the same priority may not overlap.
func (b *Bus) Map(name string, base Addr, size uint64, r Region, prio int) error {
	last := base + Addr(size-1)
	ram, _ := r.(*RAM)
	switch {
	case r == nil:
		return fmt.Errorf("bus: map %q: no region was given", name)
	case size == 0 || last < base:
		return fmt.Errorf("bus: map %q: %#x bytes from %#x are no address range: correct base or size", name, size, base)
	case ram == nil && size > 1<<32:
		return fmt.Errorf("bus: map %q: %#x bytes are more than a region's 32-bit offsets reach: split the region", name, size)
	case ram != nil && !ram.spans(base, last):
		return fmt.Errorf("bus: map %q: %#x-%#x is not inside the RAM's %#x-%#x", name, base, last, ram.base, ram.last)
	}
	for _, m := range b.maps {
		if m.prio == prio && base <= m.last && m.base <= last {
			return fmt.Errorf("bus: map %q at %#x-%#x overlaps %q at %#x-%#x with the same priority %d: give one of them a higher one",
				name, base, last, m.name, m.base, m.last, prio)
		}
	}
	b.maps = append(b.maps, &mapping{name, base, last, prio, r, ram})
	b.flatten()
	return nil
}

// Unmap takes away the mapping of that name. It reports whether there was one.
func (b *Bus) Unmap(name string) bool {
	for i, m := range b.maps {
		if m.name == name {
			b.maps = append(b.maps[:i], b.maps[i+1:]...)
			b.flatten()
			return true
		}
	}
	return false
}

// OnMessage installs what takes the messages that devices write.
func (b *Bus) OnMessage(f func(Message)) { b.message = f }

// Read answers a processor's read. Where nothing answers it gives all ones,
// as a bus does that nobody drives. A size other than 1, 2, 4 or 8 reads as 0.
func (b *Bus) Read(a Addr, size int) uint64 {
	if !valid(size) {
		return 0
	}
	s := b.find(a)
	if s == nil || Addr(size-1) > s.last-a {
		return b.readBytes(a, size)
	}
	return s.read(a, size)
}

// Write takes a processor's write. Where nothing answers it is lost.
func (b *Bus) Write(a Addr, size int, v uint64) {
	if !valid(size) {
		return
	}
	s := b.find(a)
	if s == nil || Addr(size-1) > s.last-a {
		b.writeBytes(a, size, v)
		return
	}
	s.write(a, size, v)
}

// DMARead answers a device's read. The interrupt window cannot be read: it
// gives all ones.
func (b *Bus) DMARead(a Addr, size int) uint64 {
	if inWindow(a) && valid(size) {
		return ones(size)
	}
	return b.Read(a, size)
}

// DMAWrite takes a device's write. A 4-byte aligned write into the interrupt
// window becomes a message; any other write there is lost.
func (b *Bus) DMAWrite(a Addr, size int, v uint64) { b.DMAWriteFrom(nil, a, size, v) }

// DMAWriteFrom is DMAWrite by a device that says who it is.
func (b *Bus) DMAWriteFrom(src *Source, a Addr, size int, v uint64) {
	if !inWindow(a) {
		b.Write(a, size, v)
		return
	}
	if size == 4 && a%4 == 0 && b.message != nil {
		b.message(Message{a, uint32(v), src})
	}
}

// Bytes is a window into the RAM that answers at n bytes from a. Writing to
// it is a store that no handler sees.
func (b *Bus) Bytes(a Addr, n uint64) ([]byte, error) {
	s := b.find(a)
	switch {
	case s == nil:
		return nil, fmt.Errorf("bus: nothing answers at %#x: a window needs RAM", a)
	case s.to.ram == nil:
		return nil, fmt.Errorf("bus: at %#x answers %q, which is not RAM", a, s.to.name)
	case n > 0 && Addr(n-1) > s.last-a:
		return nil, fmt.Errorf("bus: %#x bytes from %#x reach beyond %q, which ends at %#x", n, a, s.to.name, s.last)
	}
	return s.to.ram.Bytes(a, n)
}

// find is the span at an address, nil where nothing answers.
func (b *Bus) find(a Addr) *span {
	i := sort.Search(len(b.flat), func(i int) bool { return b.flat[i].last >= a })
	if i == len(b.flat) || b.flat[i].base > a {
		return nil
	}
	return &b.flat[i]
}

// readBytes reads across the border of two spans, a byte at a time.
func (b *Bus) readBytes(a Addr, size int) uint64 {
	var v uint64
	for i := range size {
		at, x := a+Addr(i), uint64(0xff)
		if s := b.find(at); s != nil {
			x = s.read(at, 1)
		}
		v |= x & 0xff << (8 * i)
	}
	return v
}

// writeBytes writes across the border of two spans, a byte at a time.
func (b *Bus) writeBytes(a Addr, size int, v uint64) {
	for i := range size {
		at := a + Addr(i)
		if s := b.find(at); s != nil {
			s.write(at, 1, v>>(8*i)&0xff)
		}
	}
}

// read leads a read that lies inside the span to its region.
func (s *span) read(a Addr, size int) uint64 {
	if s.to.ram != nil {
		return s.to.ram.load(a, size)
	}
	return s.to.to.Read(uint32(a-s.to.base), size)
}

// write leads a write that lies inside the span to its region.
func (s *span) write(a Addr, size int, v uint64) {
	if s.to.ram != nil {
		s.to.ram.store(a, size, v)
		return
	}
	s.to.to.Write(uint32(a-s.to.base), size, v&ones(size))
}

// inWindow reports whether an address lies in the interrupt message window.
func inWindow(a Addr) bool { return a >= MessageBase && a <= MessageLast }

// valid reports whether an access has a size that buses have.
func valid(size int) bool { return size == 1 || size == 2 || size == 4 || size == 8 }

// ones is what size bytes read as where nothing answers.
func ones(size int) uint64 { return ^uint64(0) >> (64 - 8*size) }
