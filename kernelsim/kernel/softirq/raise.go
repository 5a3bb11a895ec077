package softirq

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/trace"
)

// RaiseBit models __raise_softirq_irqoff: nr is pending on c. Nobody is woken:
// the caller knows that somebody will look. Context: IF clear.
func RaiseBit(c *cpu.CPU, nr Nr) {
	sched.Record(c, trace.SoftIRQRaise, uint32(nr), 0, 0, 0)
	pending.Or(c, 1<<nr)
}

// RaiseIRQOff models raise_softirq_irqoff: nr is pending on c, and ksoftirqd is
// woken unless the way out of an interrupt, of a softirq or of a section
// without bottom halves will look. Context: IF clear.
func RaiseIRQOff(c *cpu.CPU, nr Nr) {
	RaiseBit(c, nr)
	if !preempt.InInterrupt(c) {
		states.Raw(c).wakeThread(c)
	}
}

// Raise models raise_softirq: RaiseIRQOff for any context.
func Raise(c *cpu.CPU, nr Nr) {
	flags := c.SaveFlags()
	RaiseIRQOff(c, nr)
	c.RestoreFlags(flags)
}

// wakeThread models wakeup_softirqd. A thread that is ready already needs no
// waking: kernels that do not look first find that out under its lock.
// Context: IF clear.
func (s *state) wakeThread(c *cpu.CPU) {
	t := *ksoftirqd.Raw(c)
	if t == nil {
		return
	}
	if t.State == sched.Running && t != sched.Current(c) {
		if s.cfg.Rules.AsksState {
			return
		}
		c.Spend(cost.SpinLock) // p->pi_lock
		c.Spend(cost.SpinUnlock)
	}
	sched.WakeUpProcess(c, t)
}
