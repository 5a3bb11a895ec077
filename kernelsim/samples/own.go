package samples

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
)

// own is a counter of which each CPU has one.
var own = percpu.NewWordIn[uint64]("count_percpu", "own", 0)

// addOwn is this_cpu_inc(own).
func addOwn(t *sched.Task) { own.Inc(t.CPU()) }

// sumOwn adds up the copies of all possible CPUs, as whoever asks for the
// total has to.
func sumOwn(c *cpu.CPU) int {
	sum := 0
	for n := range c.Peers {
		sum += int(own.On(c, n))
	}
	return sum
}

// countPerCPU is the module count_percpu.
func countPerCPU(c *cpu.CPU) error {
	onEveryCPU(c, "count_percpu", addOwn)
	return nil
}

func showOwn(c *cpu.CPU) string {
	var b strings.Builder
	for n := range c.Peers {
		fmt.Fprintf(&b, "CPU%d %d\n", n, own.On(c, n))
	}
	return b.String() + result(c, sumOwn(c))
}
