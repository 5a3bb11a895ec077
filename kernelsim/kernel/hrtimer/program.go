package hrtimer

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/sim"
)

// A ClockEventDevice interrupts its processor at a programmed time (struct
// clock_event_device in one-shot mode). It may come early if the time is far
// away, and is late by its smallest step if the time has passed.
type ClockEventDevice interface {
	Program(at sim.Time)
	Shutdown() // CLOCK_EVT_STATE_ONESHOT_STOPPED
}

// program models tick_program_event and clockevents_program_event: the clock is
// set to a time. late (-ETIME): the time has come already, and the clock has not
// been set; with force it is set to the nearest that it can do. Context:
// interrupts off.
func (b *cpuBase) program(c *cpu.CPU, at sim.Time, force bool) (late bool) {
	switch {
	case b.dev == nil:
	case at == sim.Forever:
		b.dev.Shutdown()
	case at <= c.Now() && !force:
		return true
	default:
		b.dev.Program(at)
	}
	return false
}

// nextHard and nextOf model __hrtimer_get_next_event for one queue: when its
// first timer must run, which is remembered.
func (b *cpuBase) nextHard() sim.Time {
	b.next = b.hard.first()
	return timeOf(b.next)
}

// nextInSoft is the same for the soft ones, which do not count while the softirq
// is raised: it looks for itself.
func (b *cpuBase) nextInSoft() sim.Time {
	if b.activated {
		return sim.Forever
	}
	b.nextSoft = b.sft.first()
	return timeOf(b.nextSoft)
}

func timeOf(t *Timer) sim.Time {
	if t == nil {
		return sim.Forever
	}
	return max(t.expires, 0)
}

// updateNext models hrtimer_update_next_event: what the clock has to be set to.
func (b *cpuBase) updateNext() sim.Time {
	soft := b.nextInSoft()
	if !b.activated {
		b.softNext = soft
	}
	next := b.nextHard()
	if next > soft {
		b.next, next = b.nextSoft, soft
	}
	return next
}

// forceReprogram models hrtimer_force_reprogram.
func (b *cpuBase) forceReprogram(c *cpu.CPU, skipEqual bool) {
	next := b.updateNext()
	if skipEqual && next == b.expires {
		return
	}
	b.set(c, next)
}

// set models __hrtimer_reprogram: after three interrupts in a row that found no
// end the clock is left alone until it has come.
func (b *cpuBase) set(c *cpu.CPU, at sim.Time) {
	b.expires = at
	if !b.hang {
		b.program(c, at, true)
	}
}

// reprogram models hrtimer_reprogram: t has become the first of its queue; if
// that makes it the first of all, the clock is set to it. Only the processor
// itself can do so. Context: locked.
func (t *Timer) reprogram(c *cpu.CPU, set bool) {
	b, at := t.base.cpu, timeOf(t)
	if t.inSoft {
		if b.activated || at >= b.softNext {
			return
		}
		b.nextSoft, b.softNext = t, at
		if at >= b.expires || !set {
			return
		}
	}
	if b != bases.Raw(c) || at >= b.expires || b.inIRQ {
		return
	}
	b.next = t
	b.set(c, at)
}

// Retrigger models retrigger_next_event: the processor that calls sets its
// clock anew. Context: hard interrupt, or interrupts off.
func Retrigger(c *cpu.CPU) {
	b := bases.Raw(c)
	flags := b.lock.LockIRQSave(c)
	b.forceReprogram(c, false)
	b.lock.UnlockIRQRestore(c, flags)
}
