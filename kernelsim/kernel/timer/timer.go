// Package timer models the timer wheel (kernel/time/timer.c): timeouts that are
// counted in jiffies, cheap to set and to take back, and called in a softirq.
package timer

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// Flags are a timer's properties (include/linux/timer.h).
type Flags uint8

// The flags.
const (
	Deferrable Flags = 1 << iota // TIMER_DEFERRABLE: it does not wake an idle processor
	Pinned                       // TIMER_PINNED: it stays on the processor that arms it
	IRQSafe                      // TIMER_IRQSAFE: its function runs with interrupts off
)

// A Timer calls a function at a jiffy (struct timer_list). Setup prepares it.
type Timer struct {
	name string
	fn   func(c *cpu.CPU, t *Timer)
}

// Setup models timer_setup. name is the function's symbol. fn runs in softirq
// context, with interrupts on.
func Setup(c *cpu.CPU, t *Timer, name string, flags Flags, fn func(c *cpu.CPU, t *Timer)) {
	*t = Timer{name: name, fn: fn}
}

// Mod models mod_timer: t runs at jiffy expires. True if it waited before.
// Context: any.
func Mod(c *cpu.CPU, t *Timer, expires uint64) bool { return false }

// AddOn models add_timer_on: t, which does not wait, runs on processor n.
func AddOn(c *cpu.CPU, t *Timer, expires uint64, n int) {}

// Del models del_timer: true if t waited. It may be running. Context: any.
func Del(c *cpu.CPU, t *Timer) bool { return false }

// DelSync models del_timer_sync: t neither waits nor runs when it returns.
// Context: not a hard interrupt, nor t's own function.
func DelSync(c *cpu.CPU, t *Timer) bool { return false }

// Pending models timer_pending.
func (t *Timer) Pending() bool { return false }

// Jiffies models jiffies.
func Jiffies(c *cpu.CPU) uint64 { return sched.Jiffies(c) }

// ScheduleTimeout models schedule_timeout: the task, whose state is set, sleeps
// for at most so many jiffies, and learns how many were left.
func ScheduleTimeout(t *sched.Task, jiffies int64) int64 { return 0 }

// MSleep models msleep. Context: process context.
func MSleep(t *sched.Task, d sim.Time) { sched.MSleep(t, d) }
