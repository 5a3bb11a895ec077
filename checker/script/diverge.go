package script

import (
	"fmt"
	"regexp"
)

// diverge finds the first event at which the failed run differs from the same
// commands on the default machine.
func (r *Runner) diverge(h *host) {
	if h.own == nil || len(h.steps) == 0 || h.att.Gap != "" {
		return
	}
	if h.cut != nil && h.cut.armed || r.Task.Kind.Ext() != ".go" {
		return // nothing of the default machine's was replaced, or it would have to be cut, too
	}
	mine := h.own.Trace()
	h.att.Event = len(mine)
	ref, err := h.reference()
	if err != nil || ref == nil {
		return
	}
	h.att.Differs, h.att.Event = firstEvent(ref.Trace(), mine)
}

// firstEvent compares two traces, without the coming and going of the
// processes in which the check's own commands run. The event is counted in the
// whole trace.
func firstEvent(want, got []string) (text string, event int) {
	for i, j := 0, 0; ; i, j = i+1, j+1 {
		i, j = pastCommands(want, i), pastCommands(got, j)
		if i >= len(want) && j >= len(got) {
			return "", len(got)
		}
		w, g := at(want, i), at(got, j)
		if w != g {
			return fmt.Sprintf("event %d\n  default machine: %s\n  yours:           %s", j+1, w, g), j + 1
		}
	}
}

// pastCommands is the first event from i on that is not about the process of a
// command.
func pastCommands(trace []string, i int) int {
	for i < len(trace) && CommandTask.MatchString(trace[i]) {
		i++
	}
	return i
}

// CommandTask is a line of the scheduler's about the process of a command.
var CommandTask = regexp.MustCompile(`: sched_\w+: (.*\b)?(prev_|next_)?comm=(sh|cat|modprobe|rmmod) `)
