package softirq

import (
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/labs/lab"
)

// maxRestart is MAX_SOFTIRQ_RESTART (kernel/softirq.c).
const maxRestart = 10

// DoSoftirq models do_softirq and handle_softirqs (kernel/softirq.c): the
// softirqs that are pending on this processor run now. It is called at the end
// of an interrupt, where bottom halves are enabled again, and by ksoftirqd;
// and by some who do not know whether softirqs may run where they are. IF is
// clear when it is called, and when it returns.
func DoSoftirq(p softirqabi.Processor) {
	panic(lab.TODO("run what is pending, pass by pass, and know when to stop"))
}
