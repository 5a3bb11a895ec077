package lock

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/oops"
)

// whyInconsistent says what to do about a lock that is held while those may come
// who take it too.
func whyInconsistent(u usage) string {
	if u&(inSoftIRQ|onSoftIRQ) != 0 {
		return "a softirq takes this lock, and elsewhere it is held while softirqs may run: the softirq would wait for the code below it; take it there with bottom halves disabled (softirq.LockBH)"
	}
	return "an interrupt handler takes this lock, and elsewhere it is held while that interrupt may come: the handler would wait for the code that it interrupted; take it there with the irq disabling form"
}

// inconsistent models print_usage_bug.
func inconsistent(c *cpu.CPU, h *Held, m *Map, was, now usage) {
	raise(c, "lock irq-state", "inconsistent lock state",
		whyInconsistent(was|now),
		text{
			fmt.Sprintf("inconsistent {%s} -> {%s} usage.", was, now),
			fmt.Sprintf("%s %s takes:", task(c), contextChars(c)),
			m.String(),
			fmt.Sprintf("{%s} state was registered at:", was),
		}.trace(m.class.firstAt[was.index()], 2).add(
			"",
			"other info that might help us debug this:",
			" Possible unsafe locking scenario:",
			"",
			"       CPU0",
			"       ----",
			"  lock("+m.Name()+");",
			"  <Interrupt>",
			"    lock("+m.Name()+");",
			"",
			" *** DEADLOCK ***",
			"").held(c, h))
}

// recursive models print_deadlock_bug: two locks of one class at once.
func recursive(c *cpu.CPU, h *Held, prev, next *Map) {
	name := next.Name()
	raise(c, "lock recursion", "possible recursive locking detected",
		"two locks of one class are held at once, and nothing says which comes first: two CPUs that take them in opposite order wait for each other; give the inner one a class of its own",
		text{
			task(c) + " is trying to acquire lock:",
			next.String(),
			"",
			"but task is already holding lock:",
			prev.held(),
			"",
			"other info that might help us debug this:",
			" Possible unsafe locking scenario:",
			"",
			"       CPU0",
			"       ----",
			"  lock(" + name + ");",
			"  lock(" + name + ");",
			"",
			" *** DEADLOCK ***",
			"",
			" May be due to missing lock nesting notation",
			"",
		}.held(c, h))
}

// circular models print_circular_bug. way leads from the class of the lock
// wanted to that of the lock held.
func circular(c *cpu.CPU, h *Held, prev, next *Map, way []step) {
	lines := text{
		task(c) + " is trying to acquire lock:",
		next.String(),
		"",
		"but task is already holding lock:",
		prev.held(),
		"",
		"which lock already depends on the new lock.",
		"",
		"the existing dependency chain (in reverse order) is:",
	}
	way[0].at = oops.Callers(3)
	for i := len(way) - 1; i >= 0; i-- {
		m := Map{class: way[i].class}
		lines = lines.add("", fmt.Sprintf("-> #%d %s:", i, m.String())).trace(way[i].at, 7)
	}
	lines = lines.add("", "other info that might help us debug this:", "")
	lines = lines.chain(next.Name(), way[len(way)-2].class.name, prev.Name())
	raise(c, "lock order", "possible circular locking dependency detected",
		"the locks are taken in one order here and in the other order elsewhere: two CPUs can each hold one and wait for the other for ever; choose one order",
		lines.scenario(" Possible unsafe locking scenario:", [][2]string{
			{"lock(" + prev.Name() + ");", ""},
			{"", "lock(" + way[len(way)-2].class.name + ");"},
			{"", "lock(" + prev.Name() + ");"},
			{"lock(" + next.Name() + ");", ""},
		}).held(c, h))
}

