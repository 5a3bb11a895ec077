package machine_test

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
)

var frames = percpu.NewWordIn[uint32]("mistake", "frames", 0)

// unbound is a module that runs fn in a thread which may be moved.
func unbound(fn func(t *sched.Task)) func(c *cpu.CPU) error {
	return func(c *cpu.CPU) error {
		sched.Spawn(c, "worker", sched.Attr{CPUs: []int{1}}, fn)
		return nil
	}
}

func addPreemptible(t *sched.Task) { frames.RawAdd(t.CPU(), 1) }

func addPreemptionOff(t *sched.Task) {
	c := t.CPU()
	preempt.Disable(c)
	frames.RawAdd(c, 1)
	preempt.Enable(c)
}

func keepCPUOverMove(t *sched.Task) {
	c := t.CPU()
	if sched.MoveSelf(t, 0) == nil {
		frames.Inc(c)
	}
}

func askAgainAfterMove(t *sched.Task) {
	if sched.MoveSelf(t, 0) == nil {
		frames.Inc(t.CPU())
	}
}

func percpuMistakes() []mistake {
	return []mistake{
		{name: "percpu-while-preemptible", wrong: unbound(addPreemptible), right: unbound(addPreemptionOff),
			rule: "per-CPU access while preemptible", cpu: 1, context: "task worker"},
		{name: "stale-cpu", append: "preempt=full", wrong: unbound(keepCPUOverMove), right: unbound(askAgainAfterMove),
			rule: "stale CPU", cpu: 0, context: "task worker"},
	}
}
