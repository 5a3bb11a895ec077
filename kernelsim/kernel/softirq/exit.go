package softirq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
)

// IRQEnter models irq_enter_rcu: from here on the processor is in a hard
// interrupt. Context: IF clear.
func IRQEnter(c *cpu.CPU) {
	count := preempt.Add(c, preempt.HardIRQOffset)
	s := states.Raw(c)
	if s.cfg.TickEnter != nil && count&interrupts == preempt.HardIRQOffset && idle(c) {
		s.cfg.TickEnter(c)
	}
}

// interrupts are the fields of preempt_count that in_interrupt looks at.
const interrupts = preempt.SoftIRQMask | preempt.HardIRQMask | preempt.NMIMask

func idle(c *cpu.CPU) bool { return sched.Current(c).Policy == sched.Idle }

// IRQExit models irq_exit_rcu: the hard interrupt is over, and what is pending
// runs now, unless something below it will look. Context: IF clear before and
// after.
func IRQExit(c *cpu.CPU) {
	s := states.Raw(c)
	if s.cfg.Exit != nil {
		exitPart(c, s.cfg.Exit)
		return
	}
	preempt.Sub(c, preempt.HardIRQOffset)
	if mask := pending.Peek(c); mask != 0 && !preempt.InInterrupt(c) {
		s.invoke(c, mask)
	}
	s.tickExit(c)
}

// invoke models invoke_softirq.
func (s *state) invoke(c *cpu.CPU, mask uint16) {
	switch {
	case s.threadHasIt(c, mask):
	case !s.forced(c):
		s.run(c, false)
	default:
		s.wakeThread(c)
	}
}

// threadHasIt models ksoftirqd_running: ksoftirqd is runnable, so it does what
// is pending, in its turn among the tasks. If one of those is pending that
// cannot wait, then all are run now.
func (s *state) threadHasIt(c *cpu.CPU, mask uint16) bool {
	r := &s.cfg.Rules
	if !r.ThreadFirst || mask&r.Now != 0 {
		return false
	}
	t := *ksoftirqd.Raw(c)
	return t != nil && t.State == sched.Running && (r.ParkingWaits || !t.ShouldPark())
}

// forced says whether interrupts leave softirqs to the thread.
func (s *state) forced(c *cpu.CPU) bool { return s.cfg.Force && *ksoftirqd.Raw(c) != nil }

// tickExit models tick_irq_exit.
func (s *state) tickExit(c *cpu.CPU) {
	if s.cfg.TickExit != nil && idle(c) && !sched.NeedResched(c) && !preempt.InHardIRQ(c) {
		s.cfg.TickExit(c)
	}
}
