package lock

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
)

// A Map is a lock as the validator sees it (struct lockdep_map). Every kind
// of lock has one. While the lock is held it is also the record of that
// (struct held_lock): only one task at a time holds it.
type Map struct {
	class  *class
	sleeps bool // who waits for it sleeps (LD_WAIT_SLEEP)

	below *Map // taken by the same task before this one
	since sim.Time
	use   usage // how it was taken
	tried bool  // without waiting
}

// Init gives a lock its class (lockdep_init_map). sleeps says that who waits
// for it sleeps.
func (m *Map) Init(c *cpu.CPU, cl Class, sleeps bool) { *m = Map{class: cl.of(c), sleeps: sleeps} }

// Ready says whether the lock has been initialised.
func (m *Map) Ready() bool { return m.class != nil }

// Name is the class's name.
func (m *Map) Name() string { return m.class.name }

// String models print_lock_name: class, usage, and the kind of waiting that
// it allows inside and needs outside.
func (m *Map) String() string {
	wait := 2
	if m.sleeps {
		wait = 3
	}
	return fmt.Sprintf("(%s){%s}-{%d:%d}", m.class.name, m.class.chars(), wait, wait)
}

// held models print_lock for one that is held: instead of the instruction, it
// gives the time at which it was taken.
func (m *Map) held() string {
	return fmt.Sprintf("%s, taken at %d.%09d", m, m.since/sim.Second, m.since%sim.Second)
}

// context is the interrupt context in which the lock was taken (irq_context).
func (m *Map) context() usage { return m.use &^ enabled }

// A Held is the locks that a task holds: held_locks of struct task_struct.
// Interrupts that come while the task runs put theirs on top.
type Held struct {
	top *Map     // taken last
	on  *cpu.CPU // that the task runs on, or ran on last
	pid uint16
}

// SetCurrent tells whose Held c adds to from now on: part of the task switch.
func SetCurrent(c *cpu.CPU, h *Held) {
	c.GS.Held = h
	h.pid, h.on = c.Task, c
}

// current is whose locks the code that runs on c takes: current's.
func current(c *cpu.CPU) *Held { return c.GS.Held.(*Held) }

// locks lists what is held, the first taken first.
func (h *Held) locks() []*Map {
	var list []*Map
	for m := h.top; m != nil; m = m.below {
		list = append(list, m)
	}
	slices.Reverse(list)
	return list
}

// Depth is how many locks are held (lockdep_depth).
func (h *Held) Depth() int { return len(h.locks()) }

// Lines describes them as lockdep_print_held_locks does.
func (h *Held) Lines() []string {
	var list []string
	for i, m := range h.locks() {
		list = append(list, fmt.Sprintf("#%d: %s", i, m.held()))
	}
	return list
}

// Validate models the checks of lock_acquire: the code that runs on c is
// about to wait for the lock.
func (m *Map) Validate(c *cpu.CPU) { m.check(c, current(c), usageNow(c, preempt.Count(c))) }

// Acquired models the rest of lock_acquire: the code that runs on c has got
// the lock. tried says that it did not, and would not have, waited for it.
func (m *Map) Acquired(c *cpu.CPU, tried bool) {
	h, u := current(c), usageNow(c, preempt.Count(c))
	if fresh := u & enabled; tried && m.class.used&fresh != fresh {
		m.mark(c, h, fresh) // who only tries does not wait for itself
	}
	h.push(c, m, u)
	m.tried = tried
}

// push puts a lock on top of those that are held.
func (h *Held) push(c *cpu.CPU, m *Map, u usage) {
	m.below, m.since, m.use, m.tried = h.top, c.Now(), u, false
	h.top = m
}

// check models mark_usage and validate_chain in __lock_acquire.
func (m *Map) check(c *cpu.CPU, h *Held, u usage) {
	if m.class.used&u != u {
		m.mark(c, h, u)
	}
	h.validate(c, m, u)
}

// Released models lock_release.
func (m *Map) Released(c *cpu.CPU) { current(c).pop(c, m) }

// pop takes a lock out that is going to be released.
func (h *Held) pop(c *cpu.CPU, m *Map) {
	if h.top != m || c.IF() && m.use&onHardIRQ == 0 {
		h.popOdd(c, m)
		return
	}
	h.top = m.below
}

// popOdd is pop of a lock that is not the last one taken, or under which
// interrupts were enabled for the first time.
func (h *Held) popOdd(c *cpu.CPU, m *Map) {
	if c.IF() && m.class.used&onHardIRQ == 0 {
		m.mark(c, h, usageNow(c, preempt.Count(c))&enabled)
	}
	for at := &h.top; *at != nil; at = &(*at).below {
		if *at == m {
			*at = m.below
			return
		}
	}
	unbalanced(c, h, m)
}
