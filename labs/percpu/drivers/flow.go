package drivers

import (
	"fmt"
	"strconv"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// flowDelta is each CPU's part of the counter that is not yet in the shared
// one (struct percpu_counter, lib/percpu_counter.c).
var flowDelta = percpu.NewWordIn[int32]("flowcount", "flow_delta", 0)

// flow is what all CPUs share.
type flow struct {
	batch   int32
	shared  int64 // percpu_counter.count
	writes  int   // how often the shared line was written
	exact   int64 // what the counter would be without batches
	worst   int64 // the largest error of the shared count
	slowest sim.Time
}

var flows = percpu.Shared[flow]("flowcount")

// flowCounts is how many packets each CPU counts.
const flowCounts = 500

// Flow is a module whose threads, one a CPU, add to one percpu_counter: to
// their own copy, and from there to the shared count when it has grown to
// batch. The worst error is what a reader of the shared count
// (percpu_counter_read) would have been off by at the worst moment.
func Flow() machine.Module {
	return machine.Module{Name: "flowcount", Init: startFlow, Files: []machine.File{
		{Name: "flowcount", Read: showFlow, Write: runFlow},
		{Name: "sys/net/flowcount/batch", Read: showBatch, Write: setBatch},
	}}
}

func startFlow(c *cpu.CPU) error {
	*flows.Of(c) = flow{batch: 1}
	return nil
}

func showBatch(c *cpu.CPU) string { return fmt.Sprintf("%d\n", flows.Of(c).batch) }

func setBatch(c *cpu.CPU, text string) error {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 || n > 1<<20 {
		return errno.EINVAL
	}
	flows.Of(c).batch = int32(n)
	return nil
}

// runFlow takes "start".
func runFlow(c *cpu.CPU, text string) error {
	if strings.TrimSpace(text) != "start" {
		return errno.EINVAL
	}
	for n := range c.Peers {
		sched.KThreadOn(c, n, "flowcount", countFlow)
	}
	return nil
}

// countFlow counts packets, two microseconds apart.
func countFlow(t *sched.Task) {
	f := flows.Of(t.CPU())
	start := t.CPU().Now()
	for range flowCounts {
		f.exact++
		f.add(t.CPU())
		f.worst = max(f.worst, f.exact-f.shared)
		sched.Compute(t, 2*sim.Microsecond)
	}
	f.slowest = max(f.slowest, t.CPU().Now()-start)
}

// add models percpu_counter_add_batch of one.
func (f *flow) add(c *cpu.CPU) {
	n := flowDelta.AddReturn(c, 1)
	if n < f.batch {
		return
	}
	flowDelta.Write(c, 0)
	f.shared += int64(n)
	f.writes++
	for range 50 { // the line is fought for by all CPUs
		c.Spend(cost.RemotePerCPU)
	}
}

func showFlow(c *cpu.CPU) string {
	f := flows.Of(c)
	sum := f.shared
	for _, p := range c.Peers {
		sum += int64(flowDelta.Peek(p))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "counted: %d\nexact sum: %d\nworst error: %d\n", f.exact, sum, f.worst)
	fmt.Fprintf(&b, "shared writes: %d\nslowest CPU: %dus\n", f.writes, int64(f.slowest)/1000)
	fmt.Fprintf(&b, "error bound kept: %s\nshared writes kept: %s\ntime kept: %s\n",
		yes(f.worst <= 64), yes(f.writes <= 150), yes(f.slowest <= 1150*sim.Microsecond))
	return b.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
