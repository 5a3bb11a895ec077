package softirqabi

// A Tasklet is one as the functions see it that schedule and run them (struct
// tasklet_struct). Other processors may do anything with it meanwhile: each
// method is one atomic operation.
type Tasklet interface {
	// TestAndSetSched is test_and_set_bit(TASKLET_STATE_SCHED): whether the
	// tasklet was scheduled already; now it is.
	TestAndSetSched() bool
	// ClearSched is tasklet_clear_sched: the tasklet is not scheduled any more.
	ClearSched()
	// TryLock is tasklet_trylock: the tasklet runs here, TASKLET_STATE_RUN;
	// false if it runs on another processor. Unlock is tasklet_unlock.
	TryLock() bool
	Unlock()
	// Disabled says whether the count of tasklet_disable is not 0.
	Disabled() bool
	// Call calls the driver's function, which may take long.
	Call()
	// Next is the tasklet behind it, nil if it is the last.
	Next() Tasklet
}

// A Tasklets is this processor's list of tasklets, of one of both priorities
// (tasklet_vec, tasklet_hi_vec). An interrupt may schedule a tasklet at any
// moment at which interrupts are on.
type Tasklets interface {
	// SaveIRQ and RestoreIRQ are local_irq_save and local_irq_restore;
	// DisableIRQ and EnableIRQ local_irq_disable and local_irq_enable.
	SaveIRQ() (flags bool)
	RestoreIRQ(flags bool)
	DisableIRQ()
	EnableIRQ()
	// Append puts t at the list's end. IF clear.
	Append(t Tasklet)
	// Detach takes the whole list: it returns the first tasklet, nil if there
	// is none, and leaves the list empty. IF clear.
	Detach() Tasklet
	// Raise is raise_softirq_irqoff of the list's softirq, RaiseBit
	// __raise_softirq_irqoff. IF clear.
	Raise()
	RaiseBit()
}

// A Schedule models tasklet_schedule and __tasklet_schedule_common (kernel/
// softirq.c): t is to run soon on the list's processor. Context: any. With an
// Action it is the seam of the lab task tasklet-core.
type Schedule func(l Tasklets, t Tasklet)

// An Action models tasklet_action_common: it runs what is on the list. Context:
// softirq, IF set before and after.
type Action func(l Tasklets)
