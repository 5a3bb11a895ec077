package lock

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/trace"
)

// record adds a trace record with c's context. Nothing is charged.
func record(c *cpu.CPU, k trace.Kind, a, b uint32) {
	r := c.Ring.Next()
	*r = trace.Record{Time: int64(c.Now()), A: a, B: b, Task: c.Task, CPU: uint8(c.ID),
		Kind: k, Flags: flags(c), Preempt: uint8(preempt.Count(c))}
}

// flags is c's context as a trace record keeps it.
func flags(c *cpu.CPU) trace.Flags {
	var f trace.Flags
	if !c.IF() {
		f |= trace.IRQsOff
	}
	if preempt.NeedResched(c) {
		f |= trace.NeedResched | trace.PreemptResched
	}
	if preempt.InHardIRQ(c) {
		f |= trace.HardIRQ
	}
	if preempt.InServingSoftIRQ(c) {
		f |= trace.SoftIRQ
	}
	return f
}
