package preempt

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/trace"
)

// Word is preempt_count with its need_resched bit.
func Word(c *cpu.CPU) uint32 { return order.Uint32(percpu.PreemptCountBytes(c)[:]) }

// TraceFlags models tracing_gen_ctx_irq_test (kernel/trace/trace.c): c's
// context as a trace record keeps it. word is what Word says: it is on every
// hot path, and read once. due is the task's TIF_NEED_RESCHED.
func TraceFlags(c *cpu.CPU, word uint32, due bool) trace.Flags {
	var f trace.Flags
	if !c.IF() {
		f |= trace.IRQsOff
	}
	if due {
		f |= trace.NeedResched
	}
	if word&percpu.NeedReschedInverted == 0 {
		f |= trace.PreemptResched
	}
	if word&interrupts == 0 {
		return f
	}
	if word&NMIMask != 0 {
		f |= trace.NMI
	}
	if word&HardIRQMask != 0 {
		f |= trace.HardIRQ
	}
	if word&SoftIRQOffset != 0 {
		f |= trace.SoftIRQ
	}
	if word&disabled != 0 {
		f |= trace.BHOff
	}
	return f
}
