package script

import "fmt"

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

// firstEvent compares two traces.
func firstEvent(want, got []string) (text string, event int) {
	for i := range max(len(want), len(got)) {
		w, g := at(want, i), at(got, i)
		if w != g {
			return fmt.Sprintf("event %d\n  default machine: %s\n  yours:           %s", i+1, w, g), i + 1
		}
	}
	return "", len(got)
}
