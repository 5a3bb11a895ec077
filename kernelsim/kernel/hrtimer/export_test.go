package hrtimer

import "bothhalves/kernelsim/sim"

// ExpiresNext is what the clock of a timer's processor is set to.
func (t *Timer) ExpiresNext() sim.Time { return t.base.cpu.expires }

// Wrong looks at the queue that t is in: every timer must know its place, and
// none may stand before one that is earlier.
func (t *Timer) Wrong() bool {
	b := t.base
	for i, w := range b.heap {
		if w.index != i+1 || w.base != b || i > 0 && w.before(b.heap[(i-1)/2]) {
			return true
		}
	}
	return false
}

// ID is what the trace calls t.
func (t *Timer) ID() uint32 { return t.id }
