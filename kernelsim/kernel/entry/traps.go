package entry

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/idt"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
)

// trap is the code behind an exception's gate. The kernel of this machine runs
// no programs that could be sent a signal: an exception is the kernel's own,
// and ends the run as it ends the task on a real one.
func trap(v cpu.Vector) cpu.Code {
	switch v {
	case cpu.NMIVector:
		return excNMI
	case cpu.DF:
		return excDoubleFault
	case cpu.PF:
		return excPageFault
	case cpu.GP:
		return excGeneralProtection
	case cpu.DB, idt.Syscall, 15: // nothing to do: a debug exception without a debugger, a call of no program, a chip's erratum
		return harmless
	}
	return func(c *cpu.CPU, f *cpu.Frame) {
		in(c, f)
		die(c, f, trapName(v), "exception", "code of the kernel raised an exception that it has no fix-up for")
	}
}

// trapName is what do_error_trap and its like print for a vector
// (arch/x86/kernel/traps.c).
func trapName(v cpu.Vector) string {
	switch v {
	case cpu.DE:
		return "divide error"
	case cpu.BP:
		return "int3"
	case cpu.OF:
		return "overflow"
	case cpu.BR:
		return "bounds"
	case cpu.UD:
		return "invalid opcode"
	case cpu.NM:
		return "unexpected #NM exception"
	case 9:
		return "coprocessor segment overrun"
	case cpu.TS:
		return "invalid TSS"
	case cpu.NP:
		return "segment not present"
	case cpu.SS:
		return "stack segment"
	case cpu.MF:
		return "fpu exception"
	case cpu.AC:
		return "Split lock detected"
	case cpu.MC:
		return "Machine check"
	case cpu.XM:
		return "simd exception"
	case cpu.VC:
		return "VMM communication"
	}
	return fmt.Sprintf("trap %d", v)
}

func harmless(c *cpu.CPU, f *cpu.Frame) {
	in(c, f)
	out(c)
}

// excGeneralProtection models exc_general_protection for kernel code.
func excGeneralProtection(c *cpu.CPU, f *cpu.Frame) {
	in(c, f)
	if f.ErrorCode == 0 {
		die(c, f, "general protection fault", "general protection", "an instruction was not allowed: a model specific register, a privileged or a malformed access")
	}
	die(c, f, "segment-related general protection fault", "general protection", gateText(f.ErrorCode))
}

// gateText says in words what an error code that names a gate means.
func gateText(code uint32) string {
	if code&cpu.ErrorIDT == 0 {
		return "the error code names a segment"
	}
	who := "INT n"
	if code&cpu.ErrorExternal != 0 {
		who = "an interrupt or exception"
	}
	return fmt.Sprintf("%s asked for vector 0x%02x, whose entry in the IDT is beyond the limit, of no gate type, or not for this privilege", who, code>>3&0xff)
}

// excPageFault models exc_page_fault down to show_fault_oops
// (arch/x86/mm/fault.c).
func excPageFault(c *cpu.CPU, f *cpu.Frame) {
	in(c, f)
	kind := "read access"
	switch {
	case f.ErrorCode&0x10 != 0:
		kind = "instruction fetch"
	case f.ErrorCode&2 != 0:
		kind = "write access"
	}
	title := fmt.Sprintf("BUG: unable to handle page fault for address: %016x", f.Addr)
	if f.Addr < 4096 {
		title = fmt.Sprintf("BUG: kernel NULL pointer dereference, address: %016x", f.Addr)
	}
	raise(c, oops.Report{Rule: "page fault", Title: title,
		Lines: []string{"#PF: supervisor " + kind + " in kernel mode",
			fmt.Sprintf("#PF: error_code(0x%04x) - not-present page", f.ErrorCode), header(c, "Oops", f.ErrorCode)},
		Why: "the kernel used an address at which nothing is mapped"})
}

// excDoubleFault models exc_double_fault: a stack that ran into its guard page
// is the usual reason, and is named.
func excDoubleFault(c *cpu.CPU, f *cpu.Frame) {
	in(c, f)
	if s := f.Interrupted(); s != nil && s.SP < s.Base+guardRoom {
		raise(c, oops.Report{Rule: "stack overflow",
			Title: fmt.Sprintf("BUG: %s stack guard page was hit at %016x (stack is %016x..%016x)", s.Name, s.Base-8, s.Base, s.Top),
			Lines: []string{header(c, "stack guard page", 0)},
			Why:   "each interrupt that came in before the last one had returned took another frame from the same stack, until it ended"})
	}
	raise(c, oops.Report{Rule: "double fault", Title: fmt.Sprintf("PANIC: double fault, error_code: 0x%x", f.ErrorCode),
		Lines: []string{header(c, "double fault", f.ErrorCode)},
		Why:   "an exception arose while another one was being delivered, and the two cannot be handled one after the other"})
}

// guardRoom is how close to its end a stack is when the processor cannot push
// a frame any more.
const guardRoom = regsBytes + chainBytes + 64

// earlyException models early_fixup_exception: before the real gates stand
// nobody can mend anything.
func earlyException(v cpu.Vector) cpu.Code {
	return func(c *cpu.CPU, f *cpu.Frame) {
		raise(c, oops.Report{Rule: "early exception",
			Title: fmt.Sprintf("PANIC: early exception 0x%02x IP 10:0 error %x cr2 0x%x", uint8(v), f.ErrorCode, f.Addr),
			Why:   "the kernel was not yet ready to handle exceptions"})
	}
}

// die models die (arch/x86/kernel/dumpstack.c): the header, then the end of
// the task; here, of the run.
func die(c *cpu.CPU, f *cpu.Frame, what, rule, why string) {
	raise(c, oops.Report{Rule: rule, Title: header(c, what, f.ErrorCode), Why: why})
}

// header models __die_header.
func header(c *cpu.CPU, what string, code uint32) string {
	s := state.Of(c)
	s.oopses++
	return fmt.Sprintf("%s: %04x [#%d] PREEMPT SMP NOPTI", what, code&0xffff, s.oopses)
}

func raise(c *cpu.CPU, r oops.Report) {
	r.CPU = c.ID
	oops.Raise(r)
}

// inNMI surrounds what runs as an NMI does: nmi_enter and nmi_exit.
func inNMI(c *cpu.CPU, body func()) {
	preempt.Add(c, preempt.NMIOffset+preempt.HardIRQOffset)
	body()
	preempt.Sub(c, preempt.NMIOffset+preempt.HardIRQOffset)
	c.Spend(cost.InterruptReturn)
}
