// Package timer models the timer wheel (kernel/time/timer.c): timeouts that are
// counted in jiffies, cheap to set and to take back, and called in the softirq
// TIMER. A timer is never early, and late by up to an eighth of its time: the
// further away it is, the coarser is the bucket that it waits in.
package timer

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/trace"
)

// Flags are a timer's properties (include/linux/timer.h).
type Flags uint8

// The flags.
const (
	Deferrable Flags = 1 << iota // TIMER_DEFERRABLE: it does not wake an idle processor
	Pinned                       // TIMER_PINNED: on the processor that arms it
	IRQSafe                      // TIMER_IRQSAFE: its function runs with interrupts off
)

// A Func is a timer's function. It may free the timer, or arm it again.
// Context: softirq, IF set, or clear for an IRQSafe one.
type Func func(c *cpu.CPU, t *Timer)

// A Timer calls a function at a jiffy (struct timer_list). Setup or Init
// prepares it; it must not move while it waits.
type Timer struct {
	Expires uint64 // the jiffy that was asked for; AddOn reads it
	next    *Timer
	pprev   **Timer // nil: it does not wait
	fn      Func    // nil: shut down
	base    *base
	id      uint32
	symbol  uint32 // fn's name among the trace's strings; 0: not looked up
	idx     uint16 // the bucket that it waits in
	Flags   Flags  // fixed once the timer has been armed

	migrating bool // TIMER_MIGRATING: on the way from one wheel to another
	name      string
	task      *sched.Task // of ScheduleTimeout: whom it wakes
}

// Setup models DEFINE_TIMER: t gets its function, whose symbol is name. Context:
// any; t does not wait.
func Setup(t *Timer, name string, fn func(c *cpu.CPU, t *Timer)) {
	symbol := t.symbol
	if t.name != name {
		symbol = 0
	}
	*t = Timer{name: name, fn: fn, id: t.id, symbol: symbol, Flags: t.Flags}
}

// SetupWith models timer_setup, which is traced.
func SetupWith(c *cpu.CPU, t *Timer, name string, flags Flags, fn Func) {
	Setup(t, name, fn)
	t.Flags = flags
	t.identify(c)
	sched.Record(c, trace.TimerInit, t.id, 0, 0, 0)
}

// identify gives a timer the number that the trace calls it by.
func (t *Timer) identify(c *cpu.CPU) {
	if t.symbol != 0 {
		return
	}
	t.symbol = c.Ring.Names().ID(t.name)
	if t.id == 0 {
		s := shared.Of(c)
		s.lastID++
		t.id = s.lastID
	}
}

// Ready says whether t has been set up, and not been shut down.
func (t *Timer) Ready() bool { return t.fn != nil }

// Pending models timer_pending: t waits.
func (t *Timer) Pending() bool { return t.pprev != nil }

// Mod models mod_timer: t runs at jiffy expires, or soon after. True if it
// waited before. A timer that has been shut down is left alone: false. Context:
// any.
func Mod(c *cpu.CPU, t *Timer, expires uint64) bool { return mod(c, t, expires, 0) }

// ModPending models mod_timer_pending: as Mod, but only if t waits.
func ModPending(c *cpu.CPU, t *Timer, expires uint64) bool { return mod(c, t, expires, pendingOnly) }

// Reduce models timer_reduce: as Mod, unless t waits for an earlier jiffy.
func Reduce(c *cpu.CPU, t *Timer, expires uint64) bool { return mod(c, t, expires, reduce) }

// An option changes what mod does.
type option uint8

const (
	pendingOnly option = 1 << iota // MOD_TIMER_PENDING_ONLY
	reduce                         // MOD_TIMER_REDUCE
)

// mod models __mod_timer.
func mod(c *cpu.CPU, t *Timer, expires uint64, o option) bool {
	if t.fn == nil || t.Pending() && !t.changes(expires, o) {
		return t.Pending()
	}
	t.identify(c)
	c, b, flags := lockBase(c, t)
	b, was := t.modLocked(c, b, expires, o)
	b.lock.UnlockIRQRestore(c, flags)
	return was
}

// changes says whether a timer that waits would wait for something else.
func (t *Timer) changes(expires uint64, o option) bool {
	return t.Expires != expires && (o&reduce == 0 || before(expires, t.Expires))
}

