package worker

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"bothhalves/checker/script"
)

// TestCommandTask: what is left out of a replay's trace is the scheduler's
// about the processes of commands, and nothing that a driver does in one.
func TestCommandTask(t *testing.T) {
	for line, out := range map[string]bool{
		"sh-21 [000] .....     0.001190: sched_process_exit: comm=sh pid=21 prio=120":                                                                                 true,
		"cat-22 [000] d..2.     0.001194: sched_switch: prev_comm=cat prev_pid=22 prev_prio=120 prev_state=X ==> next_comm=swapper/0 next_pid=0 next_prio=120":        true,
		"<idle>-0 [000] d..2.     0.001191: sched_switch: prev_comm=swapper/0 prev_pid=0 prev_prio=120 prev_state=R ==> next_comm=modprobe next_pid=22 next_prio=120": true,
		"sh-21 [000] d....     0.001150: vector_entry: vector=97":                                                                                                     false,
		"nicrx/0-21 [000] .....     0.001190: sched_process_exit: comm=nicrx/0 pid=21 prio=120":                                                                       false,
		"<idle>-0 [000] d..3.     0.001190: sched_wakeup: comm=shrinker pid=22 prio=120 target_cpu=000":                                                               false,
	} {
		if script.CommandTask.MatchString(line) != out {
			t.Errorf("%s: left out: %t", line, !out)
		}
	}
}

// twoMachines is a check that boots twice, with a failing line between.
const twoMachines = `# Task: Two machines
# Kind: implement   Size: S   Minutes: 5   Chapter: 05-irq#edge
# Shapes: cpus=2
#
# Check: both come up (weight 1)
boot -cpus $CPUS -nic none
same-as-reference cat /proc/interrupts
expect 'no such line'
boot -cpus 1 -nic none
run 1ms
expect 'nor this'
`

// TestReplayStops: a replay types what a check did before the line that
// failed, so that the event is shown of the machine that the verdict is about.
func TestReplayStops(t *testing.T) {
	task, err := script.Parse("toy", "toy-two", []byte(twoMachines))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		line  int
		ends  string
		typed int // commands
	}{
		{8, "# line 8, where it failed: expect 'no such line'", 2},
		{11, "# line 11, where it failed: expect 'nor this'", 4},
		{0, "# run 1ms", 4},
	} {
		var want []string
		s := newSession(nil)
		r := &repl{s: s, out: &bytes.Buffer{}, errw: &bytes.Buffer{}}
		for _, line := range []string{"boot -cpus 2 -nic none", "cat /proc/interrupts", "boot -cpus 1 -nic none", "run 1ms"}[:tc.typed] {
			if err := r.line(line); err != nil {
				t.Fatal(err)
			}
			want = s.Trace()
		}
		event := len(want)
		s.Close()

		var out, errw bytes.Buffer
		s = newSession(nil)
		r = &repl{s: s, out: &out, errw: &errw}
		r.replay(&ShellRequest{Check: "both come up", Line: tc.line, Event: event}, task)
		s.Close()
		text := out.String()
		if n := strings.Count(text, "\n# "); n != tc.typed+min(tc.line, 1) || !strings.Contains(text, tc.ends+"\n") {
			t.Errorf("line %d: typed %d lines, want %d and %q:\n%s%s", tc.line, n, tc.typed, tc.ends, text, &errw)
		}
		if !strings.Contains(text, fmt.Sprintf("> %s\n", want[event-1])) {
			t.Errorf("line %d: no event %q in\n%s", tc.line, want[event-1], text)
		}
	}
	var out, errw bytes.Buffer
	s := newSession(nil)
	defer s.Close()
	(&repl{s: s, out: &out, errw: &errw}).replay(&ShellRequest{Check: "both come up", Event: 1 << 20}, task)
	if last := "\n> the trace ends here\n"; !strings.HasSuffix(out.String(), last) {
		t.Errorf("an event that this machine does not have: want %q at the end of\n%s", last, &out)
	}
}
