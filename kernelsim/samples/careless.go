package samples

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
)

// Both careless modules count something.
var (
	rawHits   = percpu.NewWordIn[uint32]("count_raw", "hits", 0)
	staleHits = percpu.NewWordIn[uint32]("count_stale", "hits", 0)
)

// addUnprotected is __this_cpu_inc in code that may be preempted.
func addUnprotected(t *sched.Task) { rawHits.RawAdd(t.CPU(), 1) }

// keepCPU asks where it runs, moves, and goes by the old answer.
func keepCPU(t *sched.Task) {
	c := t.CPU()
	if sched.MoveSelf(t, len(c.Peers)-1) == nil {
		staleHits.Inc(c)
	}
}

// countRaw is the module count_raw.
func countRaw(c *cpu.CPU) error {
	sched.KThread(c, "count_raw", addUnprotected)
	return nil
}

// countStale is the module count_stale.
func countStale(c *cpu.CPU) error {
	sched.Spawn(c, "count_stale", sched.Attr{CPUs: []int{0}}, keepCPU)
	return nil
}
