package preempt

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/trace"
)

// contexts are the fields of preempt_count above the depth.
const contexts = 0x00ffff00

// bottomHalves counts those who have disabled bottom halves.
const bottomHalves = 0x0000fe00

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
	if word&contexts == 0 {
		return f
	}
	if NMIBits.Get(uint64(word)) != 0 {
		f |= trace.NMI
	}
	if HardIRQBits.Get(uint64(word)) != 0 {
		f |= trace.HardIRQ
	}
	if word&SoftIRQOffset != 0 {
		f |= trace.SoftIRQ
	}
	if word&bottomHalves != 0 {
		f |= trace.BHOff
	}
	return f
}
