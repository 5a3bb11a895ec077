package recorded_test

import "slices"

// A deed is what was done from outside in a recorded flow, and is done again: a
// softirq is raised, an interrupt comes, something wakes a task that is not
// followed, time passes. All else is the kernel's doing, and compared.
type deed struct {
	raise int // a softirq, -1: none
	hit   *hit
	late  bool // the hit comes when interrupts are on
	wake  bool
	stall bool // longer than a jiffy
}

// A hit is a hard interrupt: a device's, or, of number 0, one that stands for
// the clock's, in which the deeds are done.
type hit struct {
	irq   int
	deeds []deed
}

// A script is what is done in a flow: the interrupts that begin it, what the
// calls of each softirq's action do one after the other, and those of each
// interrupt's handler.
type script struct {
	first    []*hit
	actions  map[int][][]deed
	handlers map[int][][]deed
}

// A writer reads a flow and writes its script.
type writer struct {
	script
	flow   flow
	i      int   // the present moment
	vec    int   // the softirq that runs, -1: none
	called int   // the one that ran last, -1: none yet
	irq    int   // whose handler runs, -1: none
	ticks  *hit  // the clock's interrupt that is under way
	last   *hit  // the last interrupt that came to no softirq
	serial []int // the interrupts whose threads have still to run
}

func (f flow) script() script {
	w := writer{flow: f, vec: -1, called: -1, irq: -1, script: script{actions: map[int][][]deed{}, handlers: map[int][][]deed{}}}
	for w.i = range f.moments {
		w.moment(f.moments[w.i])
	}
	return w.script
}

func (w *writer) moment(m moment) {
	if w.becameDue(m) && m.name != "irq_handler_entry" && m.name != "softirq_raise" {
		w.here(deed{raise: -1, wake: true}, m)
	}
	switch m.name {
	case "irq_handler_entry":
		w.handler(m)
	case "irq_handler_exit":
		w.irq = -1
	case "softirq_raise":
		w.raise(m)
	case "softirq_entry":
		w.vec = m.number("vec=")
		w.called = w.vec
		w.actions[w.vec] = append(w.actions[w.vec], nil)
	case "softirq_exit":
		if w.outOfTime(m) {
			w.here(deed{raise: -1, stall: true}, m)
		}
		w.vec = -1
	}
	if m.name != "softirq_raise" {
		w.ticks = nil
	}
}

// becameDue says whether the task was to be preempted at this moment and not
// before, for a reason that the recording does not tell.
func (w *writer) becameDue(m moment) bool {
	if !m.need() || m.name == "sched_wakeup" {
		return false
	}
	return w.i == 0 || !w.flow.moments[w.i-1].need()
}

// here adds a deed to what is under way; to the last interrupt, if nothing is.
func (w *writer) here(d deed, m moment) {
	switch {
	case w.irq >= 0:
		w.toHandler(w.irq, d)
	case w.vec >= 0 && !m.hard():
		list := w.actions[w.vec]
		list[len(list)-1] = append(list[len(list)-1], d)
	case w.ticks != nil:
		w.ticks.deeds = append(w.ticks.deeds, d)
	case len(w.first) > 0:
		w.toHit(w.first[len(w.first)-1], d)
	}
}

func (w *writer) toHit(h *hit, d deed) {
	if h.irq > 0 {
		w.toHandler(h.irq, d)
	} else {
		h.deeds = append(h.deeds, d)
	}
}

func (w *writer) toHandler(irq int, d deed) {
	list := w.handlers[irq]
	list[len(list)-1] = append(list[len(list)-1], d)
}

// handler begins a device's interrupt.
func (w *writer) handler(m moment) {
	n := m.number("irq=")
	w.comes(&hit{irq: n}, m)
	w.handlers[n] = append(w.handlers[n], nil)
	w.irq = n
	if w.becameDue(m) {
		w.before(m)
	}
	if m.flags[2] == 'h' || m.flags[2] == 'H' {
		w.serial = append(w.serial, n)
	}
}

// before lets something be woken before an interrupt's handler is called.
func (w *writer) before(m moment) {
	w.toHandler(w.irq, deed{raise: -1, wake: true})
}

// comes adds an interrupt: to the running softirq, or to the flow's beginning.
// One that came on top of softirqs before the first of them ran, or behind the
// last of an invocation, had been waiting for interrupts to be on.
func (w *writer) comes(h *hit, m moment) {
	if w.vec >= 0 {
		w.actions[w.vec][len(w.actions[w.vec])-1] = append(w.actions[w.vec][len(w.actions[w.vec])-1], deed{raise: -1, hit: h})
		return
	}
	late := deed{raise: -1, hit: h, late: true}
	switch {
	case w.last != nil && m.flags[2] == 'H':
		w.toHit(w.last, late)
	case w.called >= 0:
		list := w.actions[w.called]
		list[len(list)-1] = append(list[len(list)-1], late)
	default:
		w.first = append(w.first, h)
	}
	w.last = h
}

// raise is a softirq that is raised: in a handler, in an interrupt's thread, in
// a softirq, or in the clock's interrupt.
func (w *writer) raise(m moment) {
	d := deed{raise: m.number("vec=")}
	due := w.becameDue(m)
	switch {
	case w.irq >= 0:
	case m.flags[0] == 'D' && len(w.serial) > 0: // the handler, in its thread
		w.toHandler(w.serial[len(w.serial)-1], d)
		return
	case m.hard() && (w.ticks == nil || w.flow.moments[w.i-1].flags[2] != m.flags[2]):
		w.ticks = &hit{}
		w.comes(w.ticks, m)
	}
	if m.hard() && w.irq < 0 {
		if due {
			w.ticks.deeds = append(w.ticks.deeds, deed{raise: -1, wake: true})
		}
		w.ticks.deeds = append(w.ticks.deeds, d)
		return
	}
	if due {
		w.here(deed{raise: -1, wake: true}, m)
	}
	w.here(d, m)
}

// outOfTime says whether the softirqs that wait were left to ksoftirqd behind
// this one though there were passes left and no task was to run.
func (w *writer) outOfTime(m moment) bool {
	if m.need() || m.comm == "ksoftirqd" || w.flow.passes(w.i) >= 10 {
		return false
	}
	rest := w.flow.moments[w.i+1:]
	i := slices.IndexFunc(rest, func(m moment) bool { return m.name == "softirq_entry" })
	return i >= 0 && rest[i].comm == "ksoftirqd" && m.comm != rest[i].comm
}
