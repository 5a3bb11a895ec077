package view

import (
	"fmt"

	"bothhalves/kernelsim/trace"
)

// bottomFields are the fields of the events of softirqs, tasklets and
// workqueues (include/trace/events/irq.h, workqueue.h).
func bottomFields(r *trace.Record, names *trace.Names) []Field {
	work, function := pointer("work", works, r.A), text("function", names.Text(r.B))
	switch r.Kind {
	case trace.SoftIRQRaise, trace.SoftIRQEntry, trace.SoftIRQExit:
		return []Field{num("vec", r.A), text("action", softIRQ(r.A))}
	case trace.TaskletEntry, trace.TaskletExit:
		return []Field{text("tasklet", names.Text(r.A)), function}
	case trace.WorkQueueWork:
		return []Field{work, function, text("workqueue", names.Text(r.C)),
			num("req_cpu", r.D>>16), signed("cpu", int16(r.D))}
	case trace.WorkActivate:
		return []Field{work}
	}
	return []Field{work, function}
}

// softIRQ models show_softirq_name.
func softIRQ(vec uint32) string {
	return symbolic(uint64(vec), []string{"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL",
		"TASKLET", "SCHED", "HRTIMER", "RCU"})
}

// symbolic models __print_symbolic (kernel/trace/trace_output.c): the name of a
// value, or the value where it has none.
func symbolic(v uint64, names []string) string {
	if v < uint64(len(names)) && names[v] != "" {
		return names[v]
	}
	return fmt.Sprintf("0x%x", v)
}

// The kinds of objects that events print by address. Each kind is numbered for
// itself.
const (
	timers = iota
	hrtimers
	works
)

// pointer is a field that the kernel prints with %p.
func pointer(name string, kind, number uint32) Field { return text(name, hashed(kind, number)) }

// hashed models ptr_to_id (lib/vsprintf.c): not an object's address, but 32
// bits by which it can be told from all others. The kernel draws a key at boot;
// here a number always has the same ones. Each step can be undone, so no two
// objects look alike.
func hashed(kind, number uint32) string {
	h := number&0xfffffff | kind<<28
	h = (h + 0x9e3779b9) * 0x85ebca6b
	h ^= h >> 15
	h *= 0xc2b2ae35
	h ^= h >> 16
	return fmt.Sprintf("%016x", h)
}

// before is what the kernel prints before a field's value.
func before(k trace.Kind, i int, name string) string {
	switch {
	case k >= trace.WorkQueueWork && name == "work":
		return "work struct" + [2]string{" ", "="}[b2i(k == trace.WorkQueueWork)]
	case k >= trace.WorkExecuteStart && name == "function":
		return ": function "
	case bracketed(k, name):
		return " [" + name + "="
	case i == 0:
		return name + "="
	}
	return separator(k, name) + name + "="
}

// bracketed says which fields stand in brackets.
func bracketed(k trace.Kind, name string) bool {
	return k >= trace.SoftIRQRaise && (name == "action" || name == "timeout")
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
