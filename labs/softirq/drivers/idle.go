package drivers

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tick"
	"bothhalves/kernelsim/sim"
	"bothhalves/labs/softirq/wire"
)

// overIdle interrupts a processor that has slept for a while, first without a
// softirq, and then with one that takes 3 ms, and asks how long it has idled.
func overIdle(s *spool, c *cpu.CPU) string {
	wire.Spend(c, 30*sim.Millisecond)
	without := s.idled(c)
	s.jobs[softirq.NetRX] = job{takes: 3 * sim.Millisecond}
	with := s.idled(c, softirq.NetRX)
	return fmt.Sprintf("an interrupt, and no softirq: idle for %d of 20 ms\nwith a softirq of 3 ms: idle for %d of 20 ms", without, with)
}

// idled is for how many milliseconds the processor idles, as the kernel counts
// it, of 20 in which it is interrupted.
func (s *spool) idled(c *cpu.CPU, raise ...softirq.Nr) sim.Time {
	p := c.Peers[s.home]
	before := tick.IdleTime(p, c.Now())
	end := c.Now() + 20*sim.Millisecond
	wire.Spend(c, 2*sim.Millisecond)
	s.fire(c, raise...)
	wire.Spend(c, end-c.Now())
	return (tick.IdleTime(p, c.Now()) - before + sim.Millisecond/2) / sim.Millisecond
}
