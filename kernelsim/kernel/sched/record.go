package sched

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/trace"
)

// Record adds a trace record of kind k with c's context, for the kernel code
// above the scheduler. Nothing is charged.
func Record(c *cpu.CPU, k trace.Kind, a, b, d, e uint32) { record(c, k, a, b, d, e) }

// record fills a record in place: it is on every hot path.
func record(c *cpu.CPU, k trace.Kind, a, b, d, e uint32) {
	if runqueues.Raw(c).hotplug.dead { // tracepoints of a CPU that is offline say nothing
		return
	}
	word := preempt.Word(c)
	r := c.Ring.Next()
	r.Time = int64(c.Now())
	r.A, r.B, r.C, r.D = a, b, d, e
	r.Task, r.CPU, r.Kind = c.Task, uint8(c.ID), k
	r.Flags, r.Preempt = flags(c, word), uint8(min(word&0xff, 0xf)) // ftrace counts no further
}

// Flags is c's context as a trace record keeps it.
func Flags(c *cpu.CPU) trace.Flags { return flags(c, preempt.Word(c)) }

func flags(c *cpu.CPU, word uint32) trace.Flags {
	t := *current.Raw(c)
	return preempt.TraceFlags(c, word, t != nil && t.resched)
}
