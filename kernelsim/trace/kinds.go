package trace

// A Kind is a tracepoint.
type Kind uint8

// The tracepoints, by Linux's names. What A to D hold stands beside each; a
// task is given by its pid, a string by its number in Names.
const (
	None                    Kind = iota
	SchedSwitch                  // A prev pid, B prev state, C next pid, D prev prio<<16 | next prio
	SchedWaking                  // A pid, B target cpu, C prio
	SchedWakeup                  // A pid, B target cpu, C prio
	SchedWakeupNew               // A pid, B target cpu, C prio
	SchedMigrateTask             // A pid, B orig cpu, C dest cpu, D prio
	SchedProcessExit             // A pid, C prio
	LocalTimerEntry              // A vector
	LocalTimerExit               // A vector
	RescheduleEntry              // A vector
	RescheduleExit               // A vector
	VectorEntry                  // A vector: an interrupt with a gate of a module (our own)
	VectorExit                   // A vector
	Contention                   // A lock class name, B pid of the owner: contention_begin
	ContentionEnd                // A lock class name
	PercpuAlloc                  // A bytes, B align, C offset, D flags
	PercpuFree                   // C offset
	PercpuAllocFail              // A bytes, B align, D flags
	PercpuCreateChunk            // A chunk number
	PercpuDestroyChunk           // A chunk number
	Print                        // A text: trace_printk
	CallFunctionEntry            // A vector
	CallFunctionExit             // A vector
	CallFunctionSingleEntry      // A vector
	CallFunctionSingleExit       // A vector
	IRQWorkEntry                 // A vector
	IRQWorkExit                  // A vector
	PlatformIPIEntry             // A vector
	PlatformIPIExit              // A vector
	ThermalEntry                 // A vector
	ThermalExit                  // A vector
	ThresholdEntry               // A vector
	ThresholdExit                // A vector
	DeferredErrorEntry           // A vector
	DeferredErrorExit            // A vector
	ErrorAPICEntry               // A vector
	ErrorAPICExit                // A vector
	SpuriousAPICEntry            // A vector
	SpuriousAPICExit             // A vector
	IRQHandlerEntry              // A irq, B name of the action
	IRQHandlerExit               // A irq, B 1 if it was handled
	VectorAlloc                  // A irq, B vector, C reserved, D ret
	VectorAllocManaged           // A irq, B vector, D ret
	VectorReserve                // A irq, D ret
	VectorReserveManaged         // A irq, D ret
	VectorConfig                 // A irq, B vector, C cpu, D apicdest
	VectorUpdate                 // A irq, B vector | prev vector<<8, C cpu, D prev cpu
	VectorClear                  // A irq, B vector | prev vector<<8, C cpu, D prev cpu
	VectorActivate               // A irq, B is_managed, C can_reserve, D reserve
	VectorDeactivate             // A irq, B is_managed, C can_reserve, D reserve
	VectorSetup                  // A irq, B is_legacy, D ret
	VectorTeardown               // A irq, B is_managed, C has_reserved
	VectorFreeMoved              // A irq, B vector, C cpu, D is_managed
	MatrixOnline                 // of all irq_matrix events: see PackMatrix
	MatrixOffline
	MatrixReserve
	MatrixRemoveReserved
	MatrixAssignSystem
	MatrixReserveManaged
	MatrixRemoveManaged
	MatrixAllocManaged
	MatrixAssign
	MatrixAlloc
	MatrixFree
	MatrixAllocReserved // Linux declares it, and never records it
	SoftIRQRaise        // A vector number
	SoftIRQEntry        // A vector number
	SoftIRQExit         // A vector number
	TaskletEntry        // A name of the tasklet, B name of its function
	TaskletExit         // A name of the tasklet, B name of its function
	TimerInit           // A timer
	TimerStart          // A timer, B function, C expires − INITIAL_JIFFIES, D cpu | idx<<8 | flags<<18
	TimerExpireEntry    // A timer, B function, C now − INITIAL_JIFFIES, D baseclk − INITIAL_JIFFIES
	TimerExpireExit     // A timer
	TimerCancel         // A timer
	HRTimerInit         // A timer, B clock, C mode
	HRTimerStart        // A timer | function<<16, B mode | slack in µs<<8, C and D expires in ns, low word first
	HRTimerExpireEntry  // A timer, B function, C and D now in ns, low word first
	HRTimerExpireExit   // A timer
	HRTimerCancel       // A timer
	TickStop            // A success, B dependency
	WorkQueueWork       // A work, B function, C workqueue's name, D req_cpu<<16 | cpu
	WorkActivate        // A work
	WorkExecuteStart    // A work, B function
	WorkExecuteEnd      // A work, B function
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
		SchedSwitch:             {"sched", "sched_switch"},
		SchedWaking:             {"sched", "sched_waking"},
		SchedWakeup:             {"sched", "sched_wakeup"},
		SchedWakeupNew:          {"sched", "sched_wakeup_new"},
		SchedMigrateTask:        {"sched", "sched_migrate_task"},
		SchedProcessExit:        {"sched", "sched_process_exit"},
		LocalTimerEntry:         {"irq_vectors", "local_timer_entry"},
		LocalTimerExit:          {"irq_vectors", "local_timer_exit"},
		RescheduleEntry:         {"irq_vectors", "reschedule_entry"},
		RescheduleExit:          {"irq_vectors", "reschedule_exit"},
		VectorEntry:             {"irq_vectors", "vector_entry"},
		VectorExit:              {"irq_vectors", "vector_exit"},
		Contention:              {"lock", "contention_begin"},
		ContentionEnd:           {"lock", "contention_end"},
		PercpuAlloc:             {"percpu", "percpu_alloc_percpu"},
		PercpuFree:              {"percpu", "percpu_free_percpu"},
		PercpuAllocFail:         {"percpu", "percpu_alloc_percpu_fail"},
		PercpuCreateChunk:       {"percpu", "percpu_create_chunk"},
		PercpuDestroyChunk:      {"percpu", "percpu_destroy_chunk"},
		CallFunctionEntry:       {"irq_vectors", "call_function_entry"},
		CallFunctionExit:        {"irq_vectors", "call_function_exit"},
		CallFunctionSingleEntry: {"irq_vectors", "call_function_single_entry"},
		CallFunctionSingleExit:  {"irq_vectors", "call_function_single_exit"},
		IRQWorkEntry:            {"irq_vectors", "irq_work_entry"},
		IRQWorkExit:             {"irq_vectors", "irq_work_exit"},
		PlatformIPIEntry:        {"irq_vectors", "x86_platform_ipi_entry"},
		PlatformIPIExit:         {"irq_vectors", "x86_platform_ipi_exit"},
		ThermalEntry:            {"irq_vectors", "thermal_apic_entry"},
		ThermalExit:             {"irq_vectors", "thermal_apic_exit"},
		ThresholdEntry:          {"irq_vectors", "threshold_apic_entry"},
		ThresholdExit:           {"irq_vectors", "threshold_apic_exit"},
		DeferredErrorEntry:      {"irq_vectors", "deferred_error_apic_entry"},
		DeferredErrorExit:       {"irq_vectors", "deferred_error_apic_exit"},
		ErrorAPICEntry:          {"irq_vectors", "error_apic_entry"},
		ErrorAPICExit:           {"irq_vectors", "error_apic_exit"},
		SpuriousAPICEntry:       {"irq_vectors", "spurious_apic_entry"},
		SpuriousAPICExit:        {"irq_vectors", "spurious_apic_exit"},
		IRQHandlerEntry:         {"irq", "irq_handler_entry"},
		IRQHandlerExit:          {"irq", "irq_handler_exit"},
		VectorAlloc:             {"irq_vectors", "vector_alloc"},
		VectorAllocManaged:      {"irq_vectors", "vector_alloc_managed"},
		VectorReserve:           {"irq_vectors", "vector_reserve"},
		VectorReserveManaged:    {"irq_vectors", "vector_reserve_managed"},
		VectorConfig:            {"irq_vectors", "vector_config"},
		VectorUpdate:            {"irq_vectors", "vector_update"},
		VectorClear:             {"irq_vectors", "vector_clear"},
		VectorActivate:          {"irq_vectors", "vector_activate"},
		VectorDeactivate:        {"irq_vectors", "vector_deactivate"},
		VectorSetup:             {"irq_vectors", "vector_setup"},
		VectorTeardown:          {"irq_vectors", "vector_teardown"},
		VectorFreeMoved:         {"irq_vectors", "vector_free_moved"},
		MatrixOnline:            {"irq_matrix", "irq_matrix_online"},
		MatrixOffline:           {"irq_matrix", "irq_matrix_offline"},
		MatrixReserve:           {"irq_matrix", "irq_matrix_reserve"},
		MatrixRemoveReserved:    {"irq_matrix", "irq_matrix_remove_reserved"},
		MatrixAssignSystem:      {"irq_matrix", "irq_matrix_assign_system"},
		MatrixReserveManaged:    {"irq_matrix", "irq_matrix_reserve_managed"},
		MatrixRemoveManaged:     {"irq_matrix", "irq_matrix_remove_managed"},
		MatrixAllocManaged:      {"irq_matrix", "irq_matrix_alloc_managed"},
		MatrixAssign:            {"irq_matrix", "irq_matrix_assign"},
		MatrixAlloc:             {"irq_matrix", "irq_matrix_alloc"},
		MatrixFree:              {"irq_matrix", "irq_matrix_free"},
		MatrixAllocReserved:     {"irq_matrix", "irq_matrix_alloc_reserved"},
		Print:                   {"ftrace", "print"},
		SoftIRQRaise:            {"irq", "softirq_raise"},
		SoftIRQEntry:            {"irq", "softirq_entry"},
		SoftIRQExit:             {"irq", "softirq_exit"},
		TaskletEntry:            {"irq", "tasklet_entry"},
		TaskletExit:             {"irq", "tasklet_exit"},
		TimerInit:               {"timer", "timer_init"},
		TimerStart:              {"timer", "timer_start"},
		TimerExpireEntry:        {"timer", "timer_expire_entry"},
		TimerExpireExit:         {"timer", "timer_expire_exit"},
		TimerCancel:             {"timer", "timer_cancel"},
		HRTimerInit:             {"timer", "hrtimer_init"},
		HRTimerStart:            {"timer", "hrtimer_start"},
		HRTimerExpireEntry:      {"timer", "hrtimer_expire_entry"},
		HRTimerExpireExit:       {"timer", "hrtimer_expire_exit"},
		HRTimerCancel:           {"timer", "hrtimer_cancel"},
		TickStop:                {"timer", "tick_stop"},
		WorkQueueWork:           {"workqueue", "workqueue_queue_work"},
		WorkActivate:            {"workqueue", "workqueue_activate_work"},
		WorkExecuteStart:        {"workqueue", "workqueue_execute_start"},
		WorkExecuteEnd:          {"workqueue", "workqueue_execute_end"},
	}
}
