package sched

import (
	"fmt"

	"bothhalves/kernelsim/hw/cpu"
)

// Consistent looks whether every task is where its fields say: on one
// runqueue or CPU if it is ready, on none if it is not.
func Consistent(c *cpu.CPU) error {
	where := map[*Task]*cpu.CPU{}
	for _, p := range c.Peers {
		for _, t := range ready(runqueues.Raw(p)) {
			if other := where[t]; other != nil {
				return fmt.Errorf("%s is on CPU %d and on CPU %d", t, other.ID, p.ID)
			}
			where[t] = p
			if !t.onRQ || t.cpu != p || t.State == Dead {
				return fmt.Errorf("%s is on CPU %d: its state is %s, its CPU %d, onRQ %v", t, p.ID, t.State.Letter(), t.cpu.ID, t.onRQ)
			}
		}
	}
	for _, t := range Tasks(c) {
		if t.Policy == Idle {
			continue
		}
		if t.onRQ != (where[t] != nil) || t.State == Running && !t.onRQ {
			return fmt.Errorf("%s is nowhere: its state is %s, onRQ %v", t, t.State.Letter(), t.onRQ)
		}
	}
	return nil
}

func ready(q *runqueue) []*Task {
	return append(append([]*Task{q.curr}, q.urgent...), q.fair...)
}
