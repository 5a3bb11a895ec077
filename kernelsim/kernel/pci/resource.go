package pci

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A Resource models struct resource (include/linux/ioport.h) as PCI uses it:
// a range of addresses, and the bits of its register.
type Resource struct {
	Start, End uint64
	Flags      uint32
}

// The flags (include/linux/ioport.h).
const (
	ResourceIO       = 0x0000_0100
	ResourceMem      = 0x0000_0200
	ResourcePrefetch = 0x0000_2000
	SizeAlign        = 0x0004_0000
	ResourceMem64    = 0x0010_0000
	PCIFixed         = 1 << 4 // IORESOURCE_PCI_FIXED
)

// Size models resource_size; 0 of a resource that is none.
func (r Resource) Size() uint64 {
	if r.Flags == 0 {
		return 0
	}
	return r.End - r.Start + 1
}

// String is the resource as %pR prints it (lib/vsprintf.c).
func (r Resource) String() string {
	if r.Flags&ResourceIO != 0 {
		if r.Start == r.End {
			return fmt.Sprintf("[io  0x%04x]", r.Start)
		}
		return fmt.Sprintf("[io  0x%04x-0x%04x]", r.Start, r.End)
	}
	text := fmt.Sprintf("[mem 0x%08x-0x%08x", r.Start, r.End)
	if r.Flags&ResourceMem64 != 0 {
		text += " 64bit"
	}
	if r.Flags&ResourcePrefetch != 0 {
		text += " pref"
	}
	return text + "]"
}

// readBases models pci_read_bases (drivers/pci/probe.c).
func (d *Dev) readBases(c *cpu.CPU) {
	for n := 0; n < len(d.Resources); n++ {
		if d.readBase(c, n) {
			n++
		}
	}
}

// readBase models __pci_read_base: with decoding off, the register's size is
// what stays of all ones. It reports whether the register takes two places.
func (d *Dev) readBase(c *cpu.CPU, n int) (wide bool) {
	pos := uint16(pcireg.BAR0 + 4*n)
	command := d.Read16(c, pcireg.CommandReg)
	const decode = pcireg.CommandIO | pcireg.CommandMemory
	if command&decode != 0 {
		d.Write16(c, pcireg.CommandReg, command&^decode)
	}
	value, size := d.sizeOf(c, pos)
	if size == ^uint32(0) { // nobody answers (PCI_POSSIBLE_ERROR)
		size = 0
	}
	flags, low := barFlags(value), uint64(0xf)
	if flags&ResourceIO != 0 {
		low = 3
	}
	base, sz, mask := uint64(value)&^low, uint64(size)&^low, uint64(0xffff_ffff)&^low
	if flags&ResourceIO != 0 {
		mask &= 0xffff
	}
	if flags&ResourceMem64 != 0 {
		upper, upperSize := d.sizeOf(c, pos+4)
		base |= uint64(upper) << 32
		sz |= uint64(upperSize) << 32
		mask |= 0xffff_ffff << 32
	}
	if command&decode != 0 {
		d.Write16(c, pcireg.CommandReg, command)
	}
	extent := pciSize(base, sz, mask)
	if sz == 0 || extent == 0 {
		return false
	}
	d.Resources[n] = Resource{base, base + extent - 1, flags | SizeAlign}
	d.info(c, "BAR %d %v", n, d.Resources[n])
	return flags&ResourceMem64 != 0
}

// sizeOf reads a register, writes all ones, reads what stays, and puts the old
// value back.
func (d *Dev) sizeOf(c *cpu.CPU, pos uint16) (value, size uint32) {
	value = d.Read32(c, pos)
	d.Write32(c, pos, ^uint32(0))
	size = d.Read32(c, pos)
	d.Write32(c, pos, value)
	return value, size
}

// barFlags models decode_bar.
func barFlags(v uint32) uint32 {
	if v&pcireg.BARIO != 0 {
		return v&3 | ResourceIO
	}
	flags := v&0xf | ResourceMem
	if v&pcireg.BARPrefetch != 0 {
		flags |= ResourcePrefetch
	}
	if v&6 == pcireg.BAR64 {
		flags |= ResourceMem64
	}
	return flags
}

// pciSize models pci_size: the lowest bit that could be set, unless the value
// read back is the base and no size.
func pciSize(base, maxbase, mask uint64) uint64 {
	size := mask & maxbase
	if size == 0 {
		return 0
	}
	size &= ^(size - 1)
	if base == maxbase && (base|(size-1))&mask != mask {
		return 0
	}
	return size
}
