package softirqabi

// A Return is the way out of a hard interrupt on one processor.
type Return interface {
	// LeaveHardIRQ is preempt_count_sub(HARDIRQ_OFFSET).
	LeaveHardIRQ()
	// InInterrupt is in_interrupt, and Pending local_softirq_pending.
	InInterrupt() bool
	Pending() uint16
	// ThreadHasIt is ksoftirqd_running: what is pending is left to the thread,
	// because that is runnable already. Releases differ in their answer.
	ThreadHasIt(pending uint16) bool
	// Forced is force_irqthreads with a ksoftirqd to wake: the kernel was
	// booted with threadirqs.
	Forced() bool
	// Do is __do_softirq, and WakeThread wakeup_softirqd.
	Do()
	WakeThread()
	// TickExit is tick_irq_exit: an idle processor looks whether its tick may
	// stop.
	TickExit()
}

// An Exit models irq_exit_rcu (kernel/softirq.c) with invoke_softirq in it.
// Context: IF clear before and after. This is the seam of the lab task
// softirq-exit.
type Exit func(r Return)
