// Package softirq models the softirqs (kernel/softirq.c): ten functions that a
// processor calls soon after somebody has asked for them, outside of hard
// interrupts and with interrupts on, and the thread ksoftirqd for what would
// take too long there.
package softirq

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/sim"
)

// An Nr is a softirq's number, the bit that is set while it is pending.
type Nr uint8

// The softirqs (include/linux/interrupt.h). Within a pass the lowest number
// comes first.
const (
	HI          Nr = iota // HI_SOFTIRQ: tasklets of high priority
	Timer                 // TIMER_SOFTIRQ
	NetTX                 // NET_TX_SOFTIRQ
	NetRX                 // NET_RX_SOFTIRQ
	Block                 // BLOCK_SOFTIRQ
	IRQPoll               // IRQ_POLL_SOFTIRQ
	Tasklet               // TASKLET_SOFTIRQ
	Sched                 // SCHED_SOFTIRQ
	HRTimer               // HRTIMER_SOFTIRQ
	RCU                   // RCU_SOFTIRQ
	NumSoftIRQs           // NR_SOFTIRQS
)

// String is the name as softirq_to_name has it.
func (nr Nr) String() string {
	if nr >= NumSoftIRQs {
		return "?"
	}
	return [NumSoftIRQs]string{"HI", "TIMER", "NET_TX", "NET_RX", "BLOCK", "IRQ_POLL",
		"TASKLET", "SCHED", "HRTIMER", "RCU"}[nr]
}

// An Action is what a softirq does (struct softirq_action). It may not sleep,
// and the same one may run on several processors at once. Context: softirq, IF
// set.
type Action func(c *cpu.CPU)

// A Config says how the kernel was booted, and holds the replaceable parts.
type Config struct {
	Force bool  // threadirqs: interrupts leave softirqs to ksoftirqd
	Rules Rules // of the release; see RulesOf
	// Loop is do_softirq, Exit irq_exit_rcu; nil: the defaults.
	Loop softirqabi.Loop
	Exit softirqabi.Exit
	// OwnStack models do_softirq_own_stack: it calls fn on the processor's
	// interrupt stack. nil: on the stack of who calls.
	OwnStack func(c *cpu.CPU, fn func(c *cpu.CPU))
	// TickEnter and TickExit model tick_irq_enter and tick_nohz_irq_exit: a
	// hard interrupt of an idle processor begins or has ended. nil: nothing.
	TickEnter, TickExit func(c *cpu.CPU)
	// Quiescent models rcu_softirq_qs: ksoftirqd has ended a pass. nil:
	// nothing.
	Quiescent func(c *cpu.CPU)
}

// system is the package's state that all processors share.
type system struct {
	cfg     Config
	jiffy   sim.Time
	limit   uint64              // MAX_SOFTIRQ_TIME in jiffies
	actions [NumSoftIRQs]Action // softirq_vec
	told    finding             // what has been told already
}

var shared = percpu.Shared[system]("softirq_vec")

// pending is irq_stat.__softirq_pending.
var pending = percpu.NewWord[uint16]("irq_stat.__softirq_pending", 0)

// ksoftirqd is the per-CPU variable of that name.
var ksoftirqd = percpu.New[*sched.Task]("ksoftirqd")

// A state is what is known of one processor's softirqs: how many there were
// (struct kernel_stat), and for reports which one runs.
type state struct {
	*system
	count    [NumSoftIRQs]uint64
	busy     bool   // an action runs
	serving  Nr     // which
	function string // see Calls
}

var states = percpu.New[state]("kstat")

// Init tells the package how the kernel was booted. Actions may have been
// opened before. Context: once, when the per-CPU areas stand and HZ is known,
// before the first interrupt.
func Init(c *cpu.CPU, cfg Config) {
	s := shared.Of(c)
	s.cfg = cfg
	s.jiffy = sim.Second / sim.Time(sched.HZ(c))
	s.limit = uint64((maxTime + s.jiffy - 1) / s.jiffy) // msecs_to_jiffies
	for _, p := range c.Peers {
		states.Raw(p).system = s
	}
}

// Open models open_softirq: from now on nr's action is a. There is no way
// back.
func Open(c *cpu.CPU, nr Nr, a Action) { shared.Of(c).actions[nr] = a }

// Pending models local_softirq_pending: bit nr is set while nr waits on c.
func Pending(c *cpu.CPU) uint16 { return pending.Peek(c) }

// Count is how often nr's action has been called on p (kstat_softirqs_cpu).
func Count(p *cpu.CPU, nr Nr) uint64 { return states.Raw(p).count[nr] }

// Ksoftirqd is p's thread, nil before there is one.
func Ksoftirqd(p *cpu.CPU) *sched.Task { return *ksoftirqd.Raw(p) }
