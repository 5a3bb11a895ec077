package idt

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt/idtabi"
)

// A Release is what differs between kernel versions at the table and its
// stubs. Addresses are those of the recorded 6.1 in all of them.
type Release struct {
	Name          string
	ABI           idtabi.ABI
	Timer         cpu.Vector // LOCAL_TIMER_VECTOR, the first system vector
	MoveCleanup   bool       // 0x20 is the clean-up IPI's
	NoHandler     string     // the function that complains about a vector without a handler
	DebugOnBP     bool       // #BP runs on the debug stack too (until 4.16)
	OldNames      bool       // of the assembly's symbols (until 5.7)
	SpuriousStubs bool       // unused system vectors have stubs of their own (from 5.3); before, they share 0xff's gate
	VC            bool       // #VC has a handler (from 5.10)
	PostedNested  bool       // 0xf0 has one (from 4.13)
	SafeInt80     bool       // INT 0x80 enters through C (6.7, and 6.1 with its back-ports)
}

// Releases lists the versions that boot -kernel knows, the oldest first.
func Releases() []Release {
	return []Release{
		{Name: "4.9", ABI: idtabi.Not, Timer: 0xef, MoveCleanup: true, NoHandler: "do_IRQ", DebugOnBP: true, OldNames: true},
		{Name: "4.20", ABI: idtabi.Not, Timer: LocalTimer, MoveCleanup: true, NoHandler: "do_IRQ", OldNames: true, PostedNested: true},
		{Name: "5.14", ABI: idtabi.Byte, Timer: LocalTimer, MoveCleanup: true, NoHandler: "__common_interrupt",
			SpuriousStubs: true, VC: true, PostedNested: true},
		{Name: "6.1", ABI: idtabi.Byte, Timer: LocalTimer, MoveCleanup: true, NoHandler: "__common_interrupt",
			SpuriousStubs: true, VC: true, PostedNested: true, SafeInt80: true},
		{Name: "6.12", ABI: idtabi.Byte, Timer: LocalTimer, NoHandler: "__common_interrupt",
			SpuriousStubs: true, VC: true, PostedNested: true, SafeInt80: true},
	}
}

// FindRelease is the release of that name; "" is 6.1, the reference.
func FindRelease(name string) (Release, error) {
	if name == "" {
		name = "6.1"
	}
	var names []string
	for _, r := range Releases() {
		if r.Name == name {
			return r, nil
		}
		names = append(names, r.Name)
	}
	return Release{}, fmt.Errorf("kernel %s: choose one of %s", name, strings.Join(names, ", "))
}

// has says whether the release has a line of the tables.
func (r Release) has(d Def) bool {
	switch d.Vector {
	case cpu.VC:
		return r.VC
	case PostedNested:
		return r.PostedNested
	case MoveCleanup:
		return r.MoveCleanup
	}
	return true
}

// Symbol is what the release calls a function of the tables, which stand here
// in the names of 6.1.
func (r Release) Symbol(name string) string {
	if name == "asm_int80_emulation" && !r.SafeInt80 {
		return "entry_INT80_compat"
	}
	if !r.OldNames {
		return name
	}
	if old := oldSymbol(name); old != "" {
		return old
	}
	if exc, ok := strings.CutPrefix(name, "asm_exc_"); ok {
		return exc
	}
	return strings.TrimPrefix(name, "asm_sysvec_")
}

// oldSymbol lists the names that changed in 5.8 by more than their prefix.
func oldSymbol(name string) string {
	switch name {
	case "asm_exc_invalid_tss":
		return "invalid_TSS"
	case "asm_exc_coproc_segment_overrun":
		return "coprocessor_segment_overrun"
	case "asm_sysvec_deferred_error":
		return "deferred_error_interrupt"
	case "asm_sysvec_irq_work":
		return "irq_work_interrupt"
	case "asm_sysvec_reboot":
		return "reboot_interrupt"
	case "asm_sysvec_threshold":
		return "threshold_interrupt"
	case "asm_sysvec_thermal":
		return "thermal_interrupt"
	case "asm_sysvec_call_function_single":
		return "call_function_single_interrupt"
	case "asm_sysvec_call_function":
		return "call_function_interrupt"
	case "asm_sysvec_reschedule_ipi":
		return "reschedule_interrupt"
	case "asm_sysvec_spurious_apic_interrupt":
		return "spurious_interrupt"
	case "asm_sysvec_x86_platform_ipi":
		return "x86_platform_ipi"
	case "asm_sysvec_irq_move_cleanup":
		return "irq_move_cleanup_interrupt"
	}
	return ""
}
