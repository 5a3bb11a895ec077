package samples

import (
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/sim"
)

// runs are what was measured since the last fire.
type runs struct {
	events, served int // beats of which the handler learned; that a run took over
	count          int // of runs
	now, overlaps  int // runs under way; runs that began while another was
	start, done    []sim.Time
	last           context
	where          []tally
}

// A context is where a run found itself.
type context struct {
	hard, soft, task, irqs bool // in_hardirq, in_serving_softirq, in_task, interrupts on
	count                  uint32
}

// A tally counts runs of one kind: on a CPU in a task.
type tally struct {
	cpu  int
	comm string
	n    int
}

// most is how many latencies are kept.
const most = 1 << 16

// started notes that a run begins, so late after the first of the beats that it
// serves.
func (r *runs) started(c *cpu.CPU, late sim.Time, beats int) {
	r.count++
	r.served += beats
	if r.now++; r.now > 1 {
		r.overlaps++
	}
	if len(r.start) < most {
		r.start = append(r.start, late)
	}
	hard, soft := preempt.InHardIRQ(c), preempt.InServingSoftIRQ(c)
	r.last = context{hard, soft, !hard && !soft && !preempt.InNMI(c), c.IF(), preempt.Count(c)}
	r.tally(c.ID, commOf(c))
}

func (r *runs) ended(late sim.Time) {
	r.now--
	if len(r.done) < most {
		r.done = append(r.done, late)
	}
}

// commOf is the name of the task that runs, or that was interrupted. An idle
// task has that of traces.
func commOf(c *cpu.CPU) string {
	t := sched.Current(c)
	if t.Policy == sched.Idle {
		return "<idle>"
	}
	return t.Comm
}

func (r *runs) tally(cpu int, comm string) {
	i := slices.IndexFunc(r.where, func(x tally) bool { return x.cpu == cpu && x.comm == comm })
	if i < 0 {
		i = len(r.where)
		r.where = append(r.where, tally{cpu: cpu, comm: comm})
	}
	r.where[i].n++
}

// String is the runs' part of the file.
func (r *runs) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "events %d\nruns %d\nmerged %d\nat once %d\n", r.events, r.count, max(r.served-r.count, 0), r.overlaps)
	if waits := r.events - r.served; waits > 0 {
		fmt.Fprintf(&b, "waiting %d\n", waits)
	}
	if r.count == 0 {
		return b.String()
	}
	fmt.Fprintf(&b, "context %s\n", r.last)
	slices.SortFunc(r.where, func(x, y tally) int { return (x.cpu-y.cpu)*1000 + strings.Compare(x.comm, y.comm) })
	for _, x := range r.where {
		fmt.Fprintf(&b, "CPU%d %-15s %d\n", x.cpu, x.comm, x.n)
	}
	fmt.Fprintf(&b, "from the event %9s %9s %9s %9s\n", "min", "p50", "p99", "max")
	fmt.Fprintf(&b, "to the start   %s\nto the end     %s\n", spread(r.start), spread(r.done))
	return b.String()
}

func (x context) String() string {
	on := map[bool]string{true: "on", false: "off"}
	return fmt.Sprintf("in_hardirq %d in_serving_softirq %d in_task %d irqs %s preempt_count %08x",
		digit(x.hard), digit(x.soft), digit(x.task), on[x.irqs], x.count)
}

func digit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// spread are the smallest, the middle, the 99th of 100 and the largest of some
// latencies, in microseconds.
func spread(list []sim.Time) string {
	if len(list) == 0 {
		return ""
	}
	list = slices.Sorted(slices.Values(list))
	text := ""
	for _, at := range []int{0, len(list) / 2, len(list) * 99 / 100, len(list) - 1} {
		text += fmt.Sprintf(" %7.1fus", float64(list[at])/1000)
	}
	return text[1:]
}
