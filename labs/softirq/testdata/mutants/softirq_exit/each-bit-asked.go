// Fails: what the thread has is left to the thread
// Misconception: the rule is asked for each softirq: a tasklet does not make the network run

package softirq

import (
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
)

// IRQExit models irq_exit_rcu with invoke_softirq (kernel/softirq.c): the
// handlers of a hard interrupt have run, and the processor goes back to what
// it was interrupted in. IF is clear when it is called, and when it returns.
func IRQExit(r softirqabi.Return) {
	r.LeaveHardIRQ()
	if pending := r.Pending(); pending != 0 && !r.InInterrupt() && !r.ThreadHasIt(pending&^(1<<0|1<<6)) {
		if r.Forced() {
			r.WakeThread()
		} else {
			r.Do()
		}
	}
	r.TickExit()
}
