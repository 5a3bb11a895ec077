package view

import (
	"fmt"

	"bothhalves/kernelsim/trace"
)

// vectorFields are the fields of the vector_* events (arch/x86/include/asm/
// trace/irq_vectors.h).
func vectorFields(r *trace.Record) []Field {
	irq, vector := num("irq", r.A), num("vector", r.B&0xff)
	ret := Field{"ret", fmt.Sprint(int32(r.D)), true}
	switch r.Kind {
	case trace.VectorAlloc:
		return []Field{irq, vector, num("reserved", r.C), ret}
	case trace.VectorAllocManaged:
		return []Field{irq, vector, ret}
	case trace.VectorReserve, trace.VectorReserveManaged:
		return []Field{irq, ret}
	case trace.VectorConfig:
		return []Field{irq, vector, num("cpu", r.C), text("apicdest", fmt.Sprintf("0x%08x", r.D))}
	case trace.VectorUpdate, trace.VectorClear:
		return []Field{irq, vector, num("cpu", r.C), num("prev_vector", r.B>>8), num("prev_cpu", r.D)}
	case trace.VectorSetup:
		return []Field{irq, num("is_legacy", r.B), ret}
	case trace.VectorTeardown:
		return []Field{irq, num("is_managed", r.B), num("has_reserved", r.C)}
	case trace.VectorFreeMoved:
		return []Field{irq, num("cpu", r.C), vector, num("is_managed", r.D)}
	}
	return []Field{irq, num("is_managed", r.B), num("can_reserve", r.C), num("reserve", r.D)}
}

// matrixFields are the fields of the irq_matrix events (include/trace/events/
// irq_matrix.h).
func matrixFields(r *trace.Record) (list []Field) {
	m := trace.UnpackMatrix(r)
	if r.Kind >= trace.MatrixAssignSystem {
		list = append(list, num("bit", m.Bit))
	}
	if r.Kind > trace.MatrixAssignSystem {
		online := uint32(0)
		if m.Online {
			online = 1
		}
		list = append(list, num("cpu", m.CPU), num("online", online), num("avl", m.Avail), num("alloc", m.Alloc), num("managed", m.Managed))
	}
	return append(list, num("online_maps", m.Maps), num("global_avl", m.GlobalAvail), num("global_rsvd", m.Reserved), num("total_alloc", m.Total))
}

// separator is what stands before a field that is not the first.
func separator(k trace.Kind, name string) string {
	switch {
	case k == trace.SchedSwitch && name == "next_comm":
		return " ==> "
	case k >= trace.MatrixOnline && k <= trace.MatrixAllocReserved && (name == "global_rsvd" || name == "total_alloc"):
		return ", "
	}
	return " "
}
