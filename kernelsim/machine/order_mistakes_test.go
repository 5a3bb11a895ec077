package machine_test

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// nested takes two locks, one inside the other.
func nested(t *sched.Task, outer, inner lock.Static) {
	c := t.CPU()
	outer.Of(c).Lock(c)
	inner.Of(c).Lock(c)
	inner.Of(c).Unlock(c)
	outer.Of(c).Unlock(c)
}

func tableThenStats(t *sched.Task) { nested(t, tableLock, statsLock) }

func statsThenTable(t *sched.Task) { nested(t, statsLock, tableLock) }

var flushLock = lock.Define("flush_lock")

func statsThenFlush(t *sched.Task) { nested(t, statsLock, flushLock) }

func flushThenTable(t *sched.Task) { nested(t, flushLock, tableLock) }

// inTurn is a module that runs each function in a thread of its own, one a
// millisecond: they never meet.
func inTurn(fns ...func(t *sched.Task)) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error {
		for i, fn := range fns {
			sched.KThreadOn(c, 1, "worker", func(t *sched.Task) {
				hrtimer.USleep(t, sim.Time(i)*sim.Millisecond)
				fn(t)
			})
		}
		return nil
	}
}

func plainLock(t *sched.Task) {
	c := t.CPU()
	statsLock.Of(c).Lock(c)
	statsLock.Of(c).Unlock(c)
}

func sleepThenPlain(t *sched.Task) {
	hrtimer.USleep(t, sim.Millisecond)
	plainLock(t)
}

func irqsaveLock(t *sched.Task) {
	c := t.CPU()
	flags := statsLock.Of(c).LockIRQSave(c)
	statsLock.Of(c).UnlockIRQRestore(c, flags)
}

func lockingHandler(c *cpu.CPU, _ cpu.Vector) {
	statsLock.Of(c).Lock(c)
	statsLock.Of(c).Unlock(c)
}

func tableLockingHandler(c *cpu.CPU, _ cpu.Vector) {
	tableLock.Of(c).Lock(c)
	tableLock.Of(c).Unlock(c)
}

// enableUnderLock enables interrupts too early.
func enableUnderLock(t *sched.Task) {
	c := t.CPU()
	statsLock.Of(c).LockIRQ(c)
	c.STI()
	statsLock.Of(c).Unlock(c)
}

// shared is a module whose handler and thread use one lock.
func shared(h entry.Handler, fns ...func(t *sched.Task)) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error {
		if err := entry.Request(c, event, "mistake", h); err != nil {
			return err
		}
		return inTurn(fns...)(c)
	}
}

// irqsaveBoth takes the table lock and in it the stats lock, both with
// interrupts off.
func irqsaveBoth(t *sched.Task) {
	c := t.CPU()
	flags := tableLock.Of(c).LockIRQSave(c)
	statsLock.Of(c).Lock(c)
	statsLock.Of(c).Unlock(c)
	tableLock.Of(c).UnlockIRQRestore(c, flags)
}

// interruptLate lets the threads get done before the interrupt.
func interruptLate(m *machine.Machine) error {
	if err := m.Run(10 * sim.Millisecond); err != nil {
		return err
	}
	return interruptCPU1(m)
}

// interruptEarly lets the interrupt be handled before most threads.
func interruptEarly(c *cpu.CPU) error {
	if err := shared(tableLockingHandler, plainLock)(c); err != nil {
		return err
	}
	return inTurn(func(*sched.Task) {}, func(*sched.Task) {}, irqsaveBoth)(c)
}

func interruptEarlyRight(c *cpu.CPU) error {
	if err := shared(tableLockingHandler, irqsaveLock)(c); err != nil {
		return err
	}
	return inTurn(func(*sched.Task) {}, func(*sched.Task) {}, irqsaveBoth)(c)
}

// heldAtInterrupt holds a lock for long enough to be interrupted with it.
func heldAtInterrupt(t *sched.Task) {
	c := t.CPU()
	statsLock.Of(c).Lock(c)
	sched.Compute(t, 3*sim.Millisecond)
	statsLock.Of(c).Unlock(c)
}

func heldIRQsOff(t *sched.Task) {
	c := t.CPU()
	flags := statsLock.Of(c).LockIRQSave(c)
	sched.Compute(t, 3*sim.Millisecond)
	statsLock.Of(c).UnlockIRQRestore(c, flags)
}

func lockOrderMistakes() []mistake {
	return []mistake{
		{name: "lock-order", wrong: inTurn(tableThenStats, statsThenTable), right: inTurn(tableThenStats, tableThenStats),
			rule: "lock order", cpu: 1, context: "task worker", locks: "stats_lock"},
		{name: "lock-order-chain", wrong: inTurn(tableThenStats, statsThenFlush, flushThenTable),
			right: inTurn(tableThenStats, statsThenFlush, tableThenStats),
			rule:  "lock order", cpu: 1, context: "task worker", locks: "flush_lock"},
		{name: "lock-irq-state", wrong: shared(lockingHandler, plainLock), right: shared(lockingHandler, irqsaveLock), then: interruptCPU1,
			rule: "lock irq-state", cpu: 1, context: "task swapper/1 <- hard interrupt"},
		{name: "lock-irq-state-held", wrong: shared(lockingHandler, heldAtInterrupt), right: shared(lockingHandler, heldIRQsOff), then: interruptCPU1,
			rule: "lock irq-state", cpu: 1, context: "task worker <- hard interrupt", locks: "stats_lock"},
		{name: "lock-irq-order", wrong: interruptEarly, right: interruptEarlyRight, then: interruptCPU1,
			rule: "lock irq-state", cpu: 1, context: "task worker", locks: "table_lock"},
		{name: "lock-irq-order-interrupted", wrong: shared(tableLockingHandler, heldAtInterrupt, irqsaveBoth), right: shared(tableLockingHandler, heldIRQsOff, irqsaveBoth), then: interruptCPU1,
			rule: "lock irq-state", cpu: 1, context: "task worker", locks: "table_lock"},
		{name: "lock-irqs-enabled-under-it", wrong: shared(lockingHandler, enableUnderLock), right: shared(lockingHandler, irqsaveLock), then: interruptCPU1,
			rule: "lock irq-state", cpu: 1, context: "task swapper/1 <- hard interrupt"},
		{name: "lock-becomes-irq-safe", wrong: shared(tableLockingHandler, irqsaveBoth, plainLock), right: shared(tableLockingHandler, irqsaveBoth, irqsaveLock), then: interruptLate,
			rule: "lock irq-state", cpu: 1, context: "task swapper/1 <- hard interrupt"},
		{name: "lock-becomes-irq-unsafe", wrong: shared(tableLockingHandler, irqsaveBoth, sleepThenPlain), right: shared(tableLockingHandler, irqsaveBoth, irqsaveLock), then: interruptCPU1,
			rule: "lock irq-state", cpu: 1, context: "task worker"},
	}
}
