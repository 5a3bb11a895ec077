package pcie

import (
	"fmt"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A Function is what answers configuration accesses (PCI local bus
// specification 3.0, 3.2.2.3). Sizes are 1, 2 and 4 bytes.
type Function interface {
	ConfigRead(off uint16, size int) uint32
	ConfigWrite(off uint16, size int, v uint32)
}

// A Header is the identity of a function: the fields of the type 0 header
// (PCI local bus specification 3.0, 6.1) that are fixed when it is made.
type Header struct {
	Name                 string // for the memory map: "nvme"
	Vendor, Device       uint16
	SubVendor, SubDevice uint16
	Class                uint32 // base class, subclass and interface: 0x010802
	Revision             uint8
	Pin                  uint8  // interrupt pin: 0 none, 1 INTA# to 4 INTD#
	Status               uint16 // read-only bits beside the capability bit: DEVSEL timing
	MultiFunction        bool
	LatencyTimer         bool // the latency timer can be written; PCI Express has none
	Extended             bool // 4 KiB of configuration space, not 256 bytes
}

// An Option changes how a function is made.
type Option func(*Func)

// WithVectors has MSI-X decided by another part than the default one (PCIe
// base specification, "Per-vector Masking and Function Masking").
func WithVectors(build func(pcireg.Entries) pcireg.Vectors) Option {
	return func(f *Func) { f.makeVectors = build }
}

// A Func is a function with a type 0 header (PCI local bus specification 3.0,
// 6.1): one of up to eight in a device.
type Func struct {
	bus    *bus.Bus
	source bus.Source
	name   string
	config space
	bars   [6]*bar
	last   uint16 // the capability at the end of the list, 0 while there is none
	caps   []capability
	msi    *MSI
	msix   *MSIX
	pin    pin
	root   *Root
	err    error

	onWrite     func() // of the device: see OnConfigWrite
	makeVectors func(pcireg.Entries) pcireg.Vectors
}

// NewFunc makes a function that nothing but ConfigRead and ConfigWrite
// reaches yet; see Root.Attach. Mistakes in its shape, here and in the Add
// methods, are kept for Err.
func NewFunc(b *bus.Bus, bdf BDF, h Header, opts ...Option) *Func {
	f := &Func{bus: b, name: h.Name, makeVectors: newVectors}
	f.source = bus.Source{Name: bdf.String(), ID: uint16(bdf)}
	f.config = newSpace(h)
	if h.Pin > 4 {
		f.fail("interrupt pin %d: use 0 (none) or 1 (INTA#) to 4 (INTD#)", h.Pin)
	}
	if h.Class > 0xff_ffff {
		f.fail("class %#x has more than 24 bits", h.Class)
	}
	for _, o := range opts {
		o(f)
	}
	return f
}

// fail keeps the first mistake in the function's shape.
func (f *Func) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("pcie: function %s: "+format, append([]any{f.source.Name}, args...)...)
	}
}

// Err is the first mistake that was made in building the function (PCI local
// bus specification 3.0, 6.2), nil if there was none.
func (f *Func) Err() error { return f.err }

// BDF is the function's address (PCI_DEVID).
func (f *Func) BDF() BDF { return BDF(f.source.ID) }

// Name is the name that the function has in the memory map.
func (f *Func) Name() string { return f.name }

// Source is the origin of the function's writes: its requester ID.
func (f *Func) Source() *bus.Source { return &f.source }

// MSI is the function's MSI capability (PCI_CAP_ID_MSI), nil if it has none.
func (f *Func) MSI() *MSI { return f.msi }

// MSIX is the function's MSI-X capability (PCI_CAP_ID_MSIX), nil if it has
// none.
func (f *Func) MSIX() *MSIX { return f.msix }

// OnConfigWrite installs what a device does beside the header's rules when its
// configuration space was written: a bridge follows its routing registers.
func (f *Func) OnConfigWrite(fn func()) { f.onWrite = fn }

// command reports whether a bit of the command register is set.
func (f *Func) command(bit uint16) bool {
	return f.config.word(pcireg.CommandReg)&bit != 0
}

// DMAWrite writes to memory, if the function is a bus master (bit 2 of the
// command register). It reports whether it was.
func (f *Func) DMAWrite(addr bus.Addr, size int, v uint64) bool {
	if !f.command(pcireg.CommandMaster) {
		return false
	}
	f.bus.DMAWriteFrom(&f.source, addr, size, v)
	return true
}

// DMARead reads memory. A function that is no bus master (bit 2 of the command
// register) gets all ones.
func (f *Func) DMARead(addr bus.Addr, size int) uint64 {
	if !f.command(pcireg.CommandMaster) {
		addr = noAddress
	}
	return f.bus.DMARead(addr, size)
}

// noAddress is one at which nothing can be read: it lies in the interrupt
// window.
const noAddress = bus.MessageBase

// Event is a device's wish to signal number k, through whichever of MSI-X and
// MSI software has enabled, MSI-X if neither is: there it stays pending.
func (f *Func) Event(k int) error {
	if err := f.check(k); err != nil {
		return err
	}
	if f.usesMSI() {
		f.msi.Notify(k)
		return nil
	}
	f.msix.Notify(k)
	return nil
}

// Satisfied tells the function that what caused event k was taken care of by
// other means than an interrupt, such as polling (PCIe base specification,
// "Per-vector Masking and Function Masking").
func (f *Func) Satisfied(k int) error {
	if err := f.check(k); err != nil {
		return err
	}
	if f.usesMSI() {
		f.msi.Clear(k)
		return nil
	}
	f.msix.Clear(k)
	return nil
}

// usesMSI reports whether events go through MSI.
func (f *Func) usesMSI() bool {
	return f.msix == nil || f.msi != nil && f.msi.Enabled() && !f.msix.Enabled()
}

// check tells what is wrong with an event's number.
func (f *Func) check(k int) error {
	n, kind := 0, "MSI-X entries"
	switch {
	case f.msix == nil && f.msi == nil:
		return fmt.Errorf("pcie: function %s has neither MSI-X nor MSI: choose a function that has (info pci)", f.source.Name)
	case f.usesMSI():
		n, kind = f.msi.Len(), "MSI messages"
	default:
		n = f.msix.Len()
	}
	if k < 0 || k >= n {
		return fmt.Errorf("pcie: function %s has %d %s: use 0 to %d, not %d", f.source.Name, n, kind, n-1, k)
	}
	return nil
}

// Reset is a reset of the function (PCIe base specification, "Function Level
// Reset"): every register has its first value again, nothing is pending.
func (f *Func) Reset() {
	f.config.reset()
	f.pin.asserted = false
	if f.msix != nil {
		f.msix.reset()
	}
	f.moveBARs()
	f.drivePin()
}
