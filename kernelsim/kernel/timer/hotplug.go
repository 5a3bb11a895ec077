package timer

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
)

// PrepareCPU models timers_prepare_cpu: the wheels of processor n, which is
// about to come, stand at the present jiffy. Context: process context.
func PrepareCPU(c *cpu.CPU, n int) {
	for i := range numBases {
		b := &bases.Raw(c.Peers[n])[i]
		b.clk = sched.Jiffies(c)
		b.next = b.clk + maxDelta
		b.recalc, b.waiting, b.idle = false, false, false
	}
}

// DeadCPU models timers_dead_cpu: the timers of processor n, which has gone, wait
// here. Context: process context.
func DeadCPU(c *cpu.CPU, n int) {
	for i := range numBases {
		from, to := &bases.Raw(c.Peers[n])[i], &bases.Raw(c)[i]
		to.lock.LockIRQ(c) // nobody runs any more who could want the other one
		to.forward(c)
		for idx := range from.vectors {
			from.migrate(c, to, idx)
		}
		to.lock.UnlockIRQ(c)
	}
}

// migrate models migrate_timer_list.
func (b *base) migrate(c *cpu.CPU, to *base, idx int) {
	for t := b.vectors[idx]; t != nil; t = b.vectors[idx] {
		t.detach(c, false)
		t.base = to
		to.add(c, t)
	}
	b.pending.clear(idx)
}
