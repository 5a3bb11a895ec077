package machine_test

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

func lockTwice(t *sched.Task) {
	l := tableLock.Of(t.CPU())
	l.Lock(t.CPU())
	l.Lock(t.CPU())
	l.Unlock(t.CPU())
	l.Unlock(t.CPU())
}

func lockOneAfterTheOther(t *sched.Task) {
	l := tableLock.Of(t.CPU())
	l.Lock(t.CPU())
	l.Unlock(t.CPU())
	l.Lock(t.CPU())
	l.Unlock(t.CPU())
}

// Two locks of one class, as an array of them has.
var (
	bucketClass = lock.NewClass("bucket->lock")
	secondClass = lock.NewClass("bucket->lock/1")
	buckets     = percpu.Shared[[2]lock.Spin]("mistake_buckets")
)

func lockTwoBuckets(t *sched.Task) { lockBuckets(t, bucketClass) }

func lockNestedBuckets(t *sched.Task) { lockBuckets(t, secondClass) }

func lockBuckets(t *sched.Task, second lock.Class) {
	c := t.CPU()
	b := buckets.Of(c)
	b[0].Init(c, bucketClass)
	b[1].Init(c, second)
	b[0].Lock(c)
	b[1].Lock(c)
	b[1].Unlock(c)
	b[0].Unlock(c)
}

func lockNeverInit(t *sched.Task) { buckets.Of(t.CPU())[0].Lock(t.CPU()) }

func unlockTwice(t *sched.Task) {
	lockOneAfterTheOther(t)
	tableLock.Of(t.CPU()).Unlock(t.CPU())
}

// unlockForOther is a module whose thread on CPU 0 releases what the one on
// CPU 1 holds.
func unlockForOther(c *cpu.CPU) error {
	sched.KThreadOn(c, 1, "worker", func(t *sched.Task) {
		tableLock.Of(t.CPU()).Lock(t.CPU())
		sched.Compute(t, 10*sim.Microsecond)
		tableLock.Of(t.CPU()).Unlock(t.CPU())
	})
	sched.KThreadOn(c, 0, "helper", helpfulUnlock)
	return nil
}

func helpfulUnlock(t *sched.Task) {
	for !tableLock.Of(t.CPU()).Locked() {
		t.CPU().Spend(cost.CPURelax)
	}
	t.CPU().Spend(cost.ProbeLoop)
	tableLock.Of(t.CPU()).Unlock(t.CPU())
}

// mutexForOther is the same with a mutex.
func mutexForOther(c *cpu.CPU) error {
	sched.KThreadOn(c, 1, "worker", func(t *sched.Task) {
		configLock.Of(t.CPU()).Lock(t)
		hrtimer.USleep(t, 2*sim.Millisecond)
		configLock.Of(t.CPU()).Unlock(t)
	})
	sched.KThreadOn(c, 0, "helper", helpfulMutexUnlock)
	return nil
}

func helpfulMutexUnlock(t *sched.Task) {
	hrtimer.USleep(t, sim.Millisecond)
	configLock.Of(t.CPU()).Unlock(t)
}

// waitForOther is how it is done: the helper waits for its turn.
func waitForOther(c *cpu.CPU) error {
	for n, name := range []string{"helper", "worker"} {
		sched.KThreadOn(c, n, name, func(t *sched.Task) {
			configLock.Of(t.CPU()).Lock(t)
			hrtimer.USleep(t, 2*sim.Millisecond)
			tableLock.Of(t.CPU()).Lock(t.CPU())
			sched.Compute(t, 10*sim.Microsecond)
			tableLock.Of(t.CPU()).Unlock(t.CPU())
			configLock.Of(t.CPU()).Unlock(t)
		})
	}
	return nil
}

func lockMistakes() []mistake {
	return []mistake{
		{name: "lock-recursion", wrong: onCPU1(lockTwice), right: onCPU1(lockOneAfterTheOther),
			rule: "lock recursion", cpu: 1, context: "task worker", locks: "table_lock"},
		{name: "lock-same-class", wrong: onCPU1(lockTwoBuckets), right: onCPU1(lockNestedBuckets),
			rule: "lock recursion", cpu: 1, context: "task worker", locks: "bucket->lock"},
		{name: "lock-never-init", wrong: onCPU1(lockNeverInit), right: onCPU1(lockNestedBuckets),
			rule: "lock not initialised", cpu: 1, context: "task worker"},
		{name: "unlock-twice", wrong: onCPU1(unlockTwice), right: onCPU1(lockOneAfterTheOther),
			rule: "wrong unlock", cpu: 1, context: "task worker"},
		{name: "unlock-by-another", wrong: unlockForOther, right: waitForOther,
			rule: "wrong unlock", cpu: 0, context: "task helper"},
		{name: "mutex-unlock-by-another", wrong: mutexForOther, right: waitForOther,
			rule: "wrong unlock", cpu: 0, context: "task helper"},
	}
}
