package samples

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/sim"
)

// A compared is what a volley has become with one mechanism.
type compared struct {
	mech string
	runs
}

// theComparison is the same volley with each.
var theComparison = percpu.Shared[[]compared]("halves_compare")

// compare lets the device do the same with each mechanism in turn. It returns
// when the last volley is over, or should be: what waits then, waits for good.
// Context: process context; it sleeps.
func (h *halvesState) compare(t *sched.Task, f volley) error {
	rows := theComparison.Of(t.CPU())
	*rows = nil
	chosen := h.mech
	for _, m := range mechanisms() {
		h.mech = m
		if err := h.fire(t, f); err != nil {
			h.mech = chosen
			return err
		}
		timer.MSleep(t, sim.Time(f.count)*f.every+50*sim.Millisecond)
		*rows = append(*rows, compared{m.name, h.runs})
	}
	h.mech = chosen
	return nil
}

// showComparison is the file halves_compare: in which context the work was
// done, whether it could have slept there, how often, and how late it began.
func showComparison(c *cpu.CPU) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s%-9s%-6s%-7s%6s%8s%9s%9s%9s\n", "work in", "context", "sleep", "on CPU", "runs", "at once", "p50", "p99", "max")
	for _, x := range *theComparison.Of(c) {
		fmt.Fprintf(&b, "%-14s%-9s%-6s%-7s%6d%8d%s\n", x.mech, x.last.name(), x.last.sleeps(), x.cpus(), x.count, x.overlaps, late(x.start))
	}
	return b.String()
}

// name is the context in a word.
func (x context) name() string {
	switch {
	case x.hard:
		return "hardirq"
	case x.soft:
		return "softirq"
	}
	return "task"
}

// sleeps says whether what runs in a context may sleep.
func (x context) sleeps() string {
	if x.task && x.irqs && x.count == 0 {
		return "yes"
	}
	return "no"
}

// cpus are the processors on which the runs were.
func (r *runs) cpus() string {
	seen := map[int]bool{}
	var list []string
	for _, x := range r.where {
		if !seen[x.cpu] {
			seen[x.cpu] = true
			list = append(list, fmt.Sprint(x.cpu))
		}
	}
	return strings.Join(list, ",")
}

// late are the middle, the 99th of 100 and the largest of some latencies.
func late(list []sim.Time) string {
	words := strings.Fields(spread(list))
	if len(words) == 0 {
		return ""
	}
	return fmt.Sprintf("%9s%9s%9s", words[1], words[2], words[3])
}
