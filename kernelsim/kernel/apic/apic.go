// Package apic models what the kernel does with local APICs, I/O APICs and the
// 8259A pair (arch/x86/kernel/apic/, i8259.c, smpboot.c, smp.c): their set-up,
// the timer, interprocessor interrupts, and the start of the other processors.
// All of it goes through registers, as a processor reaches them.
package apic

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic/icrabi"
	"bothhalves/kernelsim/kernel/percpu"
)

// A Config is what the kernel finds out about the board and its firmware, and
// what its command line says.
type Config struct {
	CPUs        int  // processors of the board; processor n has APIC ID n
	X2APIC      bool // X86_FEATURE_X2APIC
	TSCDeadline bool // X86_FEATURE_TSC_DEADLINE_TIMER
	BusHz       uint64
	TSCHz       uint64
	Remap       Remapper    // nil: no interrupt remapping
	PhysOnly    bool        // x2apic_phys
	NoX2APIC    bool        // nox2apic
	NoIOAPIC    bool        // noapic
	NoShorthand bool        // no_ipi_broadcast=1
	LowestPrio  bool        // kernels before 4.15: the flat driver asked for lowest priority
	Send        icrabi.Send // nil: the driver's own
	// Compose makes the message of a vector; nil: the kernel's own.
	Compose func(dest uint32, logical bool, v cpu.Vector) (addr uint64, data uint32, err error)
}

// A Remapper models struct irq_remap_ops (drivers/iommu/irq_remapping.h): the
// unit that turns interrupt messages into others.
type Remapper interface {
	// Enable turns it on. It tells whether destinations of 32 bits work
	// (IRQ_REMAP_X2APIC_MODE); ok is false if it could not be turned on.
	Enable(c *cpu.CPU) (x2apic, ok bool)
}

// The states of x2APIC mode (apic.c).
const (
	x2apicOff = iota
	x2apicDisabled
	x2apicOn
)

// system is the state that all processors share.
type system struct {
	cfg      Config
	drv      *driver // apic
	drvs     [4]driver
	mode     bool // x2apic_mode: registers are MSRs
	state    int  // x2apic_state
	remapped bool // irq_remapping_enabled
	limit    uint32
	phys     bool
	possible,
	initialized, callout, callin, online Mask
	bootedOnce Mask // cpus_booted_once_mask
	shorthand  bool // apic_use_ipi_shorthand
	extIntPin  int  // ioapic_i8259.pin
	irqMask    uint16
	once       struct{ enabled, disabled bool }
}

var shared = percpu.Shared[system]("apic")

// Init takes down what is known of the board. Context: before anything else of
// this package.
func Init(c *cpu.CPU, cfg Config) {
	if cfg.BusHz == 0 {
		cfg.BusHz = 1_000_000_000
	}
	if cfg.TSCHz == 0 {
		cfg.TSCHz = 1_000_000_000
	}
	s := shared.Of(c)
	*s = system{cfg: cfg, phys: cfg.PhysOnly, extIntPin: -1, irqMask: 0xffff}
	s.drvs = drivers()
	s.drv = &s.drvs[flat]
	s.online.Add(c.ID)
}

// Mode names the driver in use: flat, physical flat, cluster x2apic, physical
// x2apic (struct apic, name).
func Mode(c *cpu.CPU) string { return shared.Of(c).drv.name }

// X2APIC says whether the registers are reached as MSRs (x2apic_mode).
func X2APIC(c *cpu.CPU) bool { return shared.Of(c).mode }

// Read models apic_read.
func Read(c *cpu.CPU, reg uint32) uint32 {
	if shared.Of(c).mode {
		return uint32(rdmsr(c, msrFirst+reg>>4))
	}
	c.Spend(cost.APICAccess)
	return uint32(c.ReadPhys(pageBase+uint64(reg), 4))
}

// Write models apic_write.
func Write(c *cpu.CPU, reg, v uint32) {
	if shared.Of(c).mode {
		wrmsr(c, msrFirst+reg>>4, uint64(v))
		return
	}
	c.Spend(cost.APICAccess)
	c.WritePhys(pageBase+uint64(reg), 4, uint64(v))
}

// EOI models ack_APIC_irq: the interrupt in service is over. The value does
// not matter, so long as it is 0.
func EOI(c *cpu.CPU) { Write(c, regEOI, 0) }

// InService reads a vector's bit of the in-service register.
func InService(c *cpu.CPU, v cpu.Vector) bool {
	return Read(c, regISR+uint32(v>>5)*16)&(1<<(v&31)) != 0
}

// Errors models the first half of sysvec_error_interrupt: a write makes the
// error status register show what has gathered, then it is read.
func Errors(c *cpu.CPU) uint32 {
	Write(c, regESR, 0)
	return Read(c, regESR)
}

// readID models read_apic_id.
func readID(c *cpu.CPU) uint32 {
	v := Read(c, regID)
	if shared.Of(c).mode {
		return v
	}
	return v >> 24
}

// maxLVT models lapic_get_maxlvt.
func maxLVT(c *cpu.CPU) uint32 { return Read(c, regLVR) >> 16 & 0xff }

// writeICR models apic_icr_write: destination and command are two registers of
// the page, one MSR in x2APIC mode.
func writeICR(c *cpu.CPU, low, dest uint32) {
	if shared.Of(c).mode {
		wrmsr(c, msrFirst+regICR>>4, uint64(dest)<<32|uint64(low))
		return
	}
	flags := c.SaveFlags() // nobody may come between the two
	Write(c, regICR2, dest<<24)
	Write(c, regICR, low)
	c.RestoreFlags(flags)
}

// waitIdle models wait_icr_idle: the last command is on its way. In x2APIC
// mode there is nothing to wait for.
func waitIdle(c *cpu.CPU) {
	if shared.Of(c).mode {
		return
	}
	for Read(c, regICR)&icrBusy != 0 {
		c.Spend(cost.CPURelax)
	}
}

// rdmsr models rdmsrl: an access that the processor refuses is #GP.
func rdmsr(c *cpu.CPU, index uint32) uint64 {
	c.Spend(cost.MSRAccess)
	v, ok := c.RDMSR(index)
	if !ok {
		c.Exception(cpu.GP, 0)
	}
	return v
}

// wrmsr models wrmsrl.
func wrmsr(c *cpu.CPU, index uint32, v uint64) {
	c.Spend(cost.MSRAccess)
	if !c.WRMSR(index, v) {
		c.Exception(cpu.GP, 0)
	}
}
