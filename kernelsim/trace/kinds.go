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
	TimerStart          // see TimerArm
	TimerExpireEntry    // A timer, B function, C now − INITIAL_JIFFIES, D baseclk − INITIAL_JIFFIES
	TimerExpireExit     // A timer
	TimerCancel         // A timer
	HRTimerInit         // A timer, B clock, C mode
	HRTimerStart        // A timer | function<<16, B mode | was_armed<<7 | slack in µs<<8, C and D expires in ns, low word first
	HRTimerExpireEntry  // A timer, B function, C and D now in ns, low word first
	HRTimerExpireExit   // A timer
	HRTimerCancel       // A timer
	TickStop            // A success, B dependency
	WorkQueueWork       // A work, B function, C workqueue's name, D req_cpu<<16 | cpu (16 bits, signed)
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
	switch {
	case k >= kinds:
		return Info{}
	case k >= SoftIRQRaise:
		return bottomInfos()[k]
	case k >= MatrixOnline:
		return matrixInfos()[k]
	case k >= VectorAlloc:
		return vectorInfos()[k]
	}
	if info := taskInfos()[k]; info.Event != "" {
		return info
	}
	return entryInfos()[k]
}

// Kinds lists all tracepoints in the order of their declaration.
func Kinds() []Kind {
	list := make([]Kind, 0, kinds-1)
	for k := None + 1; k < kinds; k++ {
		list = append(list, k)
	}
	return list
}
