package drivers

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// The two counters of the module pairs.
var (
	first  = percpu.NewWordIn[uint32]("pairs", "pairs_first", 0)
	second = percpu.NewWordIn[uint32]("pairs", "pairs_second", 0)
)

// Rounds is how often the thread of pairs counts its pair.
const Rounds = 8

// Pairs is a module whose thread does this_cpu_inc(first), computes for 10
// microseconds, does this_cpu_inc(second), and computes again, while a thread
// on the last CPU sends it from CPU 0 to CPU 1 and back.
func Pairs() machine.Module {
	return machine.Module{Name: "pairs", Init: startPairs,
		Files: []machine.File{{Name: "pairs", Read: showPairs}}}
}

func startPairs(c *cpu.CPU) error {
	who := sched.Spawn(c, "pairs", sched.Attr{CPUs: []int{0}}, func(t *sched.Task) {
		for range Rounds {
			first.Inc(t.CPU())
			sched.Compute(t, 10*sim.Microsecond)
			second.Inc(t.CPU())
			sched.Compute(t, 10*sim.Microsecond)
		}
	})
	sched.KThreadOn(c, len(c.Peers)-1, "mover", func(t *sched.Task) {
		for to := 1; who.State != sched.Dead; to = 1 - to {
			hrtimer.USleep(t, 25*sim.Microsecond)
			if sched.SetAffinity(t.CPU(), who, []int{to}) != nil {
				return
			}
		}
	})
	return nil
}

func showPairs(c *cpu.CPU) string {
	var b strings.Builder
	for _, w := range []struct {
		name string
		word percpu.Word[uint32]
	}{{"first", first}, {"second", second}} {
		b.WriteString(w.name + ":")
		total := uint32(0)
		for _, p := range c.Peers {
			fmt.Fprintf(&b, " %d", w.word.Peek(p))
			total += w.word.Peek(p)
		}
		fmt.Fprintf(&b, "\n%s in all: %d\n", w.name, total)
	}
	return b.String()
}
