// Fails: what is pending runs once, the lowest number first
// Misconception: a call runs one softirq, and the next one is for the next call

package softirq

import (
	"math/bits"

	"bothhalves/kernelsim/kernel/softirq/softirqabi"
)

// maxRestart is MAX_SOFTIRQ_RESTART (kernel/softirq.c).
const maxRestart = 10

// DoSoftirq models do_softirq and handle_softirqs (kernel/softirq.c): the
// softirqs that are pending on this processor run now. It is called at the end
// of an interrupt, where bottom halves are enabled again, and by ksoftirqd;
// and by some who do not know whether softirqs may run where they are. IF is
// clear when it is called, and when it returns.
func DoSoftirq(p softirqabi.Processor) {
	if p.InInterrupt() {
		return
	}
	p.Begin()
	pending := p.Pending()
	for {
		p.SetPending(pending & (pending - 1))
		pending &= -pending
		p.EnableIRQ()
		for ; pending != 0; pending &= pending - 1 {
			p.Run(bits.TrailingZeros16(pending))
		}
		if p.ByThread() {
			p.Quiescent()
		}
		p.DisableIRQ()
		if p.Pending() != 0 {
			p.WakeThread()
		}
		break
	}
	p.End()
}
