package workqueue

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
)

// A Work is a function that is to run in process context (struct work_struct).
// Init prepares it; it may not be copied afterwards.
type Work struct {
	entry
	fn   func(t *sched.Task, w *Work)
	name string // of the function, as %ps prints it

	// What Linux packs into the word data.
	pending   bool           // WORK_STRUCT_PENDING
	inactive  bool           // WORK_STRUCT_INACTIVE
	linked    bool           // WORK_STRUCT_LINKED: the next one belongs to it
	canceling bool           // WORK_OFFQ_CANCELING
	color     int            // of the flush that waits for it
	pwq       *poolWorkqueue // while it is queued, nil else
	last      int            // the id of the pool that had it last, plus one

	object, function uint32 // what trace records call it and its function
}

// Init models INIT_WORK: name is the function's. Context: any; w is not
// queued.
func Init(w *Work, name string, fn func(t *sched.Task, w *Work)) {
	*w = Work{fn: fn, name: name}
	w.entry.init()
	w.entry.work = w
}

// Pending models work_pending: w is queued, or its timer runs, and it has not
// begun to run since.
func (w *Work) Pending() bool { return w.pending }

// Busy models work_busy: whether w waits, and whether it runs. The answer may
// be out of date when it is read.
func Busy(c *cpu.CPU, w *Work) (pending, running bool) {
	p := w.lastPool(c)
	if p == nil {
		return w.pending, false
	}
	flags := p.lock.LockIRQSave(c)
	running = p.executing(w) != nil
	p.lock.UnlockIRQRestore(c, flags)
	return w.pending, running
}

// lastPool models get_work_pool: where w is queued, or ran last.
func (w *Work) lastPool(c *cpu.CPU) *pool {
	switch {
	case w.pwq != nil:
		return w.pwq.pool
	case w.last == 0:
		return nil
	}
	return shared.Of(c).pools[w.last-1]
}

// setPool models set_work_pool_and_clear_pending and its kin: w is off queue.
func (w *Work) setPool(p *pool, pending bool) {
	w.pwq, w.last = nil, p.id+1
	w.pending, w.inactive, w.linked, w.canceling = pending, false, false, false
}

// check reports a work that nobody has initialised, as
// CONFIG_DEBUG_OBJECTS_WORK does: its function would be called at address 0.
func (w *Work) check(c *cpu.CPU) {
	if w.fn == nil {
		oops.Raise(oops.Report{Rule: "work not initialised", CPU: c.ID,
			Title: "ODEBUG: assert_init not available (active state 0) object type: work_struct",
			Why:   "the work has no function: workqueue.Init gives it one, before it is queued for the first time"})
	}
}

// trace gives w and its function their names in trace records.
func (w *Work) trace(c *cpu.CPU) {
	if w.object == 0 {
		s := shared.Of(c)
		s.objects++
		w.object = s.objects
		w.function = c.Ring.Names().ID(w.name)
	}
}

// String names the work by its function.
func (w *Work) String() string { return fmt.Sprintf("work %s", w.name) }
