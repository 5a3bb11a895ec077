// Package view turns the records of the trace ring into something to read:
// ftrace's text, JSON lines, and a timeline.
package view

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/trace"
)

// A Field is one argument of an event, named as in the event's TP_printk.
type Field struct {
	Name string
	Text string // the value
	Num  bool   // the value is a number
}

// Fields lists a record's arguments in the order in which the kernel prints
// them.
func Fields(r *trace.Record, names *trace.Names) []Field {
	switch r.Kind {
	case trace.SchedSwitch:
		return switchFields(r, names)
	case trace.SchedWaking, trace.SchedWakeup, trace.SchedWakeupNew:
		return append(taskFields(r.A, r.C, names), Field{"target_cpu", fmt.Sprintf("%03d", r.B), true})
	case trace.SchedMigrateTask:
		return append(taskFields(r.A, r.D, names), num("orig_cpu", r.B), num("dest_cpu", r.C))
	case trace.SchedProcessExit:
		return taskFields(r.A, r.C, names)
	case trace.Contention:
		return []Field{text("lock", names.Text(r.A)), text("flags", "SPIN")}
	case trace.ContentionEnd:
		return []Field{text("lock", names.Text(r.A)), num("ret", 0)}
	case trace.PercpuAlloc:
		return []Field{num("reserved", r.D), num("is_atomic", 0), num("size", r.A), num("align", r.B), num("off", r.C)}
	case trace.PercpuFree:
		return []Field{num("off", r.C)}
	case trace.PercpuAllocFail:
		return []Field{num("reserved", r.D), num("is_atomic", 0), num("size", r.A), num("align", r.B)}
	case trace.PercpuCreateChunk, trace.PercpuDestroyChunk:
		return []Field{num("chunk", r.A)}
	case trace.Print:
		return []Field{text("buf", names.Text(r.A))}
	case trace.IRQHandlerEntry:
		return []Field{num("irq", r.A), text("name", names.Text(r.B))}
	case trace.IRQHandlerExit:
		return []Field{num("irq", r.A), text("ret", [2]string{"unhandled", "handled"}[r.B&1])}
	}
	switch k := r.Kind; {
	case k >= trace.VectorAlloc && k <= trace.VectorFreeMoved:
		return vectorFields(r)
	case k >= trace.MatrixOnline && k <= trace.MatrixAllocReserved:
		return matrixFields(r)
	case k >= trace.TimerInit && k <= trace.TimerCancel:
		return timerFields(r, names)
	case k >= trace.HRTimerInit && k <= trace.HRTimerCancel:
		return hrtimerFields(r, names)
	case k == trace.TickStop:
		return tickFields(r)
	case k >= trace.SoftIRQRaise && k <= trace.WorkExecuteEnd:
		return bottomFields(r, names)
	}
	return []Field{num("vector", r.A)}
}

func switchFields(r *trace.Record, names *trace.Names) []Field {
	return []Field{
		text("prev_comm", switched(r.A, r, names)), num("prev_pid", r.A), signed("prev_prio", int16(r.D>>16)),
		text("prev_state", switchState(r.B)),
		text("next_comm", switched(r.C, r, names)), num("next_pid", r.C), signed("next_prio", int16(r.D)),
	}
}

// switched names a task that sched_switch takes off a CPU or puts on it: all
// idle tasks have pid 0, each the name of its CPU.
func switched(pid uint32, r *trace.Record, names *trace.Names) string {
	if pid == 0 {
		return fmt.Sprintf("swapper/%d", r.CPU)
	}
	return names.Comm(uint16(pid))
}

// switchState is prev_state as sched_switch prints it
// (include/trace/events/sched.h).
func switchState(state uint32) string {
	switch {
	case state&trace.StatePreempted != 0:
		return "R+"
	case state&0x400 != 0: // TASK_NOLOAD: the state is TASK_IDLE
		return "I"
	case state&1 != 0:
		return "S"
	case state&2 != 0:
		return "D"
	case state&0x40 != 0:
		return "P"
	case state != 0:
		return "X"
	}
	return "R"
}

func taskFields(pid, prio uint32, names *trace.Names) []Field {
	return []Field{text("comm", names.Comm(uint16(pid))), num("pid", pid), signed("prio", int16(prio))}
}

func num(name string, v uint32) Field { return Field{name, fmt.Sprint(v), true} }

func signed(name string, v int16) Field { return Field{name, fmt.Sprint(v), true} }

func text(name, v string) Field { return Field{name, v, false} }

// Args is what ftrace prints behind the event's name.
func Args(r *trace.Record, names *trace.Names) string {
	fields := Fields(r, names)
	switch r.Kind {
	case trace.Contention, trace.ContentionEnd:
		return fmt.Sprintf("%s (%s=%s)", fields[0].Text, fields[1].Name, fields[1].Text)
	case trace.Print:
		return fields[0].Text
	}
	var b strings.Builder
	for i, f := range fields {
		b.WriteString(before(r.Kind, i, f.Name) + f.Text)
		if bracketed(r.Kind, f.Name) {
			b.WriteByte(']')
		}
	}
	return b.String()
}
