// Package lapic is the local APIC: the interrupt controller inside each
// processor, and the fabric over which interrupt messages reach it.
package lapic

import (
	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// A Config says what kind of local APIC to build (SDM volume 3, "Local APIC
// Version Register").
type Config struct {
	ID           uint32
	BSP          bool
	X2APIC       bool             // CPUID offers it
	TSCDeadline  bool             // CPUID offers it
	CMCI         bool             // a seventh LVT entry
	DirectedEOI  bool             // SVR bit 12 is implemented (version bit 24)
	Version      uint8            // 0x14 or 0x15; 0: 0x14
	BusHz, TSCHz uint64           // 0: 1 GHz
	Arbiter      lapicreg.Arbiter // nil: NewArbiter()
}

// An APIC is one local APIC (SDM volume 3, "Local APIC").
type APIC struct{ cfg Config }

var _ cpu.LocalAPIC = (*APIC)(nil)

// New returns a local APIC in its power-on state, joined to the fabric.
func New(eng *sim.Engine, f *Fabric, core cpu.Signals, cfg Config) *APIC { return &APIC{cfg} }

// A Source is a local interrupt source: one entry of the LVT.
type Source uint8

// The local sources.
const (
	Timer Source = iota
	Thermal
	PMC
	LINT0
	LINT1
	Error
	CMCI
)

// ID is the 32-bit APIC ID.
func (a *APIC) ID() uint32 { return a.cfg.ID }

// Source is the APIC as the origin of messages.
func (a *APIC) Source() *bus.Source { return nil }

// Fire is an event of a local source.
func (a *APIC) Fire(s Source) {}

// SetLINT sets the level of pin LINTn.
func (a *APIC) SetLINT(n int, high bool) {}

// Reset is the state after power-on.
func (a *APIC) Reset() {}

// Dump is what `info lapic` prints.
func (a *APIC) Dump() string { return "" }

// DumpAs is Dump under the number of a processor that is not its ID.
func (a *APIC) DumpAs(cpu int) string { return "" }

// State copies IRR, ISR and TMR.
func (a *APIC) State() (irr, isr, tmr lapicreg.Set) { return }

// Pending is the vector that the APIC offers.
func (a *APIC) Pending() (cpu.Vector, bool) { return 0, false }

// Acknowledge is the INTA cycle.
func (a *APIC) Acknowledge() cpu.Vector { return 0 }

// Claims reports whether an address lies in the register page.
func (a *APIC) Claims(addr uint64) (off uint32, ok bool) { return 0, false }

// MMIORead reads a register.
func (a *APIC) MMIORead(off uint32, size int) uint64 { return 0 }

// MMIOWrite writes a register.
func (a *APIC) MMIOWrite(off uint32, size int, v uint64) {}

// HasMSR reports whether an MSR is the APIC's.
func (a *APIC) HasMSR(index uint32) bool { return false }

// ReadMSR reads an MSR.
func (a *APIC) ReadMSR(index uint32) (v uint64, ok bool) { return 0, false }

// WriteMSR writes an MSR.
func (a *APIC) WriteMSR(index uint32, v uint64) (ok bool) { return false }

// CR8 is bits 7:4 of TPR.
func (a *APIC) CR8() uint8 { return 0 }

// SetCR8 writes bits 7:4 of TPR.
func (a *APIC) SetCR8(v uint8) {}

// NewArbiter returns the default arbiter.
func NewArbiter() lapicreg.Arbiter { return nil }
