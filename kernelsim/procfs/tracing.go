package procfs

import (
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/trace"
)

// tracing is the state behind tracefs. The machine's ring records everything
// always; what the switches here decide is which stretches of it each event
// shows in the file trace, as if it had been recorded then only.
type tracing struct {
	off    bool // tracing_on is 0
	start  uint64
	events []event // by kind
}

// An event is one tracepoint's switch and the stretches of the ring, by
// position, in which it was on.
type event struct {
	enabled bool
	shown   []stretch
}

// A stretch is open while it lasts.
type stretch struct {
	from, to uint64
	open     bool
}

// traceState models global_trace (kernel/trace/trace.c).
var traceState = percpu.Shared[tracing]("global_trace")

// tracing is the machine's state, with the ring's present position.
func (fs *FS) tracing() *tracing {
	t := traceState.Of(fs.boot())
	if t.events == nil {
		t.events = make([]event, len(trace.Kinds())+1)
		t.set(trace.Print, true, 0) // trace_printk needs no enabling
		for _, name := range fs.m.TraceEvents() {
			for _, k := range matching(name) {
				t.set(k, true, 0)
			}
		}
	}
	return t
}

// set turns an event on or off from position pos of the ring on.
func (t *tracing) set(k trace.Kind, on bool, pos uint64) {
	t.events[k].enabled = on
	t.apply(k, pos)
}

// setOn is the switch for all.
func (t *tracing) setOn(on bool, pos uint64) {
	t.off = !on
	for k := range t.events {
		t.apply(trace.Kind(k), pos)
	}
}

// apply opens or closes a stretch as the switches say.
func (t *tracing) apply(k trace.Kind, pos uint64) {
	e := &t.events[k]
	on := e.enabled && !t.off
	last := len(e.shown) - 1
	open := last >= 0 && e.shown[last].open
	switch {
	case on && !open:
		e.shown = append(e.shown, stretch{from: pos, open: true})
	case !on && open:
		e.shown[last].to, e.shown[last].open = pos, false
	}
}

// clear forgets what was recorded up to pos.
func (t *tracing) clear(pos uint64) {
	t.start = pos
	for k := range t.events {
		e := &t.events[k]
		if n := len(e.shown); n > 0 && e.shown[n-1].open {
			e.shown = append(e.shown[:0], e.shown[n-1])
		} else {
			e.shown = nil
		}
	}
}

// shows says whether the record at pos, of kind k, belongs into trace.
func (t *tracing) shows(pos uint64, k trace.Kind) bool {
	if pos < t.start {
		return false
	}
	for _, s := range t.events[k].shown {
		if pos >= s.from && (s.open || pos < s.to) {
			return true
		}
	}
	return false
}
