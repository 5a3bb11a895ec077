package lock

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/oops"
)

// validate models check_deadlock and check_prevs_add: a lock of a class that
// is held already, and the order in which classes nest. Who only tried for a
// lock made no order with what was held then, so the search for the lock
// before goes on past it.
func (h *Held) validate(c *cpu.CPU, next *Map, u usage) {
	for prev := h.top; prev != nil; prev = prev.below {
		if prev.class == next.class {
			recursive(c, h, prev, next)
		}
	}
	for prev := h.top; prev != nil && prev.context() == u&^enabled; prev = prev.below {
		if !prev.class.hasEdge(next.class) {
			checkPrevAdd(c, h, prev, next)
		}
		if !prev.tried {
			return
		}
	}
}

// checkPrevAdd models check_prev_add: next is taken with prev held for the
// first time. If next's class already leads to prev's, two CPUs can each hold
// one lock and wait for the other's.
func checkPrevAdd(c *cpu.CPU, h *Held, prev, next *Map) {
	from, to := prev.class, next.class
	isFrom := func(x *class) bool { return x == from }
	if way := to.path(isFrom, len(lockClasses.Of(c).classes)); way != nil {
		circular(c, h, prev, next, way)
	}
	from.addEdge(to, oops.Callers(3))
	for _, in := range []usage{inHardIRQ, inSoftIRQ} {
		if way := unsafePath(c, in, nil); way != nil {
			badIRQDependency(c, h, prev, next, in, way)
		}
	}
}

// unsafePath looks for a lock that interrupts take and that leads to one
// which is held with interrupts enabled: an interrupt on top of the second
// waits for the first, whose holder waits for the second. One of the two ends
// must be end, if it is given. Before the newest edge or usage there was no
// such path.
func unsafePath(c *cpu.CPU, in usage, end *class) []step {
	classes := lockClasses.Of(c).classes
	for _, safe := range classes {
		if safe.used&in == 0 {
			continue
		}
		isUnsafe := func(x *class) bool {
			return x.used&in.exclusive() != 0 && x != safe && (end == nil || safe == end || x == end)
		}
		if way := safe.path(isUnsafe, len(classes)); way != nil {
			return way
		}
	}
	return nil
}

// checkInversion models mark_lock_irq past its first test: m's class has just
// been seen in a new context, and the locks that nest with it must go with
// that.
func checkInversion(c *cpu.CPU, h *Held, m *Map, bit usage) {
	in := bit
	if bit&enabled != 0 {
		in = bit.exclusive()
	}
	if way := unsafePath(c, in, m.class); way != nil {
		inversion(c, h, m, in, bit == in, way)
	}
}
