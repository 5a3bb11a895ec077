// Fails: never on two processors at once, and others in parallel
// Misconception: who finds it running elsewhere has nothing to do: it runs

package softirq

import (
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
)

// Schedule models tasklet_schedule and __tasklet_schedule_common (kernel/
// softirq.c): tasklet t is to run soon, on this processor, whose list is l.
// Others may schedule the same tasklet at the same time, elsewhere or in an
// interrupt here. Context: any.
func Schedule(l softirqabi.Tasklets, t softirqabi.Tasklet) {
	if t.TestAndSetSched() {
		return
	}
	flags := l.SaveIRQ()
	l.Append(t)
	l.Raise()
	l.RestoreIRQ(flags)
}

// Action models tasklet_action_common (kernel/softirq.c): it runs what is on
// this processor's list. What cannot run now is not forgotten. Context:
// softirq, with IF set when it is called and when it returns.
func Action(l softirqabi.Tasklets) {
	l.DisableIRQ()
	t := l.Detach()
	l.EnableIRQ()
	for t != nil {
		next := t.Next()
		if !tryRun(t) {
			l.DisableIRQ()
			l.Append(t)
			l.RaiseBit()
			l.EnableIRQ()
		}
		t = next
	}
}

// tryRun runs a tasklet that was taken off the list, or returns false if that
// must not be now. Only your Action calls it.
func tryRun(t softirqabi.Tasklet) bool {
	if !t.TryLock() {
		t.ClearSched()
		return true
	}
	may := !t.Disabled()
	if may {
		t.ClearSched()
		t.Call()
	}
	t.Unlock()
	return may
}
