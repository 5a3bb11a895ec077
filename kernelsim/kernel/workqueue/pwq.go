package workqueue

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/trace"
)

// newPWQ models init_pwq: p's share of wq, which nobody can find yet.
func newPWQ(wq *Workqueue, p *pool) *poolWorkqueue {
	pwq := &poolWorkqueue{pool: p, wq: wq, flushColor: noColor, refs: 1}
	pwq.inactive.init()
	Init(&pwq.release, "pwq_unbound_release_workfn", func(t *sched.Task, _ *Work) { pwq.end(t) })
	return pwq
}

// link models link_pwq: works can be queued through it. Context: wq.mutex
// held.
func (pwq *poolWorkqueue) link(t *sched.Task) {
	if pwq.linked {
		return
	}
	wq := pwq.wq
	pwq.linked, pwq.workColor = true, wq.workColor
	pwq.adjustMax(t)
	wq.pwqs = append(wq.pwqs, pwq)
}

// put models put_pwq: when the last reference goes, a work lets the share go,
// because that may sleep. Context: the pool's lock held.
func (pwq *poolWorkqueue) put(c *cpu.CPU) {
	if pwq.refs--; pwq.refs == 0 && pwq.wq.flags&WQUnbound != 0 {
		Schedule(c, &pwq.release)
	}
}

// putUnlocked models put_pwq_unlocked.
func (pwq *poolWorkqueue) putUnlocked(t *sched.Task) {
	if pwq != nil {
		pwq.pool.lock.LockIRQ(t.CPU())
		pwq.put(t.CPU())
		pwq.pool.lock.UnlockIRQ(t.CPU())
	}
}

// activate models pwq_activate_inactive_work: w, and the barriers that are
// linked to it, may run. Context: the pool's lock held.
func (pwq *poolWorkqueue) activate(c *cpu.CPU, w *Work) {
	sched.Record(c, trace.WorkActivate, w.object, 0, 0, 0)
	moveLinked(w, &pwq.pool.worklist)
	w.inactive = false
	pwq.active++
}

// activateSome is how works that were too many come to run: as many as there
// is room for. It reports whether there were any.
func (pwq *poolWorkqueue) activateSome(c *cpu.CPU, most int) bool {
	n := 0
	for ; n < most && !pwq.inactive.empty() && pwq.active < pwq.maxActive; n++ {
		pwq.activate(c, pwq.inactive.next.work)
	}
	return n > 0
}

// done models pwq_dec_nr_in_flight: a work of a color has run, or was taken
// back. An inactive one has not counted. Context: the pool's lock held.
func (pwq *poolWorkqueue) done(c *cpu.CPU, color int, inactive bool) {
	if !inactive {
		pwq.active--
		pwq.activateSome(c, 1)
	}
	pwq.inFlight[color]--
	if pwq.flushColor == color && pwq.inFlight[color] == 0 {
		pwq.flushColor = noColor
		pwq.wq.flushed(c)
	}
	pwq.put(c)
}

// adjustMax models pwq_adjust_max_active: max_active has changed. Context:
// wq.mutex held.
func (pwq *poolWorkqueue) adjustMax(t *sched.Task) {
	if pwq.maxActive == pwq.wq.savedMax {
		return
	}
	c := t.CPU()
	flags := pwq.pool.lock.LockIRQSave(c)
	pwq.maxActive = pwq.wq.savedMax
	if pwq.activateSome(c, MaxActive) {
		pwq.pool.wake(c)
	}
	pwq.pool.lock.UnlockIRQRestore(c, flags)
}

// busyNow models pwq_busy.
func (pwq *poolWorkqueue) busyNow() bool {
	for _, n := range pwq.inFlight {
		if n > 0 {
			return true
		}
	}
	return pwq != pwq.wq.dfl && pwq.refs > 1 || pwq.active > 0 || !pwq.inactive.empty()
}
