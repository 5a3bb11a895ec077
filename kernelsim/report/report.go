// Package report prints what ended a machine: first as the kernel would, then
// what a person wants to know beyond that.
package report

import (
	"fmt"
	"slices"
	"strings"

	"bothhalves/kernelsim/oops"
)

// Kernel is the report as it stands in the kernel's log: the lines that Linux
// prints for this mistake, the line of dump_stack_print_info, the call trace.
func Kernel(r *oops.Report) []string {
	lines := append([]string{r.Title}, r.Lines...)
	comm, pid := "swapper/0", "0"
	if i := strings.LastIndexByte(r.Task, '/'); i >= 0 {
		comm, pid = r.Task[:i], r.Task[i+1:]
	}
	lines = append(lines, fmt.Sprintf("CPU: %d PID: %s Comm: %s %s %s %s", r.CPU, pid, comm, oops.Tainted, oops.Release, oops.Version))
	if r.Stack != "" {
		lines = append(lines, strings.Split(r.Stack, "\n")...)
	}
	return lines
}

// Text is the whole report.
func Text(r *oops.Report) string {
	var b strings.Builder
	for _, l := range Kernel(r) {
		fmt.Fprintln(&b, l)
	}
	b.WriteString("\n")
	field(&b, "why", r.Why)
	field(&b, "rule", r.Rule)
	field(&b, "where", Where(r))
	field(&b, "when", fmt.Sprintf("%d.%09d s, event %d, seed %d", r.Time/1e9, r.Time%1e9, r.Step, r.Seed))
	for i, l := range r.Locks {
		field(&b, []string{"locks", ""}[min(i, 1)], l)
	}
	field(&b, "again", r.Replay)
	if len(r.Trace) > 0 {
		fmt.Fprintf(&b, "\nThe last events of CPU %d:\n", r.CPU)
		for _, l := range r.Trace {
			fmt.Fprintln(&b, l)
		}
	}
	return b.String()
}

// Where is the CPU and the context, the task first: what was entered on top
// of what.
func Where(r *oops.Report) string {
	outermost := slices.Clone(r.Context)
	slices.Reverse(outermost)
	if len(outermost) == 0 {
		return fmt.Sprintf("CPU %d", r.CPU)
	}
	return fmt.Sprintf("CPU %d: %s", r.CPU, strings.Join(outermost, " <- "))
}

// field prints "name:   value", nothing for an empty value.
func field(b *strings.Builder, name, value string) {
	switch {
	case value == "":
	case name == "":
		fmt.Fprintf(b, "%-8s%s\n", "", value)
	default:
		fmt.Fprintf(b, "%-8s%s\n", name+":", value)
	}
}
