// Package mutex models the sleeping lock (kernel/locking/mutex.c): who wants
// it while another task has it sleeps until it is woken. Waiting with the eye
// on a running owner (CONFIG_MUTEX_SPIN_ON_OWNER) is left out.
package mutex

import (
	"slices"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// A Mutex is a lock that its owner may sleep with. Init gives it its class.
type Mutex struct {
	dep     lock.Map
	owner   *sched.Task
	handoff bool          // MUTEX_FLAG_HANDOFF: the first waiter has waited long enough
	wait    lock.Spin     // wait_lock: protects waiters
	waiters []*sched.Task // first come, first served
}

// waitLock is the class of every mutex's wait_lock.
var waitLock = lock.NewClass("&lock->wait_lock")

// Init models mutex_init.
func (m *Mutex) Init(c *cpu.CPU, cl lock.Class) {
	*m = Mutex{}
	m.dep.Init(c, cl, true)
	m.wait.Init(c, waitLock)
}

// Lock models mutex_lock. Context: process context, interrupts on, no spinlock
// held; it may sleep, so where t runs is to be asked again.
func (m *Mutex) Lock(t *sched.Task) {
	sched.MightSleep(t)
	m.ready(t)
	m.dep.Validate(t.CPU())
	got := m.owner == nil
	if got {
		m.owner = t
	}
	t.CPU().Spend(cost.AtomicRMW)
	switch {
	case got:
	case t.Policy == sched.Idle: // the code that boots the kernel, which cannot sleep
		sched.WaitEarly(t, func() bool { return m.tryOrHandoff(t) })
	default:
		m.lockSlow(t)
	}
	m.dep.Acquired(t.CPU(), false)
}

// lockSlow models __mutex_lock_common: t queues, and sleeps until it finds
// the lock free or is handed it.
func (m *Mutex) lockSlow(t *sched.Task) {
	name := t.CPU().Ring.Names().ID(m.dep.Name())
	sched.Record(t.CPU(), trace.Contention, name, m.ownerPID(), 0, 0)
	m.wait.Lock(t.CPU())
	m.waiters = append(m.waiters, t)
	for !m.tryOrHandoff(t) {
		sched.SetState(t, sched.Uninterruptible)
		m.wait.Unlock(t.CPU())
		sched.Schedule(t.CPU())
		m.handoff = m.handoff || m.waiters[0] == t && m.owner != t
		m.wait.Lock(t.CPU())
	}
	sched.SetState(t, sched.Running)
	m.waiters = slices.DeleteFunc(m.waiters, func(w *sched.Task) bool { return w == t })
	m.wait.Unlock(t.CPU())
	sched.Record(t.CPU(), trace.ContentionEnd, name, 0, 0, 0)
}

// tryOrHandoff models __mutex_trylock_or_handoff: the lock is free, or its
// last owner has put t's name on it.
func (m *Mutex) tryOrHandoff(t *sched.Task) bool {
	if m.owner == nil {
		m.owner = t
	}
	t.CPU().Spend(cost.AtomicRMW)
	if m.owner == t {
		m.handoff = false
	}
	return m.owner == t
}

func (m *Mutex) ownerPID() uint32 {
	if m.owner == nil {
		return 0
	}
	return uint32(m.owner.PID)
}

// TryLock models mutex_trylock: it takes the lock if nobody has it. Context:
// process context; it does not sleep.
func (m *Mutex) TryLock(t *sched.Task) bool {
	m.ready(t)
	got := m.owner == nil
	if got {
		m.owner = t
		m.dep.Acquired(t.CPU(), true)
	}
	t.CPU().Spend(cost.AtomicRMW)
	return got
}

// Unlock models mutex_unlock: only the owner may. The first waiter is woken,
// and gets the lock outright if it has been woken in vain before.
func (m *Mutex) Unlock(t *sched.Task) {
	m.ready(t)
	if m.owner != t {
		m.notOwner(t)
	}
	m.dep.Released(t.CPU())
	if !m.handoff {
		m.owner = nil
	}
	t.CPU().Spend(cost.AtomicRMW)
	if len(m.waiters) > 0 {
		m.unlockSlow(t)
	}
}

// unlockSlow models __mutex_unlock_slowpath.
func (m *Mutex) unlockSlow(t *sched.Task) {
	m.wait.Lock(t.CPU())
	if len(m.waiters) > 0 {
		first := m.waiters[0]
		if m.handoff && m.owner == t {
			m.owner, m.handoff = first, false
		}
		sched.WakeUpProcess(t.CPU(), first)
	}
	m.wait.Unlock(t.CPU())
}

// Locked models mutex_is_locked.
func (m *Mutex) Locked() bool { return m.owner != nil }

// ready models MUTEX_WARN_ON(lock->magic != lock).
func (m *Mutex) ready(t *sched.Task) {
	if !m.dep.Ready() {
		warn(t, "lock not initialised", "lock->magic != lock",
			"the mutex was never initialised: Define makes one that is, Init makes one out of a field")
	}
}

func (m *Mutex) notOwner(t *sched.Task) {
	warn(t, "wrong unlock", "__owner_task(owner) != get_current()",
		"only the task that took the mutex may release it; to tell another task that something is done, use a completion")
}

// warn models DEBUG_LOCKS_WARN_ON.
func warn(t *sched.Task, rule, condition, why string) {
	oops.Raise(oops.Report{Rule: rule, CPU: t.CPU().ID, Title: "DEBUG_LOCKS_WARN_ON(" + condition + ")", Why: why})
}

// A Static is a mutex of the kernel's image or of a module: one in each
// machine.
type Static struct {
	class lock.Class
	mutex percpu.Global[Mutex]
}

// Define models DEFINE_MUTEX: it declares a mutex and its class at package
// level.
func Define(name string) Static {
	return Static{lock.NewClass(name), percpu.Shared[Mutex]("mutex " + name)}
}

// Of is the machine's mutex.
func (s Static) Of(c *cpu.CPU) *Mutex {
	m := s.mutex.Of(c)
	if !m.dep.Ready() {
		m.Init(c, s.class)
	}
	return m
}
