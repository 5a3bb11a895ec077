package rcu

// callbacks is what waits on one processor, in the order in which it came
// (struct rcu_segcblist): first those whose grace period has ended, then those
// that know for which they wait, then those that do not know yet.
type callbacks struct {
	head, tail *Head
	pending    *Head // the first that must wait; nil: none
	fresh      *Head // the first that does not know for what; nil: none
	ready      int   // how many come before pending
	count      int
}

// add models rcu_segcblist_enqueue.
func (l *callbacks) add(h *Head) {
	if l.tail == nil {
		l.head = h
	} else {
		l.tail.next = h
	}
	l.tail = h
	l.count++
	l.mark(h)
}

// mark is the end of add: h is the last, and new.
func (l *callbacks) mark(h *Head) {
	if l.pending == nil {
		l.pending = h
	}
	if l.fresh == nil {
		l.fresh = h
	}
}

// advance models rcu_segcblist_advance: the grace periods up to this number have
// ended.
func (l *callbacks) advance(completed uint64) {
	for l.pending != nil && l.pending != l.fresh && l.pending.gp <= completed {
		l.pending = l.pending.next
		l.ready++
	}
}

// assign models rcu_segcblist_accelerate: those that do not know for what they
// wait wait for this grace period. False: there are none.
func (l *callbacks) assign(gp uint64) bool {
	if l.fresh == nil {
		return false
	}
	for h := l.fresh; h != nil; h = h.next {
		h.gp = gp
	}
	l.fresh = nil
	return true
}

// take takes the first out, which is ready.
func (l *callbacks) take() *Head {
	h := l.head
	if l.head = h.next; l.head == nil {
		l.tail = nil
	}
	l.ready--
	l.count--
	h.next = nil
	return h
}

// adopt models rcu_segcblist_merge: all that other has comes here. What was
// ready there is ready here; the rest waits anew.
func (l *callbacks) adopt(other *callbacks) {
	var ready, rest callbacks
	for _, from := range []*callbacks{l, other} {
		for from.ready > 0 {
			ready.add(from.take())
		}
	}
	rest = *l // nothing in it is ready now
	for other.count > 0 {
		other.ready++ // take counts it
		h := other.take()
		h.gp = 0
		rest.add(h)
	}
	*l, *other = rest, callbacks{}
	if ready.count == 0 {
		return
	}
	ready.tail.next = l.head
	l.head, l.ready = ready.head, ready.count
	if l.tail == nil {
		l.tail = ready.tail
	}
	l.count += ready.count
}
