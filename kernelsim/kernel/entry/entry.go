// Package entry models the way from a vector to C (arch/x86/kernel/irq.c,
// apic/apic.c, smp.c, kernel/entry/common.c) for the vectors that exist before
// the generic interrupt layer does: the local timer, the reschedule IPI, and
// vectors that a module takes for itself.
package entry

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/trace"
)

// The vectors of arch/x86/include/asm/irq_vectors.h.
const (
	FirstExternal cpu.Vector = 0x20 // FIRST_EXTERNAL_VECTOR
	LocalTimer    cpu.Vector = 0xec // LOCAL_TIMER_VECTOR, the first system vector
	Reschedule    cpu.Vector = 0xfd // RESCHEDULE_VECTOR
)

// A Handler is a module's function for a vector of its own. Context: hard
// interrupt, IF clear.
type Handler func(c *cpu.CPU, v cpu.Vector)

// Stats counts interrupts of one CPU (irq_cpustat_t and the vectors of
// modules).
type Stats struct {
	NMI        uint64 // __nmi_count
	Timer      uint64 // apic_timer_irqs
	Reschedule uint64 // irq_resched_count
	Spurious   uint64 // irq_spurious_count
	Vector     [256]uint64
}

var irqStat = percpu.New[Stats]("irq_stat")

// StatsOf is p's counts.
func StatsOf(p *cpu.CPU) *Stats { return irqStat.Raw(p) }

// A user is a module that has a vector.
type user struct {
	name    string
	handler Handler
}

var users = percpu.Shared[[256]user]("vector_users")

// Init fills c's gate table. Of the exceptions, below FirstExternal, only the
// NMI has a gate.
func Init(c *cpu.CPU) {
	for v := int(FirstExternal); v < len(c.IDT); v++ {
		c.IDT[v] = commonInterrupt
		if cpu.Vector(v) >= LocalTimer {
			c.IDT[v] = spuriousInterrupt
		}
	}
	c.IDT[cpu.NMIVector] = excNMI
	c.IDT[LocalTimer] = sysvec(trace.LocalTimerEntry, trace.LocalTimerExit, localTimer)
	c.IDT[Reschedule] = sysvec(trace.RescheduleEntry, trace.RescheduleExit, reschedule)
}

// sysvec models DEFINE_IDTENTRY_SYSVEC: what surrounds every handler.
func sysvec(in, out trace.Kind, handler Handler) cpu.Gate {
	return func(c *cpu.CPU, v cpu.Vector) {
		c.Spend(cost.InterruptEntry)
		irqEnter(c)
		sched.Record(c, in, uint32(v), 0, 0, 0)
		handler(c, v)
		sched.Record(c, out, uint32(v), 0, 0, 0)
		irqExit(c)
		c.Spend(cost.InterruptReturn)
		sched.PreemptIRQ(c)
	}
}

// excNMI models exc_nmi with nmi_enter and nmi_exit around what is done there:
// an NMI counts as a hard interrupt too, and never ends in the scheduler.
func excNMI(c *cpu.CPU, _ cpu.Vector) {
	c.Spend(cost.InterruptEntry)
	preempt.Add(c, preempt.NMIOffset+preempt.HardIRQOffset)
	irqStat.Raw(c).NMI++
	sched.WatchdogNMI(c)
	preempt.Sub(c, preempt.NMIOffset+preempt.HardIRQOffset)
	c.Spend(cost.InterruptReturn)
}

// irqEnter models irq_enter_rcu: from here on the CPU is in a hard interrupt.
func irqEnter(c *cpu.CPU) { preempt.Add(c, preempt.HardIRQOffset) }

// irqExit models irq_exit_rcu.
func irqExit(c *cpu.CPU) { preempt.Sub(c, preempt.HardIRQOffset) }

// localTimer models sysvec_apic_timer_interrupt.
func localTimer(c *cpu.CPU, _ cpu.Vector) {
	irqStat.This(c).Timer++
	sched.TimerInterrupt(c)
}

// reschedule models sysvec_reschedule_ipi: scheduler_ipi folds the task's
// need_resched into the CPU's preempt_count; the way out of the interrupt does
// the rest.
func reschedule(c *cpu.CPU, _ cpu.Vector) {
	irqStat.This(c).Reschedule++
	sched.FoldNeedResched(c)
}

// commonInterrupt models common_interrupt for a vector that a module took, or
// that nobody did.
func commonInterrupt(c *cpu.CPU, v cpu.Vector) {
	if users.Of(c)[v].handler != nil {
		sysvec(trace.VectorEntry, trace.VectorExit, moduleVector)(c, v)
		return
	}
	c.Spend(cost.InterruptEntry)
	printk.Printk(c, printk.Emerg, "common_interrupt: %d.%d No irq handler for vector", c.ID, v)
	c.Spend(cost.InterruptReturn)
}

// spurious is where the APIC delivers what it has nothing else for
// (SPURIOUS_APIC_VECTOR).
const spurious cpu.Vector = 0xff

// spuriousInterrupt models spurious_interrupt (arch/x86/kernel/apic/apic.c):
// a system vector that the kernel does not use.
func spuriousInterrupt(c *cpu.CPU, v cpu.Vector) {
	c.Spend(cost.InterruptEntry)
	irqStat.Raw(c).Spurious++
	if v == spurious {
		printk.Printk(c, printk.Info, "Spurious APIC interrupt (vector 0xFF) on CPU#%d, should never happen.", c.ID)
	} else {
		printk.Printk(c, printk.Info, "Spurious interrupt (vector 0x%02x) on CPU#%d. Acked", uint8(v), c.ID)
	}
	c.Spend(cost.InterruptReturn)
}

// moduleVector runs a module's handler and looks at what it leaves behind. The
// second finding is ours, in words like those of __do_softirq: Linux looks at
// preempt_count around softirqs and timers and trusts interrupt handlers.
func moduleVector(c *cpu.CPU, v cpu.Vector) {
	u := users.Of(c)[v]
	irqStat.This(c).Vector[v]++
	before := preempt.Count(c)
	u.handler(c, v)
	if c.IF() {
		oops.Raise(oops.Report{Rule: "IF left on", CPU: c.ID,
			Title: fmt.Sprintf("irq %d handler %s enabled interrupts", v, u.name),
			Lines: []string{"handler: " + oops.Name(u.handler)},
			Why:   "a hard interrupt's handler runs with interrupts off and must return so; who turned them off restores what was, not 'on'"})
	}
	if after := preempt.Count(c); after != before {
		oops.Raise(oops.Report{Rule: "preempt_count leak", CPU: c.ID,
			Title: fmt.Sprintf("huh, entered irq %d %s with preempt_count %08x, exited with %08x?", v, u.name, before, after),
			Lines: []string{"handler: " + oops.Name(u.handler)},
			Why:   "what the handler disabled or locked it must enable or unlock before it returns"})
	}
}

// Request gives a vector to a module, on all CPUs: EINVAL below FirstExternal
// and for the system vectors, EBUSY if somebody has it.
func Request(c *cpu.CPU, v cpu.Vector, name string, h Handler) error {
	if v < FirstExternal || v >= LocalTimer || h == nil {
		return errno.EINVAL
	}
	u := &users.Of(c)[v]
	if u.handler != nil {
		return errno.EBUSY
	}
	*u = user{name, h}
	return nil
}

// Free takes a vector back.
func Free(c *cpu.CPU, v cpu.Vector) { users.Of(c)[v] = user{} }

// Owner is the name of the module that has a vector, empty if nobody has.
func Owner(c *cpu.CPU, v cpu.Vector) string { return users.Of(c)[v].name }
