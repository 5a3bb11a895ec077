package softirq

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/printk"
	"bothhalves/kernelsim/kernel/sched"
)

// BHDisable models local_bh_disable (include/linux/bottom_half.h): softirqs do
// not run on this processor, and the task stays on it, until BHEnable. Calls
// nest. Interrupts come as before, and what they raise waits. Context: any but
// hard interrupts.
func BHDisable(c *cpu.CPU) {
	check(c, preempt.InHardIRQ(c), disableInIRQ)
	preempt.Add(c, preempt.DisableOffset)
	c.Spend(cost.Instruction)
}

// BHEnable models local_bh_enable: where the outermost section ends, what has
// become pending meanwhile runs before the caller goes on. In a fully
// preemptible kernel c is stale afterwards. Context: IF set, no hard
// interrupt.
func BHEnable(c *cpu.CPU) {
	check(c, preempt.InHardIRQ(c), enableInIRQ)
	check(c, !c.IF(), enableIRQsOff)
	endBH(c)
}

// endBH is the rest of __local_bh_enable_ip. While softirqs run, one level of
// preempt_disable stands in for the section: the task must not leave the
// processor of which it has just seen what is pending.
func endBH(c *cpu.CPU) {
	count := preempt.Exchange(c)
	if count&interrupts == 0 && pending.Peek(c) != 0 {
		Do(c)
	}
	preempt.Enable(c)
}

// LockBH models spin_lock_bh (include/linux/spinlock.h): for a lock that
// softirqs take too, and hard interrupts do not. Context: IF set, no hard
// interrupt.
func LockBH(c *cpu.CPU, l *lock.Spin) {
	check(c, preempt.InHardIRQ(c), disableInIRQ)
	preempt.Add(c, preempt.DisableOffset)
	l.Lock(c)
}

// UnlockBH models spin_unlock_bh: the lock is free before softirqs run, which
// may want it. In a fully preemptible kernel c is stale afterwards.
func UnlockBH(c *cpu.CPU, l *lock.Spin) {
	check(c, preempt.InHardIRQ(c), enableInIRQ)
	check(c, !c.IF(), enableIRQsOff)
	l.Release(c)
	preempt.EnableNoResched(c)
	endBH(c)
}

// A finding is a mistake that is told once (WARN_ON_ONCE).
type finding uint8

const (
	disableInIRQ finding = 1 << iota
	enableInIRQ
	enableIRQsOff
)

// where is the place in kernel/softirq.c that finds it.
func (f finding) where() string {
	switch f {
	case disableInIRQ:
		return "346 __local_bh_disable_ip"
	case enableInIRQ:
		return "400 __local_bh_enable_ip"
	}
	return "401 __local_bh_enable_ip"
}

// check tells of a finding in the log, once.
func check(c *cpu.CPU, wrong bool, f finding) {
	if wrong {
		warn(c, f)
	}
}

func warn(c *cpu.CPU, f finding) {
	s := shared.Of(c)
	if s.told&f != 0 {
		return
	}
	s.told |= f
	printk.Printk(c, printk.Warning, "WARNING: CPU: %d PID: %d at kernel/softirq.c:%s", c.ID, c.Task, f.where())
	sched.DumpStack(c, printk.Warning)
}
