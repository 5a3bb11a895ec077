package percpu

import "bothhalves/kernelsim/hw/cpu"

// PreemptCount is __preempt_count (arch/x86/include/asm/preempt.h). It stands
// here, below package preempt, because the operations of this package ask it
// whether they may be used. Bit 31 is need_resched, inverted: the word is zero
// only when preemption is allowed and wanted, so that preempt_enable is one
// decrement and one test.
var PreemptCount = NewWord[uint32]("__preempt_count", NeedReschedInverted)

// NeedReschedInverted is PREEMPT_NEED_RESCHED: set while nobody asked for a
// reschedule.
const NeedReschedInverted = 1 << 31

// PreemptCountBytes is where PreemptCount lies on c.
func PreemptCountBytes(c *cpu.CPU) *[4]byte { return c.GS.Count }

// checkPreemption models check_preemption_disabled (lib/smp_processor_id.c):
// what follows must not be preempted between finding the CPU and using it.
func checkPreemption(c *cpu.CPU, what string) {
	if PreemptCount.Peek(c)&^NeedReschedInverted != 0 || !c.IF() {
		return
	}
	if c.Hooks != nil && c.Hooks.CheckPreemption != nil {
		c.Hooks.CheckPreemption(c, what)
	}
}
