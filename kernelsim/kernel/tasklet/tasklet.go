// Package tasklet models tasklets (kernel/softirq.c, include/linux/
// interrupt.h): functions that a driver lets run in a softirq, each on one
// processor at a time.
package tasklet

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
)

// A Tasklet is a function that is to run once for each time that it was
// scheduled while it did not wait already (struct tasklet_struct). Setup
// prepares it.
type Tasklet struct {
	next  *Tasklet
	name  string
	fn    func(c *cpu.CPU, t *Tasklet)
	state uint32
	count int // atomic_t count: disabled while it is not 0
}

// Setup models tasklet_setup. name is the tasklet's symbol. fn runs in softirq
// context, with interrupts on.
func Setup(t *Tasklet, name string, fn func(c *cpu.CPU, t *Tasklet)) {
	*t = Tasklet{name: name, fn: fn}
}

// Init models softirq_init as far as tasklets go. Context: once, at boot.
func Init(c *cpu.CPU) {}

// Schedule models tasklet_schedule: t runs soon, on this processor. Context:
// any.
func Schedule(c *cpu.CPU, t *Tasklet) {}

// HiSchedule models tasklet_hi_schedule: in the first of the softirqs.
func HiSchedule(c *cpu.CPU, t *Tasklet) {}

// DisableNoSync models tasklet_disable_nosync: t does not begin to run any
// more; it may be running. Calls nest. Context: any.
func DisableNoSync(c *cpu.CPU, t *Tasklet) {}

// Disable models tasklet_disable: t does not run. Context: process context.
func Disable(task *sched.Task, t *Tasklet) {}

// Enable models tasklet_enable. Context: any.
func Enable(c *cpu.CPU, t *Tasklet) {}

// Kill models tasklet_kill: t neither waits nor runs. Context: process
// context.
func Kill(task *sched.Task, t *Tasklet) {}

// Takeover models takeover_tasklets: what waits on processor n, which has
// gone, waits on this one. Context: process context.
func Takeover(c *cpu.CPU, n int) {}
