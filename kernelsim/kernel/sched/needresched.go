package sched

import "bothhalves/kernelsim/hw/cpu"

// NeedResched models need_resched (include/linux/sched.h): the task that c runs
// is to make room. Another processor that asks for it is seen here at once;
// preempt.NeedResched sees it when its interrupt has come.
func NeedResched(c *cpu.CPU) bool { return Current(c).resched }
