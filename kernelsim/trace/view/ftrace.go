package view

import (
	"fmt"
	"io"

	"bothhalves/kernelsim/trace"
)

// A Selection is what to show of a ring.
type Selection struct {
	From, To uint64                   // positions in the ring; To 0: up to the end
	Keep     func(*trace.Record) bool // nil: everything
	End      int64                    // when what is still under way is cut off; 0: at the last record
}

// Each calls f with every selected record, oldest first, until f is false.
func (s Selection) Each(ring *trace.Ring, f func(*trace.Record) bool) {
	for pos, r := range ring.From(s.From) {
		if s.To != 0 && pos >= s.To {
			return
		}
		if (s.Keep == nil || s.Keep(r)) && !f(r) {
			return
		}
	}
}

// Flags models trace_print_lat_fmt (kernel/trace/trace_output.c): the five
// characters that say in what context an event happened.
func Flags(r *trace.Record) string {
	return string([]byte{irqsOff(r.Flags), needResched(r.Flags), context(r.Flags), depth(r.Preempt & 0xf), depth(r.Preempt >> 4)})
}

func irqsOff(f trace.Flags) byte {
	switch f & (trace.IRQsOff | trace.BHOff) {
	case trace.IRQsOff | trace.BHOff:
		return 'D'
	case trace.IRQsOff:
		return 'd'
	case trace.BHOff:
		return 'b'
	}
	return '.'
}

func needResched(f trace.Flags) byte {
	switch f & (trace.NeedResched | trace.PreemptResched) {
	case trace.NeedResched | trace.PreemptResched:
		return 'N'
	case trace.NeedResched:
		return 'n'
	case trace.PreemptResched:
		return 'p'
	}
	return '.'
}

func context(f trace.Flags) byte {
	nmi, hard, soft := f&trace.NMI != 0, f&trace.HardIRQ != 0, f&trace.SoftIRQ != 0
	switch {
	case nmi && hard:
		return 'Z'
	case nmi:
		return 'z'
	case hard && soft:
		return 'H'
	case hard:
		return 'h'
	case soft:
		return 's'
	}
	return '.'
}

func depth(n uint8) byte {
	if n == 0 {
		return '.'
	}
	return "0123456789abcdef"[n]
}

// Line models print_trace_fmt (kernel/trace/trace.c): a record as ftrace
// prints it, without the newline.
func Line(r *trace.Record, names *trace.Names) string {
	us := r.Time / 1000
	return fmt.Sprintf("%16s-%-7d [%03d] %s %5d.%06d: %s: %s", Comm(r, names), r.Task, r.CPU, Flags(r),
		us/1e6, us%1e6, r.Kind, Args(r, names))
}

// Comm is the task of a record as the trace's first column prints it: the
// idle tasks have no name there.
func Comm(r *trace.Record, names *trace.Names) string {
	if r.Task == 0 {
		return "<idle>"
	}
	return names.Comm(r.Task)
}

// header is print_func_help_header_irq with print_event_info.
const header = `# tracer: nop
#
# entries-in-buffer/entries-written: %d/%d   #P:%d
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
`

// FTrace prints the selected records as /sys/kernel/tracing/trace does. The
// header counts what the selection holds and what was written since it began.
func FTrace(w io.Writer, ring *trace.Ring, cpus int, s Selection) error {
	held, written := 0, ring.Total()
	s.Each(ring, func(*trace.Record) bool { held++; return true })
	if s.To != 0 {
		written = s.To
	}
	if s.Keep != nil {
		written = uint64(held)
	} else {
		written -= s.From
	}
	_, err := fmt.Fprintf(w, header, held, written, cpus)
	if err != nil {
		return err
	}
	s.Each(ring, func(r *trace.Record) bool {
		_, err = fmt.Fprintln(w, Line(r, ring.Names()))
		return err == nil
	})
	return err
}
