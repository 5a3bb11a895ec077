package samples

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
)

// counter is one variable for all CPUs.
var counter = percpu.Shared[int]("samples_counter")

// addShared is counter++ as a CPU does it: fetch, add, store.
func addShared(t *sched.Task) {
	c := t.CPU()
	value := *counter.Of(c)
	c.Spend(cost.RemotePerCPU) // the line comes from another CPU's cache
	*counter.Of(c) = value + 1
}

// countShared is the module count_shared.
func countShared(c *cpu.CPU) error {
	*counter.Of(c) = 0
	onEveryCPU(c, "count_shared", addShared)
	return nil
}

func showShared(c *cpu.CPU) string { return result(c, *counter.Of(c)) }

// counterLock is held over every access of count_locked to counter.
var counterLock = lock.Define("samples_counter_lock")

// addLocked is counter++ under a lock.
func addLocked(t *sched.Task) {
	l := counterLock.Of(t.CPU())
	l.Lock(t.CPU())
	addShared(t)
	l.Unlock(t.CPU())
}

// countLocked is the module count_locked.
func countLocked(c *cpu.CPU) error {
	*counter.Of(c) = 0
	onEveryCPU(c, "count_locked", addLocked)
	return nil
}
