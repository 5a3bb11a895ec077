package idt

import (
	"slices"

	"bothhalves/kernelsim/hw/cpu"
)

// The stacks of the TSS that gates name (arch/x86/include/asm/page_64_types.h):
// the gate holds the index of the array plus one.
const (
	ISTDoubleFault = 1
	ISTNMI         = 2
	ISTDebug       = 3
	ISTMachine     = 4
	ISTVC          = 5
)

// A Def is one line of the kernel's tables of gates (struct idt_data). Linux
// uses interrupt gates throughout.
type Def struct {
	Vector cpu.Vector
	Symbol string
	IST    uint8
	DPL    uint8
}

// EarlyTraps models early_idts: before the stacks of the TSS stand.
func EarlyTraps() []Def {
	return []Def{{cpu.DB, "asm_exc_debug", 0, 0}, {cpu.BP, "asm_exc_int3", 0, 3}}
}

// EarlyPF models early_pf_idts: once the direct map stands.
func EarlyPF() []Def { return []Def{{cpu.PF, "asm_exc_page_fault", 0, 0}} }

// Traps models def_idts on a kernel without IBT and TDX guest support, in the
// order of vectors.
func Traps(r Release) []Def {
	list := []Def{
		{cpu.DE, "asm_exc_divide_error", 0, 0},
		{cpu.DB, "asm_exc_debug", ISTDebug, 0},
		{cpu.NMIVector, "asm_exc_nmi", ISTNMI, 0},
		{cpu.BP, "asm_exc_int3", 0, 3},
		{cpu.OF, "asm_exc_overflow", 0, 3},
		{cpu.BR, "asm_exc_bounds", 0, 0},
		{cpu.UD, "asm_exc_invalid_op", 0, 0},
		{cpu.NM, "asm_exc_device_not_available", 0, 0},
		{cpu.DF, "asm_exc_double_fault", ISTDoubleFault, 0},
		{9, "asm_exc_coproc_segment_overrun", 0, 0},
		{cpu.TS, "asm_exc_invalid_tss", 0, 0},
		{cpu.NP, "asm_exc_segment_not_present", 0, 0},
		{cpu.SS, "asm_exc_stack_segment", 0, 0},
		{cpu.GP, "asm_exc_general_protection", 0, 0},
		{15, "asm_exc_spurious_interrupt_bug", 0, 0},
		{cpu.MF, "asm_exc_coprocessor_error", 0, 0},
		{cpu.AC, "asm_exc_alignment_check", 0, 0},
		{cpu.MC, "asm_exc_machine_check", ISTMachine, 0},
		{cpu.XM, "asm_exc_simd_coprocessor_error", 0, 0},
		{cpu.VC, "asm_exc_vmm_communication", ISTVC, 0},
		{Syscall, "asm_int80_emulation", 0, 3},
	}
	if r.DebugOnBP {
		list[cpu.BP].IST = ISTDebug
	}
	return r.only(list)
}

// only drops the lines that the release does not have.
func (r Release) only(list []Def) []Def {
	return slices.DeleteFunc(list, func(d Def) bool { return !r.has(d) })
}

// APIC models apic_idts: the vectors that the kernel keeps for itself.
func APIC(r Release) []Def {
	return r.only([]Def{
		{MoveCleanup, "asm_sysvec_irq_move_cleanup", 0, 0},
		{r.Timer, "asm_sysvec_apic_timer_interrupt", 0, 0},
		{PostedNested, "asm_sysvec_kvm_posted_intr_nested_ipi", 0, 0},
		{PostedWakeup, "asm_sysvec_kvm_posted_intr_wakeup_ipi", 0, 0},
		{Posted, "asm_sysvec_kvm_posted_intr_ipi", 0, 0},
		{DeferredError, "asm_sysvec_deferred_error", 0, 0},
		{IRQWork, "asm_sysvec_irq_work", 0, 0},
		{PlatformIPI, "asm_sysvec_x86_platform_ipi", 0, 0},
		{Reboot, "asm_sysvec_reboot", 0, 0},
		{Threshold, "asm_sysvec_threshold", 0, 0},
		{Thermal, "asm_sysvec_thermal", 0, 0},
		{CallFunctionSingle, "asm_sysvec_call_function_single", 0, 0},
		{CallFunction, "asm_sysvec_call_function", 0, 0},
		{Reschedule, "asm_sysvec_reschedule_ipi", 0, 0},
		{ErrorAPIC, "asm_sysvec_error_interrupt", 0, 0},
		{SpuriousAPIC, "asm_sysvec_spurious_apic_interrupt", 0, 0},
	})
}

