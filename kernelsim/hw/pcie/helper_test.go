package pcie

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/pcie/pcireg"
)

// A bench is one function on bus 0 with what its writes led to.
type bench struct {
	t    *testing.T
	bus  *bus.Bus
	root *Root
	f    *Func
	log  []string
}

const (
	tableAt = 0xfebf_0000
	pbaAt   = 0xfebf_8000
	msixAt  = 0x40
	msiAt   = 0x60
)

var testHeader = Header{Name: "probe", Vendor: 0x1b36, Device: 0x0011, SubVendor: 0x1af4, SubDevice: 0x1100,
	Class: 0xff_0100, Revision: 3, Pin: 1}

// newBench is the bare machine's function: MSI-X, then MSI, memory and bus
// master on.
func newBench(t *testing.T, entries int) *bench {
	t.Helper()
	b := &bench{t: t, bus: bus.New()}
	b.bus.OnMessage(func(m bus.Message) {
		b.log = append(b.log, fmt.Sprintf("%s %x=%x", m.From.Name, m.Addr, m.Data))
	})
	b.root = NewRoot(b.bus)
	b.f = NewFunc(b.bus, MakeBDF(0, 5, 0), testHeader)
	b.f.AddBAR(0, Memory32, 0x1_0000, nil)
	b.f.AddMSIX(msixAt, entries, Place{0, 0}, Place{0, 0x8000})
	b.f.AddMSI(msiAt, 5, true, true)
	if err := b.root.Attach(b.f, func(pin int, high bool) { b.log = append(b.log, fmt.Sprint("pin ", pin, high)) }); err != nil {
		t.Fatal(err)
	}
	b.f.ConfigWrite(pcireg.BAR0, 4, tableAt)
	b.f.ConfigWrite(pcireg.CommandReg, 2, pcireg.CommandMemory|pcireg.CommandMaster)
	return b
}

// take is what happened since the last call.
func (b *bench) take() string {
	s := strings.Join(b.log, ", ")
	b.log = nil
	return s
}

// want fails the test unless exactly this has happened.
func (b *bench) want(what, log string) {
	b.t.Helper()
	if got := b.take(); got != log {
		b.t.Errorf("%s: %q, want %q", what, got, log)
	}
}

// reads fails the test unless an address reads as it should.
func (b *bench) reads(what string, at bus.Addr, size int, want uint64) {
	b.t.Helper()
	if got := b.bus.Read(at, size); got != want {
		b.t.Errorf("%s: %#x reads as %#x, want %#x", what, at, got, want)
	}
}

// cfg fails the test unless a configuration read gives what it should.
func (b *bench) cfg(what string, off uint16, size int, want uint32) {
	b.t.Helper()
	if got := b.f.ConfigRead(off, size); got != want {
		b.t.Errorf("%s: offset %#x reads as %#x, want %#x", what, off, got, want)
	}
}

// entry writes a row of the table.
func (b *bench) entry(k int, addr uint64, data, control uint32) {
	at := bus.Addr(tableAt + 16*k)
	b.bus.Write(at, 4, addr&0xffff_ffff)
	b.bus.Write(at+4, 4, addr>>32)
	b.bus.Write(at+8, 4, uint64(data))
	b.bus.Write(at+12, 4, uint64(control))
}

// msix writes the message control of MSI-X.
func (b *bench) msix(v uint32) { b.f.ConfigWrite(msixAt+2, 2, v) }
