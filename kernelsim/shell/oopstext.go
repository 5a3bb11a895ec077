package shell

import (
	"fmt"
	"strings"

	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// reportText is a report as the shell prints it: the kernel's own lines, why
// it is wrong, where it happened, what led there, and how to see it again.
func reportText(r *oops.Report, again string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.String())
	if r.Why != "" {
		fmt.Fprintf(&b, "  why: %s\n", r.Why)
	}
	fmt.Fprintf(&b, "  where: CPU %d, %s", r.CPU, sim.Time(r.Time))
	if r.Task != "" {
		fmt.Fprintf(&b, ", %s", r.Task)
	}
	fmt.Fprintf(&b, ", event %d\n", r.Step)
	if len(r.Context) > 0 {
		fmt.Fprintf(&b, "  context: %s\n", strings.Join(r.Context, " in "))
	}
	if len(r.Locks) > 0 {
		fmt.Fprintf(&b, "  locks held: %s\n", strings.Join(r.Locks, ", "))
	}
	if len(r.Trace) > 0 {
		fmt.Fprintf(&b, "  the last events of CPU %d:\n%s\n", r.CPU, strings.Join(r.Trace, "\n"))
	}
	if again != "" {
		fmt.Fprintf(&b, "  again: %s\n", again)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
