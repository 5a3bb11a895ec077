package lock

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
)

// A Map is a lock as the validator sees it (struct lockdep_map). Every kind
// of lock has one.
type Map struct {
	class  *class
	sleeps bool // who waits for it sleeps (LD_WAIT_SLEEP)
}

// Init gives a lock its class (lockdep_init_map). sleeps says that who waits
// for it sleeps.
func (m *Map) Init(c *cpu.CPU, cl Class, sleeps bool) { *m = Map{cl.of(c), sleeps} }

// Ready says whether the lock has been initialised.
func (m *Map) Ready() bool { return m.class != nil }

// Name is the class's name.
func (m *Map) Name() string { return m.class.name }

// A Held is the locks that a task holds, the first taken first: held_locks of
// struct task_struct. Interrupts that come while the task runs put theirs on
// top.
type Held struct {
	stack []hold // those below depth are held
	depth int
	pid   uint16
	cpu   int // that the task runs on
}

// A hold is one of them (struct held_lock).
type hold struct {
	lock  *Map
	since sim.Time
	use   usage // how it was taken
	try   bool
}

// context is the interrupt context in which the lock was taken (irq_context).
func (x *hold) context() usage { return x.use &^ enabled }

// holder is whose locks the code that runs on a CPU takes: current's.
var holder = percpu.New[*Held]("held_locks")

// SetCurrent tells whose Held c adds to from now on: part of the task switch.
func SetCurrent(c *cpu.CPU, h *Held) {
	*holder.Raw(c) = h
	h.pid, h.cpu = c.Task, c.ID
}

func current(c *cpu.CPU) *Held { return *holder.Raw(c) }

// Depth is how many locks are held (lockdep_depth).
func (h *Held) Depth() int { return h.depth }

// locks are those that are held.
func (h *Held) locks() []hold { return h.stack[:h.depth] }

// Lines describes them as lockdep_print_held_locks does, but by the time at
// which each was taken.
func (h *Held) Lines() []string {
	var list []string
	for i := range h.locks() {
		list = append(list, fmt.Sprintf("#%d: %s", i, &h.stack[i]))
	}
	return list
}

// String models print_lock.
func (x *hold) String() string {
	return fmt.Sprintf("%s, taken at %d.%09d", x.lock, x.since/sim.Second, x.since%sim.Second)
}

// String models print_lock_name: class, usage, and the kind of waiting that
// it allows inside and needs outside.
func (m *Map) String() string {
	wait := 2
	if m.sleeps {
		wait = 3
	}
	return fmt.Sprintf("(%s){%s}-{%d:%d}", m.class.name, m.class.chars(), wait, wait)
}

// Acquire models lock_acquire: the code that runs on c is about to wait for
// the lock, or has got it by trying.
func (m *Map) Acquire(c *cpu.CPU, try bool) {
	u := usageNow(c, preempt.Count(c))
	if try {
		u &= enabled // who only tries does not wait for itself
	}
	m.acquire(c, current(c), u, try)
}

func (m *Map) acquire(c *cpu.CPU, h *Held, u usage, try bool) {
	if m.class.used&u != u {
		m.mark(c, h, u)
	}
	if h.depth == len(h.stack) {
		h.stack = append(h.stack, hold{})
	}
	next := &h.stack[h.depth] // filled in place: this is the way of every lock
	next.lock, next.since, next.use, next.try = m, c.Now(), u, try
	if h.depth > 0 && !try {
		h.validate(c, next)
	}
	h.depth++
}

// Release models lock_release.
func (m *Map) Release(c *cpu.CPU) { m.release(c, current(c)) }

func (m *Map) release(c *cpu.CPU, h *Held) {
	if c.IF() && m.class.used&onHardIRQ == 0 {
		m.mark(c, h, usageNow(c, preempt.Count(c))&enabled) // they were enabled while it was held
	}
	if top := h.depth - 1; top >= 0 && h.stack[top].lock == m {
		h.depth = top
		return
	}
	h.remove(c, m)
}

// remove takes a lock out that is not the last one taken.
func (h *Held) remove(c *cpu.CPU, m *Map) {
	for i := h.depth - 1; i >= 0; i-- {
		if h.stack[i].lock == m {
			copy(h.stack[i:], h.stack[i+1:h.depth])
			h.depth--
			return
		}
	}
	unbalanced(c, h, m)
}
