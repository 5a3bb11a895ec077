// Package entry models the way from a gate to C (arch/x86/entry/entry_64.S,
// include/asm/idtentry.h, kernel/irq.c, kernel/traps.c, kernel/nmi.c): the
// entry stubs, the switch to the interrupt stack, and the functions of the
// vectors that the kernel keeps for itself.
package entry

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/idt/idtabi"
	"bothhalves/kernelsim/kernel/irq/irqabi"
	"bothhalves/kernelsim/kernel/percpu"
)

// The vectors that this package's users name most.
const (
	FirstExternal = idt.FirstExternal
	LocalTimer    = idt.LocalTimer
	Reschedule    = idt.Reschedule
)

// Stats counts interrupts of one CPU (irq_cpustat_t, arch/x86/include/asm/
// hardirq.h, and the vectors of modules).
type Stats struct {
	NMI         uint64 // __nmi_count
	Timer       uint64 // apic_timer_irqs
	Spurious    uint64 // irq_spurious_count
	IRQWork     uint64 // apic_irq_work_irqs
	PlatformIPI uint64 // x86_platform_ipis
	Reschedule  uint64 // irq_resched_count
	Call        uint64 // irq_call_count
	Thermal     uint64 // irq_thermal_count
	Threshold   uint64 // irq_threshold_count
	Deferred    uint64 // irq_deferred_error_count
	Posted      uint64 // kvm_posted_intr_ipis
	PostedNest  uint64 // kvm_posted_intr_nested_ipis
	PostedWake  uint64 // kvm_posted_intr_wakeup_ipis
	Vector      [256]uint64
}

var irqStat = percpu.New[Stats]("irq_stat")

// StatsOf is p's counts.
func StatsOf(p *cpu.CPU) *Stats { return irqStat.Raw(p) }

// A Config holds the replaceable parts of the way in.
type Config struct {
	// VectorFromFrame finds the vector in what the stub pushed; nil:
	// idt.VectorFromFrame.
	VectorFromFrame func(origAX int64, abi idtabi.ABI) cpu.Vector
	// Dispatch leads a device's vector to its interrupt; nil: the default.
	Dispatch irqabi.Dispatch
}

// global is the package's state of one machine.
type global struct {
	cfg    Config
	users  [256]user
	errors uint64 // irq_err_count
	oopses int    // die_counter
}

var state = percpu.Shared[global]("entry_state")

// Errors is irq_err_count, the row ERR of /proc/interrupts.
func Errors(c *cpu.CPU) uint64 { return state.Of(c).errors }

// Install puts the code of all gates at its addresses. Context: once, before
// the first gate is set.
func Install(c *cpu.CPU, cfg Config) {
	if cfg.VectorFromFrame == nil {
		cfg.VectorFromFrame = idt.VectorFromFrame
	}
	state.Of(c).cfg = cfg
	text, r := c.Text(), idt.ReleaseOf(c)
	for v := range cpu.Vector(32) {
		text.Put(idt.EarlyStub(v), earlySymbol(v), earlyException(v))
	}
	for _, d := range append(idt.EarlyPF(), idt.Traps(r)...) {
		text.Put(idt.Address(d.Symbol), r.Symbol(d.Symbol), trap(d.Vector))
	}
	for _, d := range idt.APIC(r) {
		text.Put(idt.Address(d.Symbol), r.Symbol(d.Symbol), sysvec(d.Vector, r))
	}
	for i := int(FirstExternal); i < idt.Entries; i++ {
		v := cpu.Vector(i)
		if v < r.Timer {
			text.Put(idt.Stub(v), symbolAt("irq_entries_start", idt.Stub(v)-idt.IRQEntries), stub(v, asmCommonInterrupt))
		} else if r.SpuriousStubs {
			text.Put(idt.SpuriousStub(v), symbolAt("spurious_entries_start", idt.SpuriousStub(v)-idt.SpuriousEntries), stub(v, asmSpuriousInterrupt))
		}
	}
}

// symbolAt is how kallsyms names an address inside a symbol.
func symbolAt(name string, off uint64) string {
	if off == 0 {
		return name
	}
	return fmt.Sprintf("%s+%#x", name, off)
}

func earlySymbol(v cpu.Vector) string {
	return symbolAt("early_idt_handler_array", idt.EarlyStub(v)-idt.EarlyHandlers)
}

// FreeInit models free_initmem: what only boot needed is gone, and the gates
// that still lead there lead nowhere.
func FreeInit(c *cpu.CPU) {
	for v := range cpu.Vector(32) {
		c.Text().Put(idt.EarlyStub(v), earlySymbol(v), nil)
	}
}

// stub models one of irq_entries_start: eight bytes of code that push
// something that says which of them it is, and jump to the common part. The
// hardware has told nobody.
func stub(v cpu.Vector, common func(*cpu.CPU, *cpu.Frame)) cpu.Code {
	return func(c *cpu.CPU, f *cpu.Frame) {
		f.OrigAX = idt.Pushed(v, idt.ReleaseOf(c).ABI)
		common(c, f)
	}
}

// regsBytes is what error_entry pushes below the processor's frame: the rest
// of struct pt_regs.
const regsBytes = 16 * 8

// in models error_entry and irqentry_enter: the registers are saved, and an
// interrupt from a program switches to the kernel's.
func in(c *cpu.CPU, f *cpu.Frame) {
	c.Stack.Push(regsBytes)
	c.Spend(cost.InterruptEntry)
}

// out models error_return; what follows is the IRET.
func out(c *cpu.CPU) { c.Spend(cost.InterruptReturn) }
