package view

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/trace"
)

// The contexts that have a lane of their own, the one that interrupts all
// others first.
const (
	HardIRQ = "hardirq"
	SoftIRQ = "softirq"
	Task    = "task"
)

// A Lane is one row of a timeline: a CPU in one context.
type Lane struct {
	CPU     int
	Context string
	Spans   []Span
	// Calls are the functions that were called within the spans: those of
	// tasklets and timers.
	Calls []Span
}

// A Span is a stretch of time in which a lane was busy with one thing.
type Span struct {
	Name     string // comm-pid, the interrupt's event and vector, the softirq, or the function
	PID      int    // of a task
	Depth    int    // how many interrupts and softirqs it interrupts
	From, To int64  // virtual nanoseconds
}

// Lanes reads from the selected records who was on each CPU and when. Idle
// time has no span. A stretch that was under way when the selection begins is
// drawn from the selection's first moment.
func Lanes(ring *trace.Ring, cpus int, s Selection) []Lane {
	b := laneBuilder{names: ring.Names(), cpus: make([]laneState, cpus), last: s.End}
	s.Each(ring, func(r *trace.Record) bool {
		if int(r.CPU) < cpus {
			b.add(r)
		}
		return true
	})
	return b.finish()
}

type laneBuilder struct {
	names       *trace.Names
	cpus        []laneState
	first, last int64
	begun       bool
}

// laneState is what is under way on one CPU.
type laneState struct {
	hard, soft, task Lane
	running          Span // the task on the CPU; PID 0 when idle
	known            bool // a record has told who runs
	open             []opened
}

// opened is a span that has not ended.
type opened struct {
	Span
	lane *Lane
	call bool // of a function
}

func (b *laneBuilder) add(r *trace.Record) {
	if !b.begun {
		b.first, b.begun = r.Time, true
	}
	b.last = max(b.last, r.Time)
	st := &b.cpus[r.CPU]
	if !st.known {
		st.known = true
		st.start(b.first, int(r.Task), b.names)
	}
	event := r.Kind.String()
	switch {
	case r.Kind == trace.SchedSwitch:
		st.stop(r.Time)
		st.start(r.Time, int(r.C), b.names)
	case strings.HasSuffix(event, "_entry"):
		st.enter(r, b.names)
	case strings.HasSuffix(event, "_exit"):
		lane, call := st.place(r)
		st.leave(lane, call, r.Time)
	}
}

func (st *laneState) start(at int64, pid int, names *trace.Names) {
	st.running = Span{PID: pid, From: at, Name: fmt.Sprintf("%s-%d", names.Comm(uint16(pid)), pid)}
}

func (st *laneState) stop(at int64) {
	if st.running.To = at; st.running.PID != 0 && at > st.running.From {
		st.task.Spans = append(st.task.Spans, st.running)
	}
}

// place says in which lane an entry or exit belongs, and whether it is a
// function's.
func (st *laneState) place(r *trace.Record) (lane *Lane, call bool) {
	switch r.Kind {
	case trace.SoftIRQEntry, trace.SoftIRQExit:
		return &st.soft, false
	case trace.TaskletEntry, trace.TaskletExit, trace.TimerExpireEntry, trace.TimerExpireExit,
		trace.HRTimerExpireEntry, trace.HRTimerExpireExit:
		if r.Flags&trace.HardIRQ == 0 && r.Flags&trace.SoftIRQ != 0 {
			return &st.soft, true
		}
		return &st.hard, true
	}
	return &st.hard, false
}

// enter opens a span.
func (st *laneState) enter(r *trace.Record, names *trace.Names) {
	lane, call := st.place(r)
	depth := 0
	for _, o := range st.open {
		if !o.call {
			depth++
		}
	}
	st.open = append(st.open, opened{Span{Name: spanName(r, names), Depth: depth, From: r.Time}, lane, call})
}

func spanName(r *trace.Record, names *trace.Names) string {
	switch r.Kind {
	case trace.SoftIRQEntry:
		return softIRQ(r.A)
	case trace.TaskletEntry, trace.TimerExpireEntry, trace.HRTimerExpireEntry:
		return names.Text(r.B)
	case trace.IRQHandlerEntry:
		return fmt.Sprintf("irq %d %s", r.A, names.Text(r.B))
	}
	return fmt.Sprintf("%s vector=%d", strings.TrimSuffix(r.Kind.String(), "_entry"), r.A)
}

// leave ends the innermost span of a lane, and what is still open within it:
// its own end is not among the selected records.
func (st *laneState) leave(lane *Lane, call bool, at int64) {
	last := len(st.open) - 1
	for last >= 0 && (st.open[last].lane != lane || st.open[last].call != call) {
		last--
	}
	if last >= 0 {
		st.close(last, at)
	}
}

// close ends the open spans from number n on, the innermost first.
func (st *laneState) close(n int, at int64) {
	for len(st.open) > n {
		o := st.open[len(st.open)-1]
		st.open = st.open[:len(st.open)-1]
		o.To = at
		if o.call {
			o.lane.Calls = append(o.lane.Calls, o.Span)
		} else {
			o.lane.Spans = append(o.lane.Spans, o.Span)
		}
	}
}

// finish closes what is under way and lists the lanes by CPU, the contexts
// that interrupt above those that are interrupted. A CPU that took no
// interrupt has no lane for them.
func (b *laneBuilder) finish() []Lane {
	var lanes []Lane
	for id := range b.cpus {
		st := &b.cpus[id]
		if st.known {
			st.stop(b.last)
		}
		st.close(0, b.last)
		st.hard.Context, st.soft.Context, st.task.Context = HardIRQ, SoftIRQ, Task
		for _, l := range []Lane{st.hard, st.soft, st.task} {
			if l.Context == Task || len(l.Spans)+len(l.Calls) > 0 {
				lanes = append(lanes, Lane{id, l.Context, inOrder(l.Spans), inOrder(l.Calls)})
			}
		}
	}
	return lanes
}

// inOrder sorts spans by their beginning: they were noted when they ended.
func inOrder(spans []Span) []Span {
	slices.SortStableFunc(spans, func(a, b Span) int {
		return cmp.Or(cmp.Compare(a.From, b.From), a.Depth-b.Depth)
	})
	return spans
}
