package pcie

import (
	"fmt"
	"math/bits"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A BARKind is the low bits of a base address register, which say what kind
// of addresses it takes (PCI local bus specification 3.0, 6.2.5.1).
type BARKind uint8

// The kinds of base address registers.
const (
	Memory32   BARKind = 0
	IO         BARKind = pcireg.BARIO
	Memory64   BARKind = pcireg.BAR64
	Prefetch32 BARKind = pcireg.BARPrefetch
	Prefetch64 BARKind = pcireg.BAR64 | pcireg.BARPrefetch
)

// barPriority is that of a BAR among what is mapped: above RAM and ROM, below
// the interrupt window, as on a PC.
const barPriority = 1

// A bar is one base address register and what answers behind it.
type bar struct {
	f      *Func
	n      int // its number; a 64-bit one takes the next number too
	kind   BARKind
	size   uint64
	to     bus.Region // nil: reads zero
	inner  []window
	name   string
	base   bus.Addr // while mapped
	mapped bool
}

// A window is a part of a BAR that something else answers: the MSI-X table,
// the pending bits.
type window struct {
	off, size uint32
	to        bus.Region
}

// AddBAR gives the function a base address register of a size that is a power
// of two (PCI local bus specification 3.0, 6.2.5.1). It answers on the bus
// when the command register lets it and it holds an address.
func (f *Func) AddBAR(n int, kind BARKind, size uint64, r bus.Region) {
	if err := f.checkBAR(n, kind, size); err != nil {
		f.fail("BAR %d: %w", n, err)
		return
	}
	b := &bar{f: f, n: n, kind: kind, size: size, to: r}
	b.name = fmt.Sprintf("%s-bar%d [%s]", f.name, n, f.source.Name)
	f.bars[n] = b
	f.config.fixed(b.reg(), 4, uint32(kind))
	mask := -size
	for i := range b.bytes() {
		f.config.rw[b.reg()+i] = byte(mask >> (8 * i))
	}
}

// checkBAR tells what is wrong with a BAR's shape.
func (f *Func) checkBAR(n int, kind BARKind, size uint64) error {
	least, most := uint64(16), uint64(1)<<31
	switch kind {
	case IO:
		least, most = 4, 256
	case Memory64, Prefetch64:
		most = 1 << 32
	case Memory32, Prefetch32:
	default:
		return fmt.Errorf("kind %d is none of IO, Memory32, Memory64, Prefetch32, Prefetch64", kind)
	}
	wide := kind&pcireg.BAR64 != 0
	switch {
	case n < 0 || n > 5 || wide && n == 5:
		return fmt.Errorf("there are six registers, and a 64-bit one takes two: use 0 to 5, or 0 to 4")
	case f.taken(n) || wide && f.taken(n+1):
		return fmt.Errorf("the register is in use: choose another number")
	case bits.OnesCount64(size) != 1 || size < least || size > most:
		return fmt.Errorf("size %#x: use a power of two from %#x to %#x", size, least, most)
	}
	return nil
}

// taken reports whether register n belongs to a BAR.
func (f *Func) taken(n int) bool {
	return f.bars[n] != nil || n > 0 && f.bars[n-1] != nil && f.bars[n-1].wide()
}

// NameBAR changes the name that a BAR has in the memory map; the function's
// address is added to it.
func (f *Func) NameBAR(n int, name string) {
	if n < 0 || n > 5 || f.bars[n] == nil {
		f.fail("there is no BAR %d to be called %q: add it first", n, name)
		return
	}
	f.bars[n].name = fmt.Sprintf("%s [%s]", name, f.source.Name)
}

// reg is the offset of the register in configuration space.
func (b *bar) reg() int { return pcireg.BAR0 + 4*b.n }

// wide reports whether the register is 64 bits long, bytes how many bytes
// that makes.
func (b *bar) wide() bool { return b.kind&pcireg.BAR64 != 0 }
func (b *bar) bytes() int {
	if b.wide() {
		return 8
	}
	return 4
}

// address is what the register holds, without the bits that say its kind.
func (b *bar) address() bus.Addr {
	v := uint64(b.f.config.dword(uint16(b.reg())))
	if b.wide() {
		v |= uint64(b.f.config.dword(uint16(b.reg()+4))) << 32
	}
	return bus.Addr(v & -b.size)
}

// place is the address at which the BAR ought to answer. Zero is no address,
// nor is one that reaches the very end of the space: that is where a BAR
// points while software finds out its size.
func (b *bar) place() (at bus.Addr, ok bool) {
	enable, limit := uint16(pcireg.CommandMemory), ^bus.Addr(0)
	switch {
	case b.kind == IO:
		enable, limit = pcireg.CommandIO, 0x1_0000
	case !b.wide():
		limit = 0xffff_ffff
	}
	at = b.address()
	last := at + bus.Addr(b.size-1)
	return at, b.f.command(enable) && at != 0 && last < limit
}

// space is the bus on which the BAR answers.
func (b *bar) space() *bus.Bus {
	if b.kind == IO {
		return b.f.bus.Ports()
	}
	return b.f.bus
}

// settle maps or unmaps the BAR as the registers say. It reports whether an
// address became free.
func (b *bar) settle() (freed bool) {
	at, ok := b.place()
	if b.mapped && (!ok || at != b.base) {
		b.space().Unmap(b.name)
		b.mapped, freed = false, true
	}
	if ok && !b.mapped {
		b.base = at
		b.mapped = b.space().Map(b.name, at, b.size, b, barPriority) == nil
	}
	return freed
}

// mapBARs settles all BARs of the function. One that finds its address taken
// waits until it is free. It reports whether an address became free.
func (f *Func) mapBARs() (freed bool) {
	for _, b := range f.bars {
		if b != nil && b.settle() {
			freed = true
		}
	}
	return freed
}

// moveBARs settles the function's BARs, and those of others that may have
// waited for an address that became free.
func (f *Func) moveBARs() {
	if f.mapBARs() && f.root != nil {
		for _, other := range f.root.funcs {
			other.mapBARs()
		}
	}
}

// Read answers an access to the BAR; see bus.Region.
func (b *bar) Read(off uint32, size int) uint64 {
	r, at := b.find(off)
	if r == nil {
		return 0
	}
	return r.Read(at, size)
}

// Write takes an access to the BAR; see bus.Region.
func (b *bar) Write(off uint32, size int, v uint64) {
	if r, at := b.find(off); r != nil {
		r.Write(at, size, v)
	}
}

// find is who answers at an offset in the BAR, and the offset there.
func (b *bar) find(off uint32) (bus.Region, uint32) {
	for _, w := range b.inner {
		if off >= w.off && off-w.off < w.size {
			return w.to, off - w.off
		}
	}
	return b.to, off
}

// BAR is where register n of the function leads at present (Linux:
// pci_resource_start, include/linux/pci.h): its address and size, and whether
// it answers there.
func (f *Func) BAR(n int) (at bus.Addr, size uint64, mapped bool) {
	if n < 0 || n > 5 || f.bars[n] == nil {
		return 0, 0, false
	}
	b := f.bars[n]
	return b.address(), b.size, b.mapped
}
