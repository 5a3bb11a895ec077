package softirq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
)

// IRQEnter models irq_enter_rcu: from here on the processor is in a hard
// interrupt. Context: IF clear.
func IRQEnter(c *cpu.CPU) {
	n := preempt.Add(c, preempt.HardIRQOffset)
	if cfg := &shared.Of(c).cfg; cfg.TickEnter != nil && first(n) && idle(c) {
		cfg.TickEnter(c)
	}
}

// first says whether a count is that of the outermost hard interrupt with
// nothing but a task below it.
func first(count uint32) bool { return count&contexts == preempt.HardIRQOffset }

// contexts are the fields of preempt_count that in_interrupt looks at.
const contexts = 0x00ffff00

func idle(c *cpu.CPU) bool { return sched.Current(c).Policy == sched.Idle }

// IRQExit models irq_exit_rcu: the hard interrupt is over, and what is pending
// runs now, unless something below it will look. Context: IF clear before and
// after.
func IRQExit(c *cpu.CPU) {
	if exit := shared.Of(c).cfg.Exit; exit != nil {
		exitPart(c, exit)
		return
	}
	preempt.Sub(c, preempt.HardIRQOffset)
	if !preempt.InInterrupt(c) && pending.Peek(c) != 0 {
		invoke(c)
	}
	tickExit(c)
}

// invoke models invoke_softirq.
func invoke(c *cpu.CPU) {
	switch {
	case threadHasIt(c, pending.Peek(c)):
	case !forced(c):
		run(c, false)
	default:
		wakeThread(c)
	}
}

// threadHasIt models ksoftirqd_running: ksoftirqd is runnable, so it does what
// is pending, in its turn among the tasks. If one of those is pending that
// cannot wait, then all are run now.
func threadHasIt(c *cpu.CPU, mask uint16) bool {
	r := &shared.Of(c).cfg.Rules
	if !r.ThreadFirst || mask&r.Now != 0 {
		return false
	}
	t := *ksoftirqd.Raw(c)
	return t != nil && t.State == sched.Running && (r.ParkingWaits || !t.ShouldPark())
}

// forced says whether interrupts leave softirqs to the thread.
func forced(c *cpu.CPU) bool { return shared.Of(c).cfg.Force && *ksoftirqd.Raw(c) != nil }

// tickExit models tick_irq_exit.
func tickExit(c *cpu.CPU) {
	cfg := &shared.Of(c).cfg
	if cfg.TickExit != nil && idle(c) && !sched.NeedResched(c) && !preempt.InHardIRQ(c) {
		cfg.TickExit(c)
	}
}
