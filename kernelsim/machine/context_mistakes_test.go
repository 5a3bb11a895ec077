package machine_test

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
)

func enablingHandler(c *cpu.CPU, _ cpu.Vector) {
	c.CLI()
	c.STI()
}

func restoringHandler(c *cpu.CPU, _ cpu.Vector) {
	flags := c.SaveFlags()
	c.RestoreFlags(flags)
}

func leakingHandler(c *cpu.CPU, _ cpu.Vector) { preempt.Disable(c) }

func lockLeavingHandler(c *cpu.CPU, _ cpu.Vector) { statsLock.Of(c).Lock(c) }

func balancedHandler(c *cpu.CPU, v cpu.Vector) {
	preempt.Disable(c)
	lockingHandler(c, v)
	preempt.Enable(c)
}

func exitPreemptionOff(t *sched.Task) { preempt.Disable(t.CPU()) }

func exitIRQsOff(t *sched.Task) { t.CPU().CLI() }

func exitWithSpinlock(t *sched.Task) { tableLock.Of(t.CPU()).Lock(t.CPU()) }

func exitWithMutex(t *sched.Task) { configLock.Of(t.CPU()).Lock(t) }

func exitClean(t *sched.Task) {
	addPreemptionOff(t)
	mutexAlone(t)
	lockOneAfterTheOther(t)
}

func mutexAlone(t *sched.Task) {
	configLock.Of(t.CPU()).Lock(t)
	configLock.Of(t.CPU()).Unlock(t)
}

func readBehindEnd(t *sched.Task) {
	table := make([]int, 4)
	sum(table, len(table)+1)
}

func readToEnd(t *sched.Task) {
	table := make([]int, 4)
	sum(table, len(table))
}

func sum(table []int, n int) (total int) {
	for i := range n {
		total += table[i]
	}
	return total
}

func contextMistakes() []mistake {
	const handler = "task swapper/1 <- hard interrupt"
	return []mistake{
		{name: "if-left-on", wrong: onEvent(enablingHandler), right: onEvent(restoringHandler), then: interruptCPU1,
			rule: "IF left on", cpu: 1, context: handler},
		{name: "preempt-leak-handler", wrong: onEvent(leakingHandler), right: onEvent(balancedHandler), then: interruptCPU1,
			rule: "preempt_count leak", cpu: 1, context: handler},
		{name: "lock-left-by-handler", wrong: onEvent(lockLeavingHandler), right: onEvent(balancedHandler), then: interruptCPU1,
			rule: "preempt_count leak", cpu: 1, context: handler, locks: "stats_lock"},
		{name: "preempt-leak-exit", wrong: onCPU1(exitPreemptionOff), right: onCPU1(exitClean),
			rule: "preempt_count leak", cpu: 1, context: "task worker"},
		{name: "irqs-off-exit", wrong: onCPU1(exitIRQsOff), right: onCPU1(exitClean),
			rule: "preempt_count leak", cpu: 1, context: "task worker"},
		{name: "spinlock-at-exit", wrong: onCPU1(exitWithSpinlock), right: onCPU1(exitClean),
			rule: "preempt_count leak", cpu: 1, context: "task worker", locks: "table_lock"},
		{name: "mutex-at-exit", wrong: onCPU1(exitWithMutex), right: onCPU1(exitClean),
			rule: "lock held at exit", cpu: 1, context: "task worker", locks: "config_lock"},
		{name: "go-panic", wrong: onCPU1(readBehindEnd), right: onCPU1(readToEnd),
			rule: "panic", cpu: 1, context: "task worker"},
	}
}