// modLocked is __mod_timer with the lock of t's wheel held; it returns the one
// that is held at its end. A timer that would only go to the bucket that it is
// in stays where it is.
func (t *Timer) modLocked(c *cpu.CPU, b *base, expires uint64, o option) (*base, bool) {
	if t.fn == nil {
		return b, false
	}
	b.forward(c)
	if t.Pending() {
		if !t.changes(expires, o) {
			return b, true
		}
		if idx, _ := wheelIndex(expires, b.clk, b.depth); idx == int(t.idx) {
			t.Expires = expires
			return b, true
		}
	}
	was := b.detachIfPending(c, t, false)
	if !was && o&pendingOnly != 0 {
		return b, false
	}
	if to := target(c, t.Flags); to != b && b.running != t {
		b = t.move(c, b, to)
		b.forward(c)
	}
	t.Expires = expires
	b.add(c, t)
	return b, was
}

// move changes t's wheel; a lock is held before and after. Nobody finds t in
// between. (A timer whose function runs stays: who waits for its end looks at
// the wheel that it runs from.)
func (t *Timer) move(c *cpu.CPU, from, to *base) *base {
	t.migrating = true
	from.lock.Unlock(c)
	to.lock.Lock(c)
	t.base, t.migrating = to, false
	return to
}

// AddOn models add_timer_on: t, which must not wait, runs at Expires on
// processor n. Context: any.
func AddOn(c *cpu.CPU, t *Timer, n int) {
	if t.Pending() || t.fn == nil || n < 0 || n >= len(c.Peers) {
		return
	}
	t.identify(c)
	c, b, flags := lockBase(c, t)
	if t.fn != nil {
		if to := baseOf(c.Peers[n], t.Flags); to != b {
			b = t.move(c, b, to)
		}
		b.forward(c)
		b.add(c, t)
	}
	b.lock.UnlockIRQRestore(c, flags)
}

// Del models del_timer: t does not wait any more; true if it did. Its function
// may be running. Context: any.
func Del(c *cpu.CPU, t *Timer) bool {
	if !t.Pending() {
		return false
	}
	return t.del(c, false)
}

// Shutdown models timer_shutdown: Del, and t can never be armed again.
func Shutdown(c *cpu.CPU, t *Timer) bool { return t.del(c, true) }

// del models __timer_delete.
func (t *Timer) del(c *cpu.CPU, shutdown bool) bool {
	c, b, flags := lockBase(c, t)
	was := b.detachIfPending(c, t, true)
	if shutdown {
		t.fn = nil
	}
	b.lock.UnlockIRQRestore(c, flags)
	return was
}

// TryDelSync models try_to_del_timer_sync: as Del, but if t's function runs
// nothing is changed. Context: any.
func TryDelSync(c *cpu.CPU, t *Timer) (was, running bool) { return t.tryDel(c, false) }

// tryDel models __try_to_del_timer_sync.
func (t *Timer) tryDel(c *cpu.CPU, shutdown bool) (was, running bool) {
	c, b, flags := lockBase(c, t)
	if running = b.running == t; !running {
		was = b.detachIfPending(c, t, true)
		if shutdown {
			t.fn = nil
		}
	}
	b.lock.UnlockIRQRestore(c, flags)
	return was, running
}

// DelSync models del_timer_sync: t neither waits nor runs when it returns; true
// if it waited. Context: not t's own function, nor with anything held that it
// takes: that would wait for ever. In a hard interrupt it may, so there it
// warns, unless t is IRQSafe.
func DelSync(c *cpu.CPU, t *Timer) bool { return t.delSync(c, false) }

// ShutdownSync models timer_shutdown_sync: DelSync, and t can never be armed
// again.
func ShutdownSync(c *cpu.CPU, t *Timer) bool { return t.delSync(c, true) }

// delSync models __timer_delete_sync.
func (t *Timer) delSync(c *cpu.CPU, shutdown bool) bool {
	if preempt.InHardIRQ(c) && t.Flags&IRQSafe == 0 {
		printk.Printk(c, printk.Warning, "WARNING: CPU: %d PID: %d at kernel/time/timer.c __timer_delete_sync: timer %s is waited for in a hard interrupt",
			c.ID, sched.Current(c).PID, t.name)
	}
	for self := sched.Current(c); ; {
		was, running := t.tryDel(c, shutdown)
		if !running {
			return was
		}
		c = self.CPU()
		c.Spend(cost.CPURelax)
		c = self.CPU()
	}
}
