package machine_test

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/mutex"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/sim"
)

var (
	tableLock  = lock.Define("table_lock")
	statsLock  = lock.Define("stats_lock")
	configLock = mutex.Define("config_lock")
)

// onCPU1 is a module that runs fn in a thread bound to CPU 1.
func onCPU1(fn func(t *sched.Task)) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error {
		sched.KThreadOn(c, 1, "worker", fn)
		return nil
	}
}

// onEvent is a module with an interrupt handler.
func onEvent(h entry.Handler) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error { return entry.Request(c, event, "mistake", h) }
}

func scheduleLocked(t *sched.Task) {
	tableLock.Of(t.CPU()).Lock(t.CPU())
	sched.Schedule(t.CPU())
	tableLock.Of(t.CPU()).Unlock(t.CPU())
}

func scheduleUnlocked(t *sched.Task) {
	tableLock.Of(t.CPU()).Lock(t.CPU())
	tableLock.Of(t.CPU()).Unlock(t.CPU())
	sched.Schedule(t.CPU())
}

func sleepingHandler(c *cpu.CPU, _ cpu.Vector) { timer.MSleep(sched.Current(c), sim.Millisecond) }

// wakingModule leaves the sleeping to a thread.
func wakingModule(c *cpu.CPU) error {
	t := sched.KThreadOn(c, 1, "worker", func(t *sched.Task) {
		sched.SetState(t, sched.Interruptible)
		sched.Schedule(t.CPU())
		timer.MSleep(t, sim.Millisecond)
	})
	return entry.Request(c, event, "mistake", func(c *cpu.CPU, _ cpu.Vector) { sched.WakeUpProcess(c, t) })
}

func mutexUnderSpinlock(t *sched.Task) {
	tableLock.Of(t.CPU()).Lock(t.CPU())
	configLock.Of(t.CPU()).Lock(t)
	configLock.Of(t.CPU()).Unlock(t)
	tableLock.Of(t.CPU()).Unlock(t.CPU())
}

func spinlockUnderMutex(t *sched.Task) {
	configLock.Of(t.CPU()).Lock(t)
	tableLock.Of(t.CPU()).Lock(t.CPU())
	tableLock.Of(t.CPU()).Unlock(t.CPU())
	configLock.Of(t.CPU()).Unlock(t)
}

func mutexIRQsOff(t *sched.Task) {
	flags := t.CPU().SaveFlags()
	configLock.Of(t.CPU()).Lock(t)
	configLock.Of(t.CPU()).Unlock(t)
	t.CPU().RestoreFlags(flags)
}

func sleepMistakes() []mistake {
	return []mistake{
		{name: "schedule-with-spinlock", wrong: onCPU1(scheduleLocked), right: onCPU1(scheduleUnlocked),
			rule: "sleep in atomic", cpu: 1, context: "task worker", locks: "table_lock"},
		{name: "msleep-in-handler", wrong: onEvent(sleepingHandler), right: wakingModule, then: interruptCPU1,
			rule: "sleep in atomic", cpu: 1, context: "task swapper/1 <- hard interrupt"},
		{name: "mutex-under-spinlock", wrong: onCPU1(mutexUnderSpinlock), right: onCPU1(spinlockUnderMutex),
			rule: "sleep in atomic", cpu: 1, context: "task worker", locks: "table_lock"},
		{name: "mutex-with-irqs-off", wrong: onCPU1(mutexIRQsOff), right: onCPU1(spinlockUnderMutex),
			rule: "sleep in atomic", cpu: 1, context: "task worker"},
	}
}
