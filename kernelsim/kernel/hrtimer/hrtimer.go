// Package hrtimer models high-resolution timers (kernel/time/hrtimer.c): each
// processor keeps its timers in the order of their times and sets its clock
// event device to the first of them.
package hrtimer

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// A Mode says how a timer is started (enum hrtimer_mode).
type Mode uint8

// The bits of a mode. Without Rel a time is absolute; without Soft the function
// runs in the hard interrupt.
const (
	Abs    Mode = 0
	Rel    Mode = 1 << 0
	Pinned Mode = 1 << 1
	Soft   Mode = 1 << 2
	Hard   Mode = 1 << 3
)

// A Restart is what a timer's function returns (enum hrtimer_restart).
type Restart bool

// What becomes of a timer that has run.
const (
	NoRestart Restart = false // HRTIMER_NORESTART
	Again     Restart = true  // HRTIMER_RESTART: it has been given a new time
)

// A Func is a timer's function. Context: hard interrupt with IF clear, or, for
// a soft timer, softirq.
type Func func(c *cpu.CPU, t *Timer) Restart

// A Timer calls a function at a time (struct hrtimer). Init prepares it.
type Timer struct {
	name string
	fn   Func
}

// Init models hrtimer_init with a function. name is the function's symbol.
func Init(c *cpu.CPU, t *Timer, name string, mode Mode, fn Func) { *t = Timer{name: name, fn: fn} }

// Start models hrtimer_start. Context: any.
func Start(c *cpu.CPU, t *Timer, at sim.Time, mode Mode) {}

// Cancel models hrtimer_cancel: true if t waited. Context: any but its own
// function.
func Cancel(c *cpu.CPU, t *Timer) bool { return false }

// Forward models hrtimer_forward_now.
func Forward(c *cpu.CPU, t *Timer, interval sim.Time) uint64 { return 0 }

// USleepRange models usleep_range. Context: process context.
func USleepRange(t *sched.Task, least, most sim.Time) { sched.MSleep(t, least) }

// NanoSleep models nanosleep(2). Context: process context.
func NanoSleep(t *sched.Task, d sim.Time) { sched.MSleep(t, d) }
