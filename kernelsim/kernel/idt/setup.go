package idt

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/hw/cpu/gatereg"
	"bothhalves/kernelsim/kernel/percpu"
)

// Entries is IDT_ENTRIES, Base is CPU_ENTRY_AREA_RO_IDT: one table for all
// processors, mapped read-only.
const (
	Entries        = 256
	Base    uint64 = 0xfffffe0000000000
	kernCS         = 0x10 // __KERNEL_CS
)

// A Config says how the table is made. The functions are the replaceable
// parts of the lab on the IDT.
type Config struct {
	Release Release
	// Encode makes the sixteen bytes of a gate; nil: cpu.EncodeGate.
	Encode func(gatereg.Gate) [gatereg.Size]byte
	// Device is the gate of a device interrupt whose stub stands at an
	// address; nil: DeviceGate.
	Device func(v cpu.Vector, stub uint64) gatereg.Gate
	// Limit is what IDTR holds for a table of so many gates; nil: Limit.
	Limit func(gates int) uint16
}

// DeviceGate is what Linux gives every device interrupt (idt_data of INTG): an
// interrupt gate, so that the handler begins with interrupts off.
func DeviceGate(_ cpu.Vector, stub uint64) gatereg.Gate {
	return gatereg.Gate{Offset: stub, Selector: kernCS, Type: gatereg.InterruptGate, Present: true}
}

// Limit is the limit of a table of so many gates (IDT_TABLE_SIZE - 1): the
// offset of its last byte.
func Limit(gates int) uint16 { return uint16(gates*gatereg.Size - 1) }

// table is idt_table and what surrounds it in idt.c.
type table struct {
	cfg    Config
	gates  [Entries * gatereg.Size]byte
	system [Entries]bool // system_vectors
	done   bool          // idt_setup_done
}

var idtTable = percpu.Shared[table]("idt_table")

// Init chooses the release and the parts, and empties the table. Context:
// before any gate is set.
func Init(c *cpu.CPU, cfg Config) {
	if cfg.Encode == nil {
		cfg.Encode = cpu.EncodeGate
	}
	if cfg.Device == nil {
		cfg.Device = DeviceGate
	}
	if cfg.Limit == nil {
		cfg.Limit = Limit
	}
	*idtTable.Of(c) = table{cfg: cfg}
}

// SetupEarlyHandler models idt_setup_early_handler: every exception leads to
// the early handlers, and the boot processor loads the table.
func SetupEarlyHandler(c *cpu.CPU) {
	for v := range cpu.Vector(32) {
		set(c, v, gatereg.Gate{Offset: EarlyStub(v), Selector: kernCS, Type: gatereg.InterruptGate, Present: true})
	}
	Load(c)
}

// SetupEarlyTraps models idt_setup_early_traps.
func SetupEarlyTraps(c *cpu.CPU) {
	fromTable(c, EarlyTraps(), true)
	Load(c)
}

// SetupEarlyPF models idt_setup_early_pf.
func SetupEarlyPF(c *cpu.CPU) { fromTable(c, EarlyPF(), true) }

// SetupTraps models idt_setup_traps: the exceptions, now with their own
// stacks. Context: the TSS is loaded.
func SetupTraps(c *cpu.CPU) {
	fromTable(c, Traps(idtTable.Of(c).cfg.Release), true)
}

// SetupAPICAndIRQGates models idt_setup_apic_and_irq_gates: the kernel's own
// vectors, a stub for each of the others, then the table is closed. The stubs
// of unused system vectors are not marked as the system's. Without such stubs
// (until 5.2) these vectors lead to 0xff's function, which cannot tell them
// apart and ends none of them.
func SetupAPICAndIRQGates(c *cpu.CPU) {
	t := idtTable.Of(c)
	r := t.cfg.Release
	fromTable(c, APIC(r), true)
	for i := int(FirstExternal); i < Entries; i++ {
		v := cpu.Vector(i)
		switch {
		case t.system[v]:
		case v < r.Timer:
			set(c, v, t.cfg.Device(v, Stub(v)))
		case r.SpuriousStubs:
			set(c, v, DeviceGate(v, SpuriousStub(v)))
		default:
			set(c, v, DeviceGate(v, Address("asm_sysvec_spurious_apic_interrupt")))
		}
	}
	Load(c)
	t.done = true
}

// Load models load_idt: each processor loads the one table.
func Load(c *cpu.CPU) {
	t := idtTable.Of(c)
	c.LIDT(cpu.IDTR{Base: Base, Limit: t.cfg.Limit(Entries)}, t.gates[:])
}

// System reports whether a vector is marked in system_vectors: nobody can be
// given it.
func System(c *cpu.CPU, v cpu.Vector) bool { return idtTable.Of(c).system[v] }

// ReleaseOf is the release that the table was made for.
func ReleaseOf(c *cpu.CPU) Release { return idtTable.Of(c).cfg.Release }

// AllocIntrGate models alloc_intr_gate: a system vector gets a handler, as
// long as the table is open. It returns an error where Linux warns.
func AllocIntrGate(c *cpu.CPU, v cpu.Vector, addr uint64) error {
	t := idtTable.Of(c)
	if v < FirstSystem || t.done {
		return fmt.Errorf("idt: vector 0x%02x: a gate can be taken only from 0x%02x up and before the APIC gates are set", uint8(v), uint8(FirstSystem))
	}
	t.system[v] = true
	set(c, v, DeviceGate(v, addr))
	return nil
}

// fromTable models idt_setup_from_table.
func fromTable(c *cpu.CPU, list []Def, system bool) {
	for _, d := range list {
		set(c, d.Vector, gatereg.Gate{Offset: Address(d.Symbol), Selector: kernCS, IST: d.IST,
			Type: gatereg.InterruptGate, DPL: d.DPL, Present: true})
		idtTable.Of(c).system[d.Vector] = idtTable.Of(c).system[d.Vector] || system
	}
}

// set models write_idt_entry.
func set(c *cpu.CPU, v cpu.Vector, g gatereg.Gate) {
	t := idtTable.Of(c)
	raw := t.cfg.Encode(g)
	copy(t.gates[int(v)*gatereg.Size:], raw[:])
}
