// Package hrtimer models high-resolution timers (kernel/time/hrtimer.c,
// tick-oneshot.c): each processor keeps its timers in the order of their times
// and sets its clock event device to the first of them.
//
// There is one clock, CLOCK_MONOTONIC, which is the machine's time. A processor
// has two queues: one whose functions run in the hard interrupt, and one for
// the softirq HRTIMER.
package hrtimer

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// A Mode says how a timer is started (enum hrtimer_mode).
type Mode uint8

// The bits of a mode. Without Rel a time is absolute; without Soft the function
// runs in the hard interrupt.
const (
	Abs    Mode = 0
	Rel    Mode = 1 << 0
	Pinned Mode = 1 << 1 // on the processor that starts it
	Soft   Mode = 1 << 2 // the same at every start, and at Init
	Hard   Mode = 1 << 3 // in the hard interrupt with PREEMPT_RT too
)

// A Restart is what a timer's function returns (enum hrtimer_restart).
type Restart bool

// What becomes of a timer that has run.
const (
	NoRestart Restart = false // HRTIMER_NORESTART
	Again     Restart = true  // HRTIMER_RESTART: Forward has given it a new time
)

// A Func is a timer's function. Context: hard interrupt with IF clear, or, for
// a soft timer, softirq.
type Func func(c *cpu.CPU, t *Timer) Restart

// A Timer calls a function at a time (struct hrtimer). Init prepares it.
type Timer struct {
	expires sim.Time // when it must run
	soft    sim.Time // when it may: what lies between is the slack
	base    *clockBase
	index   int    // in the queue, from 1; 0: it does not wait
	order   uint64 // among those of the same time
	fn      Func
	inSoft  bool // Soft
	id      uint32
	symbol  uint32      // fn's name among the trace's strings
	sleeper *sched.Task // of a sleeper: whom it wakes
}

// names counts a machine's timers, for the trace.
type names struct{ last uint32 }

var ids = percpu.Shared[names]("hrtimer_ids")

// Init models hrtimer_init with a function, whose symbol is name. Of mode only
// Soft matters. Context: any; t does not wait.
func Init(c *cpu.CPU, t *Timer, name string, mode Mode, fn Func) {
	id := t.id
	if id == 0 { // its address
		n := ids.Of(c)
		n.last++
		id = n.last
	}
	*t = Timer{fn: fn, inSoft: mode&Soft != 0, id: id, symbol: c.Ring.Names().ID(name)}
	t.base = bases.Raw(c).queue(t.inSoft)
	sched.Record(c, trace.HRTimerInit, id, clockMonotonic, uint32(mode), 0)
}

// clockMonotonic is CLOCK_MONOTONIC.
const clockMonotonic = 1

// Expires is the time at which t must run, Soft the one from which on it may.
func (t *Timer) Expires() sim.Time { return t.expires }

// Soft models hrtimer_get_softexpires.
func (t *Timer) Soft() sim.Time { return t.soft }

// Queued models hrtimer_is_queued: t waits.
func (t *Timer) Queued() bool { return t.index != 0 }

// Active models hrtimer_active: t waits, or its function runs.
func (t *Timer) Active() bool { return t.Queued() || t.running() }

// running models hrtimer_callback_running.
func (t *Timer) running() bool { return t.base != nil && t.base.running == t }

// CPU is the processor on which t waits, or waited last.
func (t *Timer) CPU() int { return t.base.cpu.id }

// SetExpires models hrtimer_set_expires for a timer that does not wait.
func (t *Timer) SetExpires(at sim.Time) { t.expires, t.soft = at, at }

// Start models hrtimer_start: t, which may wait already, runs at a time, or, with
// Rel, so long from now. Context: any.
func Start(c *cpu.CPU, t *Timer, at sim.Time, mode Mode) { StartRange(c, t, at, 0, mode) }

// StartRange models hrtimer_start_range_ns: as Start, but t may be late by slack
// if that saves an interrupt. A timer without a function is left alone.
// Context: any.
func StartRange(c *cpu.CPU, t *Timer, at, slack sim.Time, mode Mode) {
	if t.fn == nil {
		return
	}
	c, b, flags := lockBase(c, t)
	if t.start(c, b, at, slack, mode) {
		t.reprogram(c, true)
	}
	t.base.cpu.lock.UnlockIRQRestore(c, flags)
}

// start models __hrtimer_start_range_ns. True: t is the first of its queue, so
// the clock may have to be set.
func (t *Timer) start(c *cpu.CPU, b *clockBase, at, slack sim.Time, mode Mode) bool {
	here := bases.Raw(c)
	stay := b.cpu == here && here.next == t && here.online
	armed := t.remove(c, b, !stay)
	if mode&Rel != 0 {
		at = addSafe(at, c.Now())
	}
	t.soft, t.expires = at, addSafe(at, slack)
	if !stay {
		b = t.switchBase(c, b, mode&Pinned != 0)
	}
	first := b.enqueue(c, t, mode, armed)
	switch {
	case b.cpu.inIRQ: // the interrupt sets the clock when it ends
		return false
	case stay:
		b.cpu.forceReprogram(c, true)
		return false
	case here.online:
		return first
	}
	if first { // this processor goes; another one has to set its clock
		shared.Of(c).kick(c, b.cpu.id)
	}
	return false
}

// addSafe models ktime_add_safe: a sum that does not overflow.
func addSafe(a, b sim.Time) sim.Time {
	if sum := a + b; sum >= a && sum >= b {
		return sum
	}
	return sim.Forever
}

// TryCancel models hrtimer_try_to_cancel: t does not wait any more. waited says
// whether it did. running: its function runs, and nothing has been changed.
// Context: any.
func TryCancel(c *cpu.CPU, t *Timer) (waited, running bool) {
	if !t.Active() {
		return false, false
	}
	c, b, flags := lockBase(c, t)
	if running = t.running(); !running {
		if waited = t.remove(c, b, true); waited {
			sched.Record(c, trace.HRTimerCancel, t.id, 0, 0, 0)
		}
	}
	t.base.cpu.lock.UnlockIRQRestore(c, flags)
	return waited, running
}

// Cancel models hrtimer_cancel: t neither waits nor runs when it returns. True
// if it waited. Context: any but t's own function, which would wait for itself,
// and, for a soft timer, a hard interrupt.
func Cancel(c *cpu.CPU, t *Timer) bool {
	self := sched.Current(c)
	for {
		waited, running := TryCancel(c, t)
		if !running {
			return waited
		}
		c = self.CPU()
		c.Spend(cost.CPURelax)
		c = self.CPU()
	}
}

// Forward models hrtimer_forward_now: ForwardFrom the present.
func Forward(c *cpu.CPU, t *Timer, interval sim.Time) uint64 {
	return ForwardFrom(t, c.Now(), interval)
}

// ForwardFrom models hrtimer_forward: t's time moves on by whole intervals until
// it lies behind now. It returns how many that were; 0 if it lies there already,
// and for a timer that waits. Context: t's function, or nobody else has t.
func ForwardFrom(t *Timer, now, interval sim.Time) uint64 {
	delta := now - t.expires
	if delta < 0 || t.Queued() {
		return 0
	}
	interval = max(interval, 1) // hrtimer_resolution
	n := delta/interval + 1
	t.expires = addSafe(t.expires, n*interval)
	t.soft = addSafe(t.soft, n*interval)
	return uint64(n)
}
