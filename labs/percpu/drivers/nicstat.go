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

// nicFrames is the counter of the faulty driver nicstat.
var nicFrames = percpu.NewWordIn[uint32]("nicstat", "nic_frames", 0)

// nicTruth is what was received on each CPU.
var nicTruth = percpu.Shared[[machine.MaxCPUs]uint32]("nicstat_truth")

// NICStat is a driver that counts frames on every CPU with this_cpu_inc,
// which is right, and whose housekeeping thread is not: it takes the address
// of its CPU's copy, works, and stores through that address wherever it is by
// then.
func NICStat() machine.Module {
	return machine.Module{Name: "nicstat", Init: startNIC,
		Files: []machine.File{{Name: "nicstat", Read: showNIC}}}
}

func startNIC(c *cpu.CPU) error {
	*nicTruth.Of(c) = [machine.MaxCPUs]uint32{}
	for n := range c.Peers {
		sched.KThreadOn(c, n, fmt.Sprintf("nicrx/%d", n), receive)
	}
	house := sched.Spawn(c, "nichouse", sched.Attr{CPUs: []int{1}}, adjust)
	sched.KThreadOn(c, 0, "balancer", func(t *sched.Task) {
		hrtimer.USleep(t, 120*sim.Microsecond)
		sched.SetAffinity(t.CPU(), house, []int{3})
	})
	return nil
}

// receive counts a frame every five microseconds.
func receive(t *sched.Task) {
	for range 60 {
		nicTruth.Of(t.CPU())[t.CPU().ID]++
		nicFrames.Inc(t.CPU())
		hrtimer.USleep(t, 5*sim.Microsecond)
	}
}

// adjust is the fault: the copy of the CPU it started on, kept over a
// migration.
func adjust(t *sched.Task) {
	hrtimer.USleep(t, 40*sim.Microsecond)
	mine := t.CPU().ID
	value := nicFrames.Read(t.CPU())
	sched.Compute(t, 100*sim.Microsecond)
	nicFrames.SetOn(t.CPU(), mine, value)
}

func showNIC(c *cpu.CPU) string {
	var b strings.Builder
	for n, p := range c.Peers {
		got, want := nicFrames.Peek(p), nicTruth.Of(c)[n]
		fmt.Fprintf(&b, "cpu %d: %d frames arrived, %d counted\n", n, want, got)
	}
	return b.String()
}

// NICTruth is a module that tells what is wrong with nicstat. A script loads
// it; who loads it by hand has only spoiled the task.
func NICTruth() machine.Module {
	show := func(c *cpu.CPU) string {
		var b strings.Builder
		for n, p := range c.Peers {
			if got, want := nicFrames.Peek(p), nicTruth.Of(c)[n]; got != want {
				fmt.Fprintf(&b, "victim: %d\nlost: %d\n", n, want-got)
			}
		}
		return b.String() + "cause: stale-pointer\n"
	}
	return machine.Module{Name: "nictruth", Files: []machine.File{{Name: "nictruth", Read: show}}}
}
