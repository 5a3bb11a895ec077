package workqueue

// An entry is a link in a circular list of works, or its head (struct
// list_head): a work can be put and found without a search, and without
// memory.
type entry struct {
	next, prev *entry
	work       *Work // nil for a head
}

// init models INIT_LIST_HEAD.
func (e *entry) init() { e.next, e.prev = e, e }

// empty models list_empty: of a head, that nothing is in its list; of a work,
// that it is in none.
func (e *entry) empty() bool { return e.next == e }

// insert models list_add_tail: e stands before at, which is at the end if at
// is the head.
func (e *entry) insert(at *entry) {
	e.prev, e.next = at.prev, at
	at.prev.next, at.prev = e, e
}

// remove models list_del_init.
func (e *entry) remove() {
	e.prev.next, e.next.prev = e.next, e.prev
	e.init()
}

// moveLinked models move_linked_works: w, and what is linked to it, goes to
// the end of head's list. It returns what stood behind them.
func moveLinked(w *Work, head *entry) (next *entry) {
	for {
		next = w.entry.next
		w.entry.remove()
		w.entry.insert(head)
		if !w.linked {
			return next
		}
		w = next.work
	}
}
