package samples

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
)

// eventVector is the interrupt that count_irq listens to.
const eventVector cpu.Vector = 0x40

// events counts the thread's turns and the interrupts together.
var events = percpu.NewWordIn[uint32]("count_irq", "events", 0)

// readThenWrite adds one in three steps, and thinks for a microsecond in the
// middle.
func readThenWrite(t *sched.Task) {
	value := events.Read(t.CPU())
	t.CPU().Spend(cost.ProbeLoop)
	events.Write(t.CPU(), value+1)
}

// onEvent is the interrupt's handler.
func onEvent(c *cpu.CPU, _ cpu.Vector) { events.Inc(c) }

// countIRQ is the module count_irq: a thread on the last CPU takes ten turns.
func countIRQ(c *cpu.CPU) error {
	if err := entry.Request(c, eventVector, "count_irq", onEvent); err != nil {
		return err
	}
	sched.KThreadOn(c, len(c.Peers)-1, "count_irq", func(t *sched.Task) {
		for range 10 {
			readThenWrite(t)
		}
	})
	return nil
}

func exitIRQ(c *cpu.CPU) { entry.Free(c, eventVector) }

func showIRQ(c *cpu.CPU) string {
	last := c.Peers[len(c.Peers)-1]
	return fmt.Sprintf("interrupts %d\ncounted %d\n", entry.StatsOf(last).Vector[eventVector], events.On(c, last.ID))
}
