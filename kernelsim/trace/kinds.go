package trace

// A Kind is a tracepoint.
type Kind uint8

// The tracepoints, by Linux's names. What A to D hold stands beside each; a
// task is given by its pid, a string by its number in Names.
const (
	None               Kind = iota
	SchedSwitch             // A prev pid, B prev state, C next pid, D prev prio<<16 | next prio
	SchedWaking             // A pid, B target cpu, C prio
	SchedWakeup             // A pid, B target cpu, C prio
	SchedWakeupNew          // A pid, B target cpu, C prio
	SchedMigrateTask        // A pid, B orig cpu, C dest cpu, D prio
	SchedProcessExit        // A pid, C prio
	LocalTimerEntry         // A vector
	LocalTimerExit          // A vector
	RescheduleEntry         // A vector
	RescheduleExit          // A vector
	VectorEntry             // A vector: an interrupt with a gate of a module (our own)
	VectorExit              // A vector
	Contention              // A lock class name, B pid of the owner: contention_begin
	ContentionEnd           // A lock class name
	PercpuAlloc             // A bytes, B align, C offset, D flags
	PercpuFree              // C offset
	PercpuAllocFail         // A bytes, B align, D flags
	PercpuCreateChunk       // A chunk number
	PercpuDestroyChunk      // A chunk number
	Print                   // A text: trace_printk
	kinds
)

// The states that sched_switch reports beside the task's own: dead, and
// preempted while ready (printed R+).
const (
	StateDead      = 0x10  // EXIT_DEAD
	StatePreempted = 0x100 // TASK_REPORT_MAX
)

// The flags of the percpu_alloc events.
const (
	PercpuReserved = 1 << iota
	PercpuAtomic
)

// An Info names a kind as tracefs does: events/SYSTEM/EVENT.
type Info struct{ System, Event string }

// String is the event's name.
func (k Kind) String() string { return k.Info().Event }

// Info is the kind's place under events/.
func (k Kind) Info() Info {
	if k >= kinds {
		return Info{}
	}
	return infos()[k]
}

// Kinds lists all tracepoints in the order of their declaration.
func Kinds() []Kind {
	list := make([]Kind, 0, kinds-1)
	for k := None + 1; k < kinds; k++ {
		list = append(list, k)
	}
	return list
}

func infos() [kinds]Info {
	return [kinds]Info{
		SchedSwitch:        {"sched", "sched_switch"},
		SchedWaking:        {"sched", "sched_waking"},
		SchedWakeup:        {"sched", "sched_wakeup"},
		SchedWakeupNew:     {"sched", "sched_wakeup_new"},
		SchedMigrateTask:   {"sched", "sched_migrate_task"},
		SchedProcessExit:   {"sched", "sched_process_exit"},
		LocalTimerEntry:    {"irq_vectors", "local_timer_entry"},
		LocalTimerExit:     {"irq_vectors", "local_timer_exit"},
		RescheduleEntry:    {"irq_vectors", "reschedule_entry"},
		RescheduleExit:     {"irq_vectors", "reschedule_exit"},
		VectorEntry:        {"irq_vectors", "vector_entry"},
		VectorExit:         {"irq_vectors", "vector_exit"},
		Contention:         {"lock", "contention_begin"},
		ContentionEnd:      {"lock", "contention_end"},
		PercpuAlloc:        {"percpu", "percpu_alloc_percpu"},
		PercpuFree:         {"percpu", "percpu_free_percpu"},
		PercpuAllocFail:    {"percpu", "percpu_alloc_percpu_fail"},
		PercpuCreateChunk:  {"percpu", "percpu_create_chunk"},
		PercpuDestroyChunk: {"percpu", "percpu_destroy_chunk"},
		Print:              {"ftrace", "print"},
	}
}
