package pcie

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

type BDF uint16

func (b BDF) String() string         { return "" }
func ParseBDF(s string) (BDF, error) { return 0, nil }
func MakeBDF(bus, dev, fn int) BDF   { return BDF(bus<<8 | dev<<3 | fn) }

type Function interface {
	ConfigRead(off uint16, size int) uint32
	ConfigWrite(off uint16, size int, v uint32)
}

// Header: identity. Name is for the memory map ("nvme").
type Header struct {
	Name                 string
	Vendor, Device       uint16
	SubVendor, SubDevice uint16
	Class                uint32 // base class, subclass, interface: 24 bits
	Revision             uint8
	Pin                  uint8  // 0 none, 1 INTA .. 4 INTD
	Status               uint16 // read-only bits beside the capability bit: DEVSEL, fast back-to-back
	MultiFunction        bool
	Extended             bool // 4 KiB of configuration space
}
type BARKind uint8

const (
	Memory32   BARKind = 0
	IO         BARKind = 1
	Memory64   BARKind = 4
	Prefetch32 BARKind = 8
	Prefetch64 BARKind = 12
)

type Place struct {
	BAR int
	Off uint32
}
type Option func(*Func)

func WithVectors(f func(pcireg.Entries) pcireg.Vectors) Option { return nil }

type Func struct{}

func NewFunc(b *bus.Bus, bdf BDF, h Header, opts ...Option) *Func         { return &Func{} }
func (f *Func) Err() error                                                { return nil }
func (f *Func) BDF() BDF                                                  { return 0 }
func (f *Func) Source() *bus.Source                                       { return nil }
func (f *Func) AddBAR(n int, kind BARKind, size uint64, r bus.Region)     {}
func (f *Func) AddCap(off uint16, id uint8, body []byte, writable []byte) {}
func (f *Func) Preset(off uint16, value, writable []byte)                 {}
func (f *Func) AddMSI(off uint16, log2max int, wide, maskable bool) *MSI  { return nil }
func (f *Func) AddMSIX(off uint16, entries int, table, pba Place) *MSIX   { return nil }
func (f *Func) MSI() *MSI                                                 { return nil }
func (f *Func) MSIX() *MSIX                                               { return nil }
func (f *Func) DMAWrite(addr bus.Addr, size int, v uint64) bool           { return false }
func (f *Func) DMARead(addr bus.Addr, size int) uint64                    { return 0 }
func (f *Func) SetINTx(assert bool)                                       {}
func (f *Func) Event(k int) error                                         { return nil } // `event BDF k`
func (f *Func) Satisfied(k int) error                                     { return nil } // `event BDF k clear`
func (f *Func) ConfigRead(off uint16, size int) uint32                    { return 0 }
func (f *Func) ConfigWrite(off uint16, size int, v uint32)                {}
func (f *Func) Reset()                                                    {}

type MSI struct{}

func (m *MSI) Notify(k int)       {}
func (m *MSI) Clear(k int)        {}
func (m *MSI) Pending(k int) bool { return false }
func (m *MSI) Enabled() bool      { return false }

type MSIX struct{}

func (m *MSIX) Notify(k int)       {}
func (m *MSIX) Clear(k int)        {}
func (m *MSIX) Pending(k int) bool { return false }
func (m *MSIX) Enabled() bool      { return false }
func (m *MSIX) Len() int           { return 0 }

type Root struct{}

func NewRoot(b *bus.Bus) *Root                                      { return &Root{} }
func (r *Root) Attach(f *Func, intx func(pin int, high bool)) error { return nil } // pin 1 INTA .. 4 INTD
func (r *Root) Func(b BDF) *Func                                    { return nil }
func (r *Root) Funcs() []*Func                                      { return nil }
func (r *Root) MapPorts() error                                     { return nil }
func (r *Root) MapECAM(base bus.Addr) error                         { return nil }
func (r *Root) ConfigRead(b BDF, off uint16, size int) uint32       { return 0 }
func (r *Root) ConfigWrite(b BDF, off uint16, size int, v uint32)   {}
