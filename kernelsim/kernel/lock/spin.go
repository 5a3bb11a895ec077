package lock

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// A Spin is a spinlock (spinlock_t). Who wants it while another CPU has it
// waits without doing anything else, and CPUs get it in the order in which
// they came. Whoever holds one may not sleep. Init gives it its class.
type Spin struct {
	dep     Map
	next    uint32 // the ticket that the next one who comes takes
	serving uint32 // the ticket whose turn it is
	owner   *Held
}

// Init models spin_lock_init.
func (l *Spin) Init(c *cpu.CPU, cl Class) {
	*l = Spin{}
	l.dep.Init(c, cl, false)
}

// Lock models spin_lock: interrupts stay as they are. It must not be used for
// a lock that an interrupt handler takes too. Context: any.
func (l *Spin) Lock(c *cpu.CPU) {
	l.lock(c)
}

// Unlock models spin_unlock.
func (l *Spin) Unlock(c *cpu.CPU) {
	l.unlock(c)
	preempt.Drop(c)
}

// Release models do_raw_spin_unlock: the lock is free, and preemption is still
// off. It is the first half of an unlock of which the second does more than
// Unlock (spin_unlock_bh).
func (l *Spin) Release(c *cpu.CPU) { l.unlock(c) }

// LockIRQSave models spin_lock_irqsave: interrupts are off while the lock is
// held; the result says whether they were on before. Context: any.
func (l *Spin) LockIRQSave(c *cpu.CPU) cpu.Flags {
	flags := c.SaveFlags()
	l.lock(c)
	return flags
}

// UnlockIRQRestore models spin_unlock_irqrestore.
func (l *Spin) UnlockIRQRestore(c *cpu.CPU, flags cpu.Flags) {
	l.unlock(c)
	c.RestoreFlags(flags)
	preempt.Drop(c)
}

// LockIRQ models spin_lock_irq: for code that knows that interrupts are on.
func (l *Spin) LockIRQ(c *cpu.CPU) {
	c.CLI()
	l.lock(c)
}

// UnlockIRQ models spin_unlock_irq: interrupts are on afterwards, whatever
// they were before LockIRQ.
func (l *Spin) UnlockIRQ(c *cpu.CPU) {
	l.unlock(c)
	c.STI()
	preempt.Drop(c)
}

// TryLock models spin_trylock: it takes the lock if nobody has it.
func (l *Spin) TryLock(c *cpu.CPU) bool {
	if l.dep.class == nil {
		l.bug(c, "bad magic", neverInit)
	}
	preempt.Add(c, preempt.Offset)
	free := l.next == l.serving
	if free {
		l.next++
		l.owner = current(c)
		l.dep.Acquired(c, true)
	}
	c.Spend(cost.SpinLock)
	if !free {
		preempt.Drop(c)
	}
	return free
}

// Locked models spin_is_locked.
func (l *Spin) Locked() bool { return l.next != l.serving }

// lock models __raw_spin_lock: preemption off, the validator looks if there is
// anything new to see, then the CPU takes its ticket and waits for its turn.
func (l *Spin) lock(c *cpu.CPU) {
	u := usageNow(c, preempt.Add(c, preempt.Offset))
	h := current(c)
	if h.top != nil || l.dep.class == nil || l.dep.class.used&u != u {
		l.look(c, h, u)
	}
	ticket := l.next
	l.next++
	c.Spend(cost.SpinLock)
	if l.serving != ticket {
		l.wait(c, ticket)
	}
	l.owner = h
	h.push(c, &l.dep, u)
}

// wait models queued_spin_lock_slowpath: PAUSE until it is the ticket's turn.
// Interrupts come or wait, as the caller left them.
func (l *Spin) wait(c *cpu.CPU, ticket uint32) {
	name := c.Ring.Names().ID(l.dep.class.name)
	record(c, trace.Contention, name, l.ownerPID())
	for l.serving != ticket {
		c.Spend(cost.CPURelax)
	}
	record(c, trace.ContentionEnd, name, 0)
}

// ownerPID is the owner's pid, 0 in the moment between two owners.
func (l *Spin) ownerPID() uint32 {
	if l.owner == nil {
		return 0
	}
	return uint32(l.owner.pid)
}

// unlock models __raw_spin_unlock before preempt_enable. A task with a
// spinlock stays on its CPU, so the owner is the task that runs on c if it
// runs on c.
func (l *Spin) unlock(c *cpu.CPU) {
	h := l.owner
	if h == nil || h.on != c {
		l.badUnlock(c)
	}
	h.pop(c, &l.dep)
	l.owner = nil
	l.serving++
	c.Spend(cost.SpinUnlock)
}

const neverInit = "the lock was never initialised: Define makes one that is, Init makes one out of a field"

// look models debug_spin_lock_before and lock_acquire: it reports a lock that
// was never initialised, one that its owner wants again, and what the
// validator finds. If it is an interrupt handler that wants it again, then that
// is the finding.
func (l *Spin) look(c *cpu.CPU, h *Held, u usage) {
	if l.dep.class == nil {
		l.bug(c, "bad magic", neverInit)
	}
	if l.dep.class.used&u != u {
		l.dep.mark(c, h, u)
	}
	if l.owner == h {
		l.bug(c, "recursion", "this CPU waits for a lock that it holds itself, so nobody will ever release it")
	}
	h.validate(c, &l.dep, u)
}

// badUnlock models debug_spin_unlock.
func (l *Spin) badUnlock(c *cpu.CPU) {
	switch {
	case l.dep.class == nil:
		l.bug(c, "bad magic", neverInit)
	case l.owner == nil:
		l.bug(c, "already unlocked", "the lock that is released here is not taken: it was released twice, or never taken")
	}
	l.bug(c, "wrong owner", "only the task that took the lock may release it")
}

// bug models spin_bug and spin_dump.
func (l *Spin) bug(c *cpu.CPU, what, why string) {
	name, magic, owner := "<none>", 0, "<none>/-1"
	if l.dep.class != nil {
		name, magic = l.dep.class.name, 0xdead4ead
	}
	on := -1
	if l.owner != nil {
		owner, on = taskName(c, l.owner.pid, l.owner.on.ID), l.owner.on.ID
	}
	oops.Raise(oops.Report{Rule: bugRule(what), CPU: c.ID,
		Title: fmt.Sprintf("BUG: spinlock %s on CPU#%d, %s", what, c.ID, task(c)),
		Lines: []string{fmt.Sprintf(" lock: %s, .magic: %08x, .owner: %s, .owner_cpu: %d", name, magic, owner, on)},
		Why:   why})
}

func bugRule(what string) string {
	switch what {
	case "recursion":
		return "lock recursion"
	case "bad magic":
		return "lock not initialised"
	}
	return "wrong unlock"
}

// A Static is a spinlock of the kernel's image or of a module: one in each
// machine.
type Static struct {
	class Class
	spin  percpu.Global[Spin]
}

// Define models DEFINE_SPINLOCK: it declares a lock and its class at package
// level.
func Define(name string) Static {
	return Static{NewClass(name), percpu.Shared[Spin]("spinlock " + name)}
}

// Of is the machine's lock.
func (s Static) Of(c *cpu.CPU) *Spin {
	l := s.spin.Of(c)
	if l.dep.class == nil {
		l.Init(c, s.class)
	}
	return l
}
