package sched

import (
	"encoding/binary"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/trace"
)

// Record adds a trace record of kind k with c's context, for the kernel code
// above the scheduler. Nothing is charged.
func Record(c *cpu.CPU, k trace.Kind, a, b, d, e uint32) { record(c, k, a, b, d, e) }

// record fills a record in place: it is on every hot path.
func record(c *cpu.CPU, k trace.Kind, a, b, d, e uint32) {
	count := countWord(c)
	r := c.Ring.Next()
	r.Time = int64(c.Now())
	r.A, r.B, r.C, r.D = a, b, d, e
	r.Task, r.CPU, r.Kind = c.Task, uint8(c.ID), k
	r.Flags, r.Preempt = flags(c, count), uint8(count)
}

// Flags is c's context as a trace record keeps it.
func Flags(c *cpu.CPU) trace.Flags { return flags(c, countWord(c)) }

// countWord is preempt_count with its need_resched bit.
func countWord(c *cpu.CPU) uint32 {
	return binary.LittleEndian.Uint32(percpu.PreemptCountBytes(c)[:])
}

// flags models tracing_gen_ctx_irq_test (kernel/trace/trace.c) with
// preempt_count read once.
func flags(c *cpu.CPU, count uint32) trace.Flags {
	var f trace.Flags
	if !c.IF() {
		f |= trace.IRQsOff
	}
	if t := *current.Raw(c); t != nil && t.resched {
		f |= trace.NeedResched
	}
	if count&percpu.NeedReschedInverted == 0 {
		f |= trace.PreemptResched
	}
	if count&contexts == 0 {
		return f
	}
	if preempt.NMIBits.Get(uint64(count)) != 0 {
		f |= trace.NMI
	}
	if preempt.HardIRQBits.Get(uint64(count)) != 0 {
		f |= trace.HardIRQ
	}
	if count&preempt.SoftIRQOffset != 0 {
		f |= trace.SoftIRQ
	}
	return f
}

// contexts are the bits of preempt_count above the depth of preempt_disable.
const contexts = 0x00ffff00
