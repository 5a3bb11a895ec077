package lock

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/trace"
)

// record adds a trace record with c's context. Nothing is charged. Tasks are
// known above this package, so a reschedule shows when it is in preempt_count.
func record(c *cpu.CPU, k trace.Kind, a, b uint32) {
	word := preempt.Word(c)
	r := c.Ring.Next()
	*r = trace.Record{Time: int64(c.Now()), A: a, B: b, Task: c.Task, CPU: uint8(c.ID),
		Kind: k, Flags: preempt.TraceFlags(c, word, preempt.NeedResched(c)), Preempt: uint8(word)}
}
