package view

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/trace"
)

// A Lane is one row of a timeline: a CPU in one context.
type Lane struct {
	CPU     int
	Context string // "task" or "hardirq"
	Spans   []Span
}

// A Span is a stretch of time in which a lane was busy with one thing.
type Span struct {
	Name     string // comm-pid, or the interrupt's event and vector
	PID      int
	From, To int64 // virtual nanoseconds
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
	tasks, irqs []Span
	running     Span // the task on the CPU; PID 0 when idle
	known       bool // a record has told who runs
	open        []Span
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
		name := fmt.Sprintf("%s vector=%d", strings.TrimSuffix(event, "_entry"), r.A)
		st.open = append(st.open, Span{Name: name, From: r.Time})
	case strings.HasSuffix(event, "_exit") && len(st.open) > 0:
		st.leave(r.Time)
	}
}

func (st *laneState) start(at int64, pid int, names *trace.Names) {
	st.running = Span{PID: pid, From: at, Name: fmt.Sprintf("%s-%d", names.Comm(uint16(pid)), pid)}
}

func (st *laneState) stop(at int64) {
	if st.running.To = at; st.running.PID != 0 && at > st.running.From {
		st.tasks = append(st.tasks, st.running)
	}
}

func (st *laneState) leave(at int64) {
	last := len(st.open) - 1
	st.open[last].To = at
	st.irqs = append(st.irqs, st.open[last])
	st.open = st.open[:last]
}

// finish closes what is under way and lists the lanes by CPU, the interrupts
// above the tasks that they interrupt. A CPU that took no interrupt has no
// lane for them.
func (b *laneBuilder) finish() []Lane {
	var lanes []Lane
	for id := range b.cpus {
		st := &b.cpus[id]
		if st.known {
			st.stop(b.last)
		}
		for len(st.open) > 0 {
			st.leave(b.last)
		}
		if len(st.irqs) > 0 {
			lanes = append(lanes, Lane{id, "hardirq", st.irqs})
		}
		lanes = append(lanes, Lane{id, "task", st.tasks})
	}
	return lanes
}
