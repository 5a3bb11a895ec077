package samples

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// Two counters that belong together: a frame of 60 bytes adds one to the
// first and 60 to the second.
var (
	packets = percpu.NewWordIn[uint64]("count_pair", "packets", 0)
	bytes   = percpu.NewWordIn[uint64]("count_pair", "bytes", 0)
)

const frameSize = 60

// countFrame counts one frame.
func countFrame(t *sched.Task) {
	packets.Inc(t.CPU())
	bytes.Add(t.CPU(), frameSize)
}

// countPair is the module count_pair: one thread counts frames and offers the
// CPU after each; another, on CPU 0, sends it from CPU 1 to CPU 2 and back.
func countPair(c *cpu.CPU) error {
	if len(c.Peers) < 3 {
		return errno.EINVAL
	}
	counting := sched.Spawn(c, "count_pair", sched.Attr{CPUs: []int{1}}, func(t *sched.Task) {
		for range 100 * Turns {
			countFrame(t)
			sched.CondResched(t)
		}
	})
	sched.KThreadOn(c, 0, "mover", func(t *sched.Task) { move(t, counting) })
	return nil
}

// move lets a thread run on CPU 2 and on CPU 1 in turn until it is gone.
func move(t, who *sched.Task) {
	for to := 2; who.State != sched.Dead; to = 3 - to {
		if sched.SetAffinity(t.CPU(), who, []int{to}) != nil {
			return
		}
		hrtimer.USleep(t, 7*sim.Microsecond)
	}
}

func showPair(c *cpu.CPU) string {
	var b strings.Builder
	b.WriteString("        packets      bytes  bytes/60\n")
	for n := range c.Peers {
		p, s := packets.On(c, n), bytes.On(c, n)
		fmt.Fprintf(&b, "CPU%-2d %9d  %9d %9d\n", n, p, s, s/frameSize)
	}
	return b.String()
}