// Addresses of the recorded kernel (idt-apic/pc-smp4, kallsyms): the gates of
// this machine lead to the same places.
const (
	IRQEntries      = 0xffffffff81c00290 // irq_entries_start
	SpuriousEntries = 0xffffffff81c008f0 // spurious_entries_start
	EarlyHandlers   = 0xffffffff83079000 // early_idt_handler_array, in init memory
	Align           = 8                  // IDT_ALIGN without IBT
	earlyAlign      = 9                  // EARLY_IDT_HANDLER_SIZE
)

// Address is where the recorded kernel has a symbol of the tables above; 0 if
// it has none.
func Address(symbol string) uint64 {
	for _, s := range symbols() {
		if s.name == symbol {
			return 0xffffffff81c00000 + s.offset
		}
	}
	return 0
}

type address struct {
	name   string
	offset uint64
}

func symbols() []address {
	return []address{
		{"asm_exc_divide_error", 0x990}, {"asm_exc_overflow", 0x9b0}, {"asm_exc_bounds", 0x9d0},
		{"asm_exc_device_not_available", 0x9f0}, {"asm_exc_coproc_segment_overrun", 0xa10},
		{"asm_exc_spurious_interrupt_bug", 0xa30}, {"asm_exc_coprocessor_error", 0xa50},
		{"asm_exc_simd_coprocessor_error", 0xa70}, {"asm_exc_invalid_tss", 0xa90},
		{"asm_exc_segment_not_present", 0xac0}, {"asm_exc_stack_segment", 0xaf0},
		{"asm_exc_general_protection", 0xb20}, {"asm_exc_alignment_check", 0xb50}, {"asm_exc_invalid_op", 0xb80},
		{"asm_exc_int3", 0xba0}, {"asm_exc_page_fault", 0xbe0}, {"asm_int80_emulation", 0xc10},
		{"asm_exc_machine_check", 0xc30}, {"asm_exc_debug", 0xcd0}, {"asm_exc_double_fault", 0xd30},
		{"asm_exc_vmm_communication", 0xd90}, {"asm_exc_nmi", 0x1650},
		{"asm_sysvec_error_interrupt", 0xeb0}, {"asm_sysvec_spurious_apic_interrupt", 0xed0},
		{"asm_sysvec_apic_timer_interrupt", 0xef0}, {"asm_sysvec_x86_platform_ipi", 0xf10},
		{"asm_sysvec_reschedule_ipi", 0xf30}, {"asm_sysvec_irq_move_cleanup", 0xf50}, {"asm_sysvec_reboot", 0xf70},
		{"asm_sysvec_call_function_single", 0xf90}, {"asm_sysvec_call_function", 0xfb0},
		{"asm_sysvec_threshold", 0xfd0}, {"asm_sysvec_deferred_error", 0xff0}, {"asm_sysvec_thermal", 0x1010},
		{"asm_sysvec_irq_work", 0x1030}, {"asm_sysvec_kvm_posted_intr_ipi", 0x1050},
		{"asm_sysvec_kvm_posted_intr_wakeup_ipi", 0x1070}, {"asm_sysvec_kvm_posted_intr_nested_ipi", 0x1090},
	}
}
