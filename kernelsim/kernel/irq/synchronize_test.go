package irq_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/irq"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// TestSynchronizeWhileMoved: who waits for a handler may be taken to another
// processor meanwhile, and goes on there, whether the handler still runs by
// then or not.
func TestSynchronizeWhileMoved(t *testing.T) {
	for _, longer := range []sim.Time{0, sim.Millisecond} {
		m := boot(t, machine.Config{CPUs: 3, Append: "preempt=full watchdog_thresh=0"})
		if err := m.Do("test", func(c *cpu.CPU) {
			waiter, running := sched.Current(c), false
			from := c.ID
			l := newLine(c, irq.HandleEdge, 0)
			_ = irq.Request(c, l.IRQ, func(c *cpu.CPU, _ irq.Number, _ any) irq.Return {
				running = true
				for waiter.CPU().ID == from {
					c.Spend(0)
				}
				for end := c.Now() + longer; c.Now() < end; {
					c.Spend(0)
				}
				running = false
				return irq.Handled
			}, 0, "x", l)
			c = waiter.CPU()
			others := [][2]int{{1, 2}, {0, 2}, {0, 1}}[from]
			sched.KThreadOn(c, others[0], "handles", func(th *sched.Task) { l.comes(th.CPU()) })
			sched.KThreadOn(c, others[1], "moves", func(th *sched.Task) {
				for !running {
					th.CPU().Spend(0)
				}
				_ = sched.SetAffinity(th.CPU(), waiter, others[1:])
			})
			for !running {
				c.Spend(0)
			}
			if irq.SynchronizeHardIRQ(c, l.IRQ); running || waiter.CPU().ID != others[1] {
				t.Errorf("longer %v: on CPU %d, the handler runs: %v", longer, waiter.CPU().ID, running)
			}
		}); err != nil {
			t.Error(err)
		}
	}
}
