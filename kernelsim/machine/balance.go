package machine

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/apic"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
)

// initBalance models init_sched_fair_class (kernel/sched/fair.c), and gives each
// processor the call with which others ask it to balance while it idles
// (nohz_csd).
func (m *Machine) initBalance(c *cpu.CPU) {
	softirq.Open(c, softirq.Sched, sched.Rebalance)
	calls := make([]apic.CSD, len(m.cpus))
	for n := range calls {
		calls[n].Fn = kicked
	}
	sched.SetKick(c, func(c *cpu.CPU, n int) { apic.CallAsync(c, n, &calls[n]) })
}

// kicked models nohz_csd_func.
func kicked(c *cpu.CPU) {
	if sched.TakeKick(c) {
		softirq.RaiseBit(c, softirq.Sched)
	}
}