// badIRQDependency models print_bad_irq_dependency: the new order prev before
// next leads from a lock that interrupts take to one held with them enabled.
func badIRQDependency(c *cpu.CPU, h *Held, prev, next *Map, in usage, way []step) {
	irq := in.irq()
	safe, unsafe := way[0].class, way[len(way)-1].class
	lines := text{
		fmt.Sprintf("%s %s is trying to acquire:", task(c), contextChars(c)),
		next.String(),
		"",
		"and this task is already holding:",
		prev.held(),
		"which would create a new lock dependency:",
		fmt.Sprintf(" %s -> %s", prev, next),
		"",
		fmt.Sprintf("but this new dependency connects a %s-irq-safe lock:", irq),
		" " + (&Map{class: safe}).String(),
		"",
		fmt.Sprintf("... which became %s-irq-safe at:", irq),
	}.trace(safe.firstAt[in.index()], 2)
	lines = lines.add("", fmt.Sprintf("to a %s-irq-unsafe lock:", irq), " "+(&Map{class: unsafe}).String(),
		"", fmt.Sprintf("... which became %s-irq-unsafe at:", irq)).trace(unsafe.firstAt[in.exclusive().index()], 2)
	middle := prev.class
	if middle == safe {
		middle = next.class
	}
	raise(c, "lock irq-state", fmt.Sprintf("%s-safe -> %s-unsafe lock order detected", irq, irq), inversionWhy,
		lines.add("", "other info that might help us debug this:", "").irqScenario(safe, middle, unsafe).held(c, h))
}

// inversion models print_irq_inversion_bug: m's class has just become safe
// (taken in an interrupt) or unsafe, and an order seen before does not go with
// that.
func inversion(c *cpu.CPU, h *Held, m *Map, in usage, becameSafe bool, way []step) {
	safe, unsafe := way[0].class, way[len(way)-1].class
	lines := text{task(c) + " just changed the state of lock:", m.String()}
	if becameSafe {
		lines = lines.add(fmt.Sprintf("but this lock took another, %s-unsafe lock in the past:", in.irq()), " "+(&Map{class: unsafe}).String())
	} else {
		lines = lines.add(fmt.Sprintf("but this lock was taken by another, %s-safe lock in the past:", in.irq()), " "+(&Map{class: safe}).String())
	}
	raise(c, "lock irq-state", "possible irq lock inversion dependency detected", inversionWhy,
		lines.add("", "and interrupts could create inverse lock ordering between them.", "",
			"other info that might help us debug this:", "").irqScenario(safe, way[1].class, unsafe).held(c, h))
}

const inversionWhy = "an interrupt handler takes the first lock, under which the second is taken, and the second is held while that interrupt may come: the handler waits for the first, whose holder waits for the second; disable interrupts around the second everywhere"

// irq is the name that reports give to the interrupts of a state.
func (u usage) irq() string {
	if u&(inSoftIRQ|onSoftIRQ) != 0 {
		return "SOFTIRQ"
	}
	return "HARDIRQ"
}

// unbalanced models print_unlock_imbalance_bug.
func unbalanced(c *cpu.CPU, h *Held, m *Map) {
	raise(c, "wrong unlock", "bad unlock balance detected!",
		"this task does not hold the lock that it releases",
		text{fmt.Sprintf("%s is trying to release lock (%s) at:", task(c), m.Name())}.site(oops.Callers(1)).add(
			"but there are no more locks to release!",
			"",
			"other info that might help us debug this:",
		).held(c, h))
}

// CheckExit models debug_check_no_locks_held: the task that c runs ends, and
// must not hold anything.
func CheckExit(c *cpu.CPU) {
	h := current(c)
	if h.top == nil {
		return
	}
	raise(c, "lock held at exit", task(c)+" still has locks held!",
		"the task ends with a lock held that nobody can release any more: who wants it next waits for ever",
		text{}.held(c, h))
}

// raise ends the run with a report of the validator's form.
func raise(c *cpu.CPU, rule, title, why string, lines text) {
	rule1 := strings.Repeat("-", len("WARNING: "+title))
	oops.Raise(oops.Report{Rule: rule, CPU: c.ID, Title: "WARNING: " + title, Why: why,
		Lines: append([]string{oops.Ident, rule1}, lines...)})
}

// task is comm/pid of what runs on c.
func task(c *cpu.CPU) string { return taskName(c, c.Task, c.ID) }

func taskName(c *cpu.CPU, pid uint16, on int) string {
	comm := c.Ring.Names().Comm(pid)
	if pid == 0 {
		comm = fmt.Sprintf("swapper/%d", on)
	}
	return fmt.Sprintf("%s/%d", comm, pid)
}

// contextChars is the context as print_usage_bug prints it.
func contextChars(c *cpu.CPU) string {
	n := preempt.Count(c)
	return fmt.Sprintf("[HC%d[%d]:SC%d[%d]:HE%d:SE%d]",
		bit(n&hardIRQMask != 0), n>>16&0xf, bit(n&preempt.SoftIRQOffset != 0), n>>8&0xff,
		bit(c.IF()), bit(n&softIRQMask == 0))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
