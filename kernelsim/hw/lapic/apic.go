// Package lapic is the local APIC: the interrupt controller inside each
// processor, and the fabric over which interrupt messages reach it.
//
// A message that names this APIC becomes a bit of IRR; what interrupts, and
// when, the arbiter decides (arbiter.go). Everything around it is registers:
// xAPIC mode shows them as a page of memory, x2APIC mode as MSRs, and both
// lead to the same load and store (regs.go).
//
// Where manuals leave a choice, this model has made it:
//   - Lowest priority goes to the matching APIC with the lowest PPR, of equals
//     to the one with the lowest ID. Software-disabled ones do not take part.
//   - What lies in IRR when software disables the APIC is still offered.
//   - An IPI with an illegal vector is sent all the same: the sender logs
//     "send illegal vector", who receives it "receive illegal vector".
//     Writing such a vector into the LVT is not yet an error, its use is.
//   - The APIC ID is read-only; delivery status always reads as idle.
//   - Bytes 4 to 15 of a register's place read as zero and take no writes;
//     parts of bytes 0 to 3 can be read, and written only as a whole.
package lapic

import (
	"strconv"

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

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.Version == 0 {
		c.Version = 0x14
	}
	if c.BusHz == 0 {
		c.BusHz = 1e9
	}
	if c.TSCHz == 0 {
		c.TSCHz = 1e9
	}
	if c.Arbiter == nil {
		c.Arbiter = NewArbiter()
	}
	return c
}

// An APIC is one local APIC (SDM volume 3, "Local APIC"; Linux:
// arch/x86/kernel/apic/apic.c drives it).
type APIC struct {
	cfg    Config
	core   cpu.Signals
	fabric *Fabric
	source bus.Source
	arb    lapicreg.Arbiter

	base   uint64 // IA32_APIC_BASE
	tpr    uint8
	ldr    uint32 // as xAPIC mode has it
	dfr    uint32
	svr    uint32
	esr    uint32 // what software reads
	errors uint32 // what was noted since it wrote ESR
	icr    uint32
	icrTop uint32 // xAPIC: the upper register; x2APIC: the destination
	lvt    [sources]uint32
	pin    [2]bool // the levels of LINT0 and LINT1
	timer  timer
}

var _ cpu.LocalAPIC = (*APIC)(nil)

// New returns a local APIC in its power-on state, joined to the fabric (SDM
// volume 3, "Local APIC State After Power-Up or Reset").
func New(eng *sim.Engine, f *Fabric, core cpu.Signals, cfg Config) *APIC {
	cfg = cfg.withDefaults()
	a := &APIC{cfg: cfg, core: core, fabric: f, arb: cfg.Arbiter}
	a.source.Name = "lapic" + strconv.FormatUint(uint64(cfg.ID), 10)
	a.timer.init(eng, a)
	a.Reset()
	f.join(a)
	return a
}

// ID is the 32-bit APIC ID (SDM volume 3, "Local APIC ID").
func (a *APIC) ID() uint32 { return a.cfg.ID }

// Source is the APIC as the origin of messages: "lapic0".
func (a *APIC) Source() *bus.Source { return &a.source }

// Reset is the state after power-on: xAPIC mode at the default address,
// disabled by SVR (SDM volume 3, "Local APIC State After Power-Up or Reset").
func (a *APIC) Reset() {
	if a.mode() == x2apic {
		a.fabric.legacy++
	}
	a.base = lapicreg.DefaultPage | lapicreg.BaseEnable
	if a.cfg.BSP {
		a.base |= lapicreg.BaseBSP
	}
	a.clear()
}

// clear gives every register its reset value but the ID and IA32_APIC_BASE:
// what an INIT does (SDM volume 3, "Local APIC State After It Receives an
// INIT").
func (a *APIC) clear() {
	a.arb.Reset()
	a.tpr, a.ldr, a.dfr = 0, 0, lapicreg.DFRFlat<<28
	a.svr = 0xff
	a.esr, a.errors = 0, 0
	a.icr, a.icrTop = 0, 0
	for s := range a.lvt {
		a.lvt[s] = lapicreg.LVTReset
	}
	a.timer.reset()
}

// enabled reports whether software has enabled the APIC: SVR bit 8.
func (a *APIC) enabled() bool { return a.svr&lapicreg.SVREnable != 0 }

// Pending is the vector that the APIC offers now; see cpu.IntController.
func (a *APIC) Pending() (cpu.Vector, bool) {
	v, ok := a.arb.Deliverable(a.tpr)
	return cpu.Vector(v), ok
}

// Acknowledge is the INTA cycle. If what was signalled is not deliverable any
// more, the core gets the spurious vector, and nothing is in service (SDM
// volume 3, "Spurious Interrupt").
func (a *APIC) Acknowledge() cpu.Vector {
	if v, ok := a.arb.Acknowledge(a.tpr); ok {
		return cpu.Vector(v)
	}
	return cpu.Vector(a.svr & 0xff)
}

// eoi is a write to the EOI register (SDM volume 3, "Signaling Interrupt
// Servicing Completion").
func (a *APIC) eoi() {
	v, level, ok := a.arb.EOI()
	if !ok {
		return
	}
	if level && a.svr&lapicreg.SVRDirectedEOI == 0 {
		a.fabric.broadcastEOI(&a.source, v)
	}
	a.pinEOI(v)
	a.signal()
}

// signal raises INTR if there is something to take.
func (a *APIC) signal() {
	if _, ok := a.Pending(); ok {
		a.core.Interrupt()
	}
}

// State copies IRR, ISR and TMR (SDM volume 3, "Interrupt Acceptance for Fixed
// Interrupts").
func (a *APIC) State() (irr, isr, tmr lapicreg.Set) { return a.arb.State() }

// CR8 is bits 7:4 of TPR (SDM volume 3, "Task Priority in IA-32e Mode"). It
// works without a local APIC too.
func (a *APIC) CR8() uint8 { return a.tpr >> 4 }

// SetCR8 writes bits 7:4 of TPR and clears the rest.
func (a *APIC) SetCR8(v uint8) { a.setTPR(v << 4) }

// setTPR changes the task priority; a lower one may let something through.
func (a *APIC) setTPR(v uint8) {
	a.tpr = v
	a.signal()
}
