package vector

import (
	"errors"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/irq/affinity"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/vector/matrix"
	"bothhalves/kernelsim/trace"
)

// Trace begins to record the tracepoints of this package. Before, nobody can
// have enabled them: that takes a user, or the parameter trace_event. Context: the
// end of boot; with trace_event before Init.
func Trace(c *cpu.CPU) {
	s := shared.Of(c)
	s.traced = true
	if s.matrix != nil {
		s.matrix.Observe = s.record
	}
}

// books is the matrix, for changes by the processor c: its tracepoints are
// recorded there.
func books(c *cpu.CPU) *matrix.Matrix {
	s := shared.Of(c)
	s.asks = c
	return s.matrix
}

// record writes an event of the matrix into the trace (include/trace/events/
// irq_matrix.h).
func (s *system) record(ev *matrix.Event) {
	if !affinity.Online(s.asks).Has(s.asks.ID) { // tracepoints of a CPU that is offline say nothing
		return
	}
	a, b, c, d := trace.Matrix{Bit: uint32(ev.Bit), CPU: uint32(ev.CPU), Online: ev.Online,
		Avail: uint32(ev.Avail), Alloc: uint32(ev.Alloc), Managed: uint32(ev.Managed), Maps: uint32(ev.Maps),
		GlobalAvail: uint32(ev.GlobalAvail), Total: uint32(ev.Total), Reserved: uint32(ev.GlobalRsvd)}.Pack()
	sched.Record(s.asks, trace.MatrixOnline+trace.Kind(ev.Kind), a, b, c, d)
}

// trace records an event of the interrupt (arch/x86/include/asm/trace/
// irq_vectors.h).
func (d *chipData) trace(c *cpu.CPU, k trace.Kind, b, e, f uint32) {
	if shared.Of(c).traced && affinity.Online(c).Has(c.ID) {
		sched.Record(c, k, uint32(d.data.IRQ), b, e, f)
	}
}

// traceAlloc records vector_alloc or vector_alloc_managed.
func (d *chipData) traceAlloc(c *cpu.CPU, k trace.Kind, v int, reserved bool, err error) {
	if err != nil {
		v = 0
	}
	d.trace(c, k, uint32(v), bit(reserved), code(err))
}

// traceMove records vector_update or vector_clear.
func (d *chipData) traceMove(c *cpu.CPU, k trace.Kind, v cpu.Vector, n int, prev cpu.Vector, prevCPU int) {
	d.trace(c, k, uint32(v)|uint32(prev)<<8, uint32(n), uint32(prevCPU))
}

func bit(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}

// code is the number that a function of the kernel would return.
func code(err error) uint32 {
	var e *errno.Errno
	if errors.As(err, &e) {
		return uint32(-e.N)
	}
	return 0
}
