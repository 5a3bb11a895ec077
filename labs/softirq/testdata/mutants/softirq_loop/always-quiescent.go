// Fails: a storm of softirqs keeps no program and no grace period from ending, and leaves no bit behind
// Misconception: softirqs hold on to nothing, so each pass is a quiescent state of its processor

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
	end := p.Jiffies() + p.Limit()
	p.Begin()
	pending := p.Pending()
	for restart := maxRestart; ; {
		p.SetPending(0)
		p.EnableIRQ()
		for ; pending != 0; pending &= pending - 1 {
			p.Run(bits.TrailingZeros16(pending))
		}
		p.Quiescent()
		p.DisableIRQ()
		pending = p.Pending()
		if pending == 0 {
			break
		}
		restart--
		if p.Jiffies() >= end || p.NeedResched() || restart == 0 {
			p.WakeThread()
			break
		}
	}
	p.End()
}
