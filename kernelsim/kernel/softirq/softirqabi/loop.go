// Package softirqabi is what the replaceable parts of the bottom half and the
// kernel say to each other. Nothing here acts. Each part is the seam of a lab
// task.
package softirqabi

// A Processor is the one that runs softirqs, and what it needs for that. All of
// it is about this processor alone.
type Processor interface {
	// InInterrupt is in_interrupt: in an NMI or a hard interrupt, serving
	// softirqs, or with bottom halves disabled.
	InInterrupt() bool
	// Pending is local_softirq_pending: bit nr is set while vector nr waits.
	// SetPending is set_softirq_pending.
	Pending() uint16
	SetPending(mask uint16)
	// Begin and End are softirq_handle_begin and softirq_handle_end: between
	// them the processor serves softirqs.
	Begin()
	End()
	// EnableIRQ and DisableIRQ are local_irq_enable and local_irq_disable.
	EnableIRQ()
	DisableIRQ()
	// Run counts one softirq of vector nr, traces its entry and its exit, and
	// calls its action between the two.
	Run(nr int)
	// Jiffies is the kernel's clock; Limit is how many of its ticks
	// MAX_SOFTIRQ_TIME is (msecs_to_jiffies).
	Jiffies() uint64
	Limit() uint64
	// NeedResched is need_resched: another task should have the processor.
	NeedResched() bool
	// ByThread says whether it is ksoftirqd that runs this. It is then to tell
	// RCU of each pass's end: Quiescent is rcu_softirq_qs.
	ByThread() bool
	Quiescent()
	// WakeThread is wakeup_softirqd.
	WakeThread()
}

// A Loop models do_softirq and __do_softirq in one (handle_softirqs, kernel/
// softirq.c): it runs what is pending. Context: IF clear before and after; it
// may be called where softirqs must not run. This is the seam of the lab task
// softirq-loop.
type Loop func(p Processor)
