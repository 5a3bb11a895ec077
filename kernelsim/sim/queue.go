package sim

// An Event is something that will happen at a time: a clock event device
// that runs out, a message that arrives. Its owner keeps it and arms it again
// and again, so that arming allocates nothing.
type Event struct {
	Name string
	// Fire runs when the event is due, between two instructions of the
	// CPUs. It must not spend time.
	Fire func(now Time)
	// Timer marks an event that only lets time pass (a tick, a sleeper's
	// alarm). A machine with nothing but timers ahead counts as idle.
	Timer bool

	at   Time
	seq  uint64
	slot int // index in the heap plus one; 0 when not armed
}

// Armed says whether the event waits in a queue.
func (ev *Event) Armed() bool { return ev.slot != 0 }

// At is the time for which the event was last armed.
func (ev *Event) At() Time { return ev.at }

// queue is a 4-ary heap ordered by (time, sequence): events of one time fire
// in the order in which they were armed.
type queue struct {
	heap []entry
	seq  uint64
	work int // armed events that are not timers
}

// An entry repeats the key, so that comparing does not follow the pointer.
type entry struct {
	at  Time
	seq uint64
	ev  *Event
}

func (a entry) before(b entry) bool {
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (q *queue) push(ev *Event, at Time) {
	if ev.slot != 0 {
		q.remove(ev)
	}
	q.seq++
	ev.at, ev.seq = at, q.seq
	q.count(ev, +1)
	q.heap = append(q.heap, entry{})
	q.up(len(q.heap)-1, entry{at, q.seq, ev})
}

func (q *queue) count(ev *Event, d int) {
	if !ev.Timer {
		q.work += d
	}
}

// first is the time of the next event, Forever when there is none.
func (q *queue) first() Time {
	if len(q.heap) == 0 {
		return Forever
	}
	return q.heap[0].at
}

func (q *queue) pop() *Event {
	ev := q.heap[0].ev
	q.remove(ev)
	return ev
}

func (q *queue) remove(ev *Event) {
	i, last := ev.slot-1, len(q.heap)-1
	ev.slot = 0
	q.count(ev, -1)
	moved := q.heap[last]
	q.heap[last] = entry{}
	q.heap = q.heap[:last]
	if i == last {
		return
	}
	if i > 0 && moved.before(q.heap[(i-1)/4]) {
		q.up(i, moved)
	} else {
		q.down(i, moved)
	}
}

func (q *queue) place(i int, x entry) {
	q.heap[i] = x
	x.ev.slot = i + 1
}

func (q *queue) up(i int, x entry) {
	for i > 0 {
		parent := (i - 1) / 4
		if !x.before(q.heap[parent]) {
			break
		}
		q.place(i, q.heap[parent])
		i = parent
	}
	q.place(i, x)
}

// down moves x from slot i towards the leaves. It works on a copy of the slice
// header: the compiler need not fetch it again after every store.
func (q *queue) down(i int, x entry) {
	h := q.heap
	for {
		least := 4*i + 1
		if least >= len(h) {
			break
		}
		best := h[least]
		for j, end := least+1, min(least+4, len(h)); j < end; j++ {
			if h[j].before(best) {
				least, best = j, h[j]
			}
		}
		if !best.before(x) {
			break
		}
		h[i] = best
		best.ev.slot = i + 1
		i = least
	}
	q.place(i, x)
}
