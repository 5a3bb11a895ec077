package trace

// taskInfos are the kinds of tasks, locks, memory and trace_printk.
func taskInfos() [kinds]Info {
	return [kinds]Info{
		SchedSwitch:        {"sched", "sched_switch"},
		SchedWaking:        {"sched", "sched_waking"},
		SchedWakeup:        {"sched", "sched_wakeup"},
		SchedWakeupNew:     {"sched", "sched_wakeup_new"},
		SchedMigrateTask:   {"sched", "sched_migrate_task"},
		SchedProcessExit:   {"sched", "sched_process_exit"},
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

// entryInfos are the kinds of interrupts that arrive.
func entryInfos() [kinds]Info {
	return [kinds]Info{
		LocalTimerEntry:         {"irq_vectors", "local_timer_entry"},
		LocalTimerExit:          {"irq_vectors", "local_timer_exit"},
		RescheduleEntry:         {"irq_vectors", "reschedule_entry"},
		RescheduleExit:          {"irq_vectors", "reschedule_exit"},
		VectorEntry:             {"irq_vectors", "vector_entry"},
		VectorExit:              {"irq_vectors", "vector_exit"},
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
	}
}

// vectorInfos are the kinds of the vector domain.
func vectorInfos() [kinds]Info {
	return [kinds]Info{
		VectorAlloc:          {"irq_vectors", "vector_alloc"},
		VectorAllocManaged:   {"irq_vectors", "vector_alloc_managed"},
		VectorReserve:        {"irq_vectors", "vector_reserve"},
		VectorReserveManaged: {"irq_vectors", "vector_reserve_managed"},
		VectorConfig:         {"irq_vectors", "vector_config"},
		VectorUpdate:         {"irq_vectors", "vector_update"},
		VectorClear:          {"irq_vectors", "vector_clear"},
		VectorActivate:       {"irq_vectors", "vector_activate"},
		VectorDeactivate:     {"irq_vectors", "vector_deactivate"},
		VectorSetup:          {"irq_vectors", "vector_setup"},
		VectorTeardown:       {"irq_vectors", "vector_teardown"},
		VectorFreeMoved:      {"irq_vectors", "vector_free_moved"},
	}
}

// matrixInfos are the kinds of the allocator of vectors.
func matrixInfos() [kinds]Info {
	return [kinds]Info{
		MatrixOnline:         {"irq_matrix", "irq_matrix_online"},
		MatrixOffline:        {"irq_matrix", "irq_matrix_offline"},
		MatrixReserve:        {"irq_matrix", "irq_matrix_reserve"},
		MatrixRemoveReserved: {"irq_matrix", "irq_matrix_remove_reserved"},
		MatrixAssignSystem:   {"irq_matrix", "irq_matrix_assign_system"},
		MatrixReserveManaged: {"irq_matrix", "irq_matrix_reserve_managed"},
		MatrixRemoveManaged:  {"irq_matrix", "irq_matrix_remove_managed"},
		MatrixAllocManaged:   {"irq_matrix", "irq_matrix_alloc_managed"},
		MatrixAssign:         {"irq_matrix", "irq_matrix_assign"},
		MatrixAlloc:          {"irq_matrix", "irq_matrix_alloc"},
		MatrixFree:           {"irq_matrix", "irq_matrix_free"},
		MatrixAllocReserved:  {"irq_matrix", "irq_matrix_alloc_reserved"},
	}
}

// bottomInfos are the kinds of softirqs, tasklets, timers and workqueues.
func bottomInfos() [kinds]Info {
	return [kinds]Info{
		SoftIRQRaise:       {"irq", "softirq_raise"},
		SoftIRQEntry:       {"irq", "softirq_entry"},
		SoftIRQExit:        {"irq", "softirq_exit"},
		TaskletEntry:       {"irq", "tasklet_entry"},
		TaskletExit:        {"irq", "tasklet_exit"},
		TimerInit:          {"timer", "timer_init"},
		TimerStart:         {"timer", "timer_start"},
		TimerExpireEntry:   {"timer", "timer_expire_entry"},
		TimerExpireExit:    {"timer", "timer_expire_exit"},
		TimerCancel:        {"timer", "timer_cancel"},
		HRTimerInit:        {"timer", "hrtimer_init"},
		HRTimerStart:       {"timer", "hrtimer_start"},
		HRTimerExpireEntry: {"timer", "hrtimer_expire_entry"},
		HRTimerExpireExit:  {"timer", "hrtimer_expire_exit"},
		HRTimerCancel:      {"timer", "hrtimer_cancel"},
		TickStop:           {"timer", "tick_stop"},
		WorkQueueWork:      {"workqueue", "workqueue_queue_work"},
		WorkActivate:       {"workqueue", "workqueue_activate_work"},
		WorkExecuteStart:   {"workqueue", "workqueue_execute_start"},
		WorkExecuteEnd:     {"workqueue", "workqueue_execute_end"},
	}
}
