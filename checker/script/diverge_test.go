package script

import (
	"strings"
	"testing"
)

// TestFirstEvent: the processes of commands come and go as they will; the
// event is counted in the whole trace.
func TestFirstEvent(t *testing.T) {
	const (
		exit = "cat-9 [000] .....     0.%s: sched_process_exit: comm=cat pid=9 prio=120"
		edge = "<idle>-0 [001] d.h1.     0.2: irq_handler_entry: irq=24 name=edge"
	)
	early, late := strings.Replace(exit, "%s", "1", 1), strings.Replace(exit, "%s", "3", 1)
	for _, tc := range []struct {
		want, got []string
		says      string
		event     int
	}{
		{[]string{early, edge}, []string{late, edge}, "", 2},
		{[]string{early, edge}, []string{edge, late}, "", 2},
		{[]string{early, edge}, []string{late, "other"}, "yours:           other", 2},
		{[]string{edge}, []string{early}, "yours:           (no such line)", 2},
	} {
		text, event := firstEvent(tc.want, tc.got)
		if !strings.HasSuffix(text, tc.says) || (text == "") != (tc.says == "") || event != tc.event {
			t.Errorf("%q and %q: %q at event %d", tc.want, tc.got, text, event)
		}
	}
}
