package pcie

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A Root is the host bridge as software sees it: it leads configuration
// accesses to the functions of bus 0, by two ports or by a window in memory.
type Root struct {
	bus     *bus.Bus
	funcs   []*Func // in the order of their addresses
	address uint32  // what port 0xcf8 holds
}

// NewRoot makes a host bridge without functions; see MapPorts and MapECAM for
// how software gets at it (PCI local bus specification 3.0, 3.2.2.3).
func NewRoot(b *bus.Bus) *Root { return &Root{bus: b} }

// Attach puts a function on the bus. intx is told when the level of its
// interrupt pin changes: 1 for INTA# to 4 for INTD#; nil if no pin leads
// anywhere. It refuses a function whose address is taken or whose shape has a
// mistake.
func (r *Root) Attach(f *Func, intx func(pin int, high bool)) error {
	i, taken := slices.BinarySearchFunc(r.funcs, f.BDF(), func(g *Func, b BDF) int { return int(g.BDF()) - int(b) })
	switch {
	case f.err != nil:
		return f.err
	case taken:
		return fmt.Errorf("pcie: there is a function %s already: choose another address", f.BDF())
	case f.BDF().Bus() != 0:
		return fmt.Errorf("pcie: function %s is not on bus 0, and there is no bridge to another bus: choose an address that begins with 00", f.BDF())
	}
	r.funcs = slices.Insert(r.funcs, i, f)
	f.root, f.pin.route = r, intx
	return nil
}

// Func is the function at an address, nil if there is none (Linux:
// pci_get_domain_bus_and_slot).
func (r *Root) Func(b BDF) *Func {
	for _, f := range r.funcs {
		if f.BDF() == b {
			return f
		}
	}
	return nil
}

// Funcs lists the functions in the order of their addresses, the order in
// which Linux finds them (pci_scan_child_bus, drivers/pci/probe.c).
func (r *Root) Funcs() []*Func { return slices.Clone(r.funcs) }

// ConfigRead leads a configuration read to its function. Where there is none
// nobody answers: all ones, by which software knows (pci_bus_read_dev_vendor_id).
func (r *Root) ConfigRead(b BDF, off uint16, size int) uint32 {
	if f := r.Func(b); f != nil {
		return f.ConfigRead(off, size)
	}
	return ones(size)
}

// ConfigWrite leads a configuration write to its function; where there is none
// it is lost.
func (r *Root) ConfigWrite(b BDF, off uint16, size int, v uint32) {
	if f := r.Func(b); f != nil {
		f.ConfigWrite(off, size, v)
	}
}

// MapPorts makes configuration mechanism #1 answer at ports 0xcf8 and 0xcfc
// (PCI local bus specification 3.0, 3.2.2.3.2).
func (r *Root) MapPorts() error {
	ports := r.bus.Ports()
	if err := ports.Map("pci-conf-idx", pcireg.ConfigAddressPort, 4, addressPort{r}, 0); err != nil {
		return err
	}
	return ports.Map("pci-conf-data", pcireg.ConfigDataPort, 4, dataPort{r}, 0)
}

// addressPort is the register at 0xcf8. Only double words are for it: Linux
// writes a byte to 0xcfb first, which must not disturb it (pci_check_type1,
// arch/x86/pci/direct.c).
type addressPort struct{ r *Root }

// Bits of the address register (pcireg.ConfigAddress).
const (
	addressEnable = 1 << 31
	addressBits   = addressEnable | 0xff_fffc
)

// Read answers a read of the address register; see bus.Region.
func (p addressPort) Read(off uint32, size int) uint64 {
	if size != 4 {
		return refused(size)
	}
	return uint64(p.r.address)
}

// Write takes a write to the address register; see bus.Region.
func (p addressPort) Write(off uint32, size int, v uint64) {
	if size == 4 {
		p.r.address = uint32(v) & addressBits
	}
}

// dataPort is the four bytes at 0xcfc: a window on the double word that the
// address register names. The byte enables of an access are the configuration
// request's.
type dataPort struct{ r *Root }

// target is the function and offset that an access to the window means.
func (p dataPort) target(off uint32) (b BDF, at uint16, enabled bool) {
	a := p.r.address
	return BDF(a >> 8), uint16(a&0xfc) + uint16(off), a&addressEnable != 0
}

// Read answers a read of configuration space; see bus.Region.
func (p dataPort) Read(off uint32, size int) uint64 {
	b, at, enabled := p.target(off)
	if !enabled {
		return refused(size)
	}
	return uint64(p.r.ConfigRead(b, at, size))
}

// Write takes a write to configuration space; see bus.Region.
func (p dataPort) Write(off uint32, size int, v uint64) {
	if b, at, enabled := p.target(off); enabled {
		p.r.ConfigWrite(b, at, size, uint32(v))
	}
}

// ecamSize is the window for 256 buses.
const ecamSize = 1 << 28

// MapECAM makes configuration space answer in memory, 4 KiB a function (PCIe
// base specification, "PCI Express Enhanced Configuration Access Mechanism").
// Here alone the bytes from 0x100 on can be reached.
func (r *Root) MapECAM(base bus.Addr) error {
	if base%ecamSize != 0 {
		return fmt.Errorf("pcie: ECAM at %#x: use a multiple of %#x", base, ecamSize)
	}
	return r.bus.Map("pcie-mmcfg-mmio", base, ecamSize, ecam{r}, 0)
}

// ecam is the window in memory. A configuration request carries one double
// word at most: longer ones get no answer.
type ecam struct{ r *Root }

// Read answers a read in the window; see bus.Region.
func (e ecam) Read(off uint32, size int) uint64 {
	if size > 4 {
		return refused(size)
	}
	return uint64(e.r.ConfigRead(BDF(off>>12), uint16(off&0xfff), size))
}

// Write takes a write in the window; see bus.Region.
func (e ecam) Write(off uint32, size int, v uint64) {
	e.r.ConfigWrite(BDF(off>>12), uint16(off&0xfff), size, uint32(v))
}
