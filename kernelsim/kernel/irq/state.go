// Package irq models the generic interrupt layer (kernel/irq): numbers and
// descriptors, the chips and domains behind them, flow handlers, and what
// drivers call to request an interrupt.
package irq

// A State is the bits of an interrupt that chips and flow handlers share
// (IRQD_*, include/linux/irq.h).
type State uint32

// The bits. Masked is what the hardware was told, Disabled what is wanted.
const (
	TriggerMask        State = 0xf
	SetAffinityPending State = 1 << 8
	Activated          State = 1 << 9
	NoBalancing        State = 1 << 10
	PerCPU             State = 1 << 11
	AffinitySet        State = 1 << 12
	Level              State = 1 << 13
	WakeupState        State = 1 << 14
	MovePCNTXT         State = 1 << 15
	Disabled           State = 1 << 16
	Masked             State = 1 << 17
	InProgress         State = 1 << 18
	AffinityManaged    State = 1 << 21
	Started            State = 1 << 22
	ManagedShutdown    State = 1 << 23
	SingleTarget       State = 1 << 24
	DefaultTriggerSet  State = 1 << 25
	CanReserve         State = 1 << 26
	EnforceIRQContext  State = 1 << 27
	AffinityOnActivate State = 1 << 28
)

// An IState is the bits that only this package may touch (IRQS_*,
// kernel/irq/internals.h).
type IState uint32

// The bits.
const (
	AutoDetect       IState = 0x001
	SpuriousDisabled IState = 0x002
	PollInProgress   IState = 0x008
	OneShot          IState = 0x020
	Replay           IState = 0x040
	Waiting          IState = 0x080
	Pending          IState = 0x200
	NMI              IState = 0x2000
)

// A Setting is what the architecture or a domain says of an interrupt once
// for all its users (IRQ_*, include/linux/irq.h).
type Setting uint32

// The settings.
const (
	LevelSetting  Setting = 1 << 8
	PerCPUSetting Setting = 1 << 9
	NoRequest     Setting = 1 << 11
	NoAutoEnabled Setting = 1 << 12
	NestedThread  Setting = 1 << 15
	NeverThreaded Setting = 1 << 16
	PerCPUDevID   Setting = 1 << 17
	DisableUnlazy Setting = 1 << 19
	NoDebugging   Setting = 1 << 21
)

// Flags are what a driver says at a request (IRQF_*, include/linux/
// interrupt.h).
type Flags uint32

// The flags.
const (
	TriggerRising  Flags = 0x0000_0001
	TriggerFalling Flags = 0x0000_0002
	TriggerHigh    Flags = 0x0000_0004
	TriggerLow     Flags = 0x0000_0008
	Shared         Flags = 0x0000_0080
	ProbeShared    Flags = 0x0000_0100
	PerCPUFlag     Flags = 0x0000_0400
	NoBalance      Flags = 0x0000_0800
	IRQPoll        Flags = 0x0000_1000
	OneShotFlag    Flags = 0x0000_2000
	NoSuspend      Flags = 0x0000_4000
	ForceResume    Flags = 0x0000_8000
	NoThread       Flags = 0x0001_0000
	EarlyResume    Flags = 0x0002_0000
	CondSuspend    Flags = 0x0004_0000
	NoAutoEnable   Flags = 0x0008_0000
	NoDebug        Flags = 0x0010_0000
	Timer          Flags = 0x0000_0200 | NoSuspend | NoThread

	triggerFlags = TriggerRising | TriggerFalling | TriggerHigh | TriggerLow
)

// A Return is a handler's answer (irqreturn_t, include/linux/irqreturn.h).
type Return uint8

// The answers.
const (
	None       Return = 0 // it was not this device
	Handled    Return = 1
	WakeThread Return = 2
)
