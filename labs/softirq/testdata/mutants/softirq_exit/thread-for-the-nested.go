// Fails: not above another softirq
// Misconception: where softirqs may not run, ksoftirqd has to

package softirq

import (
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
)

// IRQExit models irq_exit_rcu with invoke_softirq (kernel/softirq.c): the
// handlers of a hard interrupt have run, and the processor goes back to what
// it was interrupted in. IF is clear when it is called, and when it returns.
func IRQExit(r softirqabi.Return) {
	r.LeaveHardIRQ()
	if r.Pending() != 0 && r.InInterrupt() {
		r.WakeThread()
	}
	if pending := r.Pending(); pending != 0 && !r.InInterrupt() && !r.ThreadHasIt(pending) {
		if r.Forced() {
			r.WakeThread()
		} else {
			r.Do()
		}
	}
	r.TickExit()
}
