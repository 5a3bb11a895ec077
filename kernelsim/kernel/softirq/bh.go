package softirq

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/preempt"
)

// disableOffset is SOFTIRQ_DISABLE_OFFSET: twice what serving a softirq adds,
// so that the lowest bit of the field tells the two apart.
const disableOffset = 2 * preempt.SoftIRQOffset

// BHDisable models local_bh_disable: softirqs do not run on this processor,
// and the task stays on it, until BHEnable. Calls nest. Interrupts come as
// before. Context: any but hard interrupts.
func BHDisable(c *cpu.CPU) {
	preempt.Add(c, disableOffset)
	c.Spend(cost.Instruction)
}

// BHEnable models local_bh_enable: where the outermost section ends, what has
// become pending in it runs before the caller goes on. c is stale afterwards
// in a fully preemptible kernel. Context: IF set, no hard interrupt.
func BHEnable(c *cpu.CPU) {
	endBH(c)
}

// endBH is the common part of BHEnable and UnlockBH. One unit of
// preempt_disable is kept while softirqs run: the task must not leave the
// processor of which it has just seen what is pending.
func endBH(c *cpu.CPU) {
	preempt.Sub(c, disableOffset)
	preempt.Add(c, preempt.Offset)
	if !preempt.InInterrupt(c) && pending.Peek(c) != 0 {
		Do(c)
	}
	preempt.Enable(c)
}

// LockBH models spin_lock_bh: for a lock that softirqs take too and hard
// interrupts do not. Context: IF set, no hard interrupt.
func LockBH(c *cpu.CPU, l *lock.Spin) {
	preempt.Add(c, disableOffset)
	l.Lock(c)
}

// UnlockBH models spin_unlock_bh.
func UnlockBH(c *cpu.CPU, l *lock.Spin) {
	l.Unlock(c)
	BHEnable(c)
}
