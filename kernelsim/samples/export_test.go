package samples

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// Hog starts a program on CPU n that adds up what it has done.
func Hog(c *cpu.CPU, n int, had *sim.Time) {
	sched.Spawn(c, "hog", sched.Attr{User: true, CPUs: []int{n}}, func(t *sched.Task) {
		for {
			sched.Compute(t, sim.Microsecond)
			*had += sim.Microsecond
		}
	})
}
