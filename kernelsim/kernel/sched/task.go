// Package sched models the scheduler (kernel/sched/core.c, fair.c, rt.c,
// idle.c, kernel/kthread.c) as far as interrupts depend on it: tasks that
// sleep, wake, are preempted and migrate; fair and FIFO policies; the tick.
package sched

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/sim"
)

// A State is what a task waits for (include/linux/sched.h).
type State uint32

// The task states. A task that is Running is on a CPU or on a runqueue.
const (
	Running         State = 0x00
	Interruptible   State = 0x01
	Uninterruptible State = 0x02
	Parked          State = 0x40
	Dead            State = 0x80
	// Idling is TASK_IDLE: Uninterruptible, but nobody takes it for a load.
	Idling State = 0x402
)

// Letter is the state as ps and sched_switch print it.
func (s State) Letter() string {
	switch s {
	case Running:
		return "R"
	case Interruptible:
		return "S"
	case Uninterruptible:
		return "D"
	case Idling:
		return "I"
	case Parked:
		return "P"
	}
	return "X"
}

// A Policy decides how tasks share a CPU.
type Policy uint8

// The policies, the least urgent first.
const (
	Idle   Policy = iota // the CPU's idle task
	Normal               // SCHED_NORMAL: fair
	FIFO                 // SCHED_FIFO
	RR                   // SCHED_RR: FIFO that gives equals their turn
	Stop                 // the stopper: before everything
)

// A Task is one thread of control (struct task_struct).
type Task struct {
	PID    int
	Comm   string
	State  State
	Policy Policy
	RTPrio int  // of a FIFO or RR task, 1 to 99
	User   bool // runs a program: preemptible whatever the kernel's model is

	cpu     *cpu.CPU
	co      *sim.Coroutine
	stack   *cpu.Stack // while it does not run; its own, or the boot's of an idle task
	allowed []bool     // cpus_mask by CPU number; nil: all
	pinned  bool       // KTHREAD_IS_PER_CPU: a CPU's own thread
	bound   bool       // PF_NO_SETAFFINITY: no user may change allowed
	worker  Worker     // PF_WQ_WORKER
	onRQ    bool       // queued or running
	resched bool       // TIF_NEED_RESCHED
	behind  bool       // its turn is over: it goes behind its equals
	ticks   int        // of an RR task's turn
	exec    accounting
	time    cputime
	nice    int      // −20 to 19
	started sim.Time // start_time
	stop    bool     // kthread_should_stop
	gone    bool     // its function has returned
	reaper  *Task    // who waits for that
	park    bool     // KTHREAD_SHOULD_PARK
	parker  *Task    // who waits until it is parked
	fn      func(t *Task)
	held    lock.Held // lockdep_depth, held_locks
}

// accounting is struct sched_entity's part: when the task went on the CPU and
// how much it has had.
type accounting struct {
	start    sim.Time // of the present stretch on a CPU
	slice    sim.Time // sum at the start of the present turn
	sum      sim.Time
	vruntime sim.Time
	switches uint64
	// How it left: to wait, or made to.
	voluntary, involuntary uint64
}

// CPU models smp_processor_id() as a whole: the CPU that the task runs on
// now. The answer is good until the task sleeps or is preempted.
func (t *Task) CPU() *cpu.CPU { return t.cpu }

// SumExec is the time that the task has had on a CPU, up to its last switch
// or tick.
func (t *Task) SumExec() sim.Time { return t.exec.sum }

// Held is the locks that the task holds.
func (t *Task) Held() *lock.Held { return &t.held }

// Switches is how often the task was put on a CPU.
func (t *Task) Switches() uint64 { return t.exec.switches }

// String is comm/pid, as reports name a task.
func (t *Task) String() string { return fmt.Sprintf("%s/%d", t.Comm, t.PID) }

// Allowed says whether the task may run on CPU n.
func (t *Task) Allowed(n int) bool { return t.allowed == nil || t.allowed[n] }

// ShouldStop models kthread_should_stop.
func (t *Task) ShouldStop() bool { return t.stop }

// current models current_task: which task a CPU runs.
var current = percpu.New[*Task]("current_task")

// Current models current: the task that c runs.
func Current(c *cpu.CPU) *Task { return *current.Raw(c) }

// A system is the scheduler's state that all CPUs share.
type system struct {
	tasks   []*Task // by pid
	nextPID int
	full    bool // preempt=full
	booted  bool // system_state >= SYSTEM_SCHEDULING
	hz      int
	period  sim.Time // TICK_NSEC
	tick    TickHooks
	forks   int  // total_forks
	domains bool // scheduling domains are built
	weight  int  // span_weight: how many CPUs the domain has
	nohz    nohzState
	kick    func(c *cpu.CPU, n int)
	pulls   uint64 // calls of load_balance
	reaper  func(c *cpu.CPU, t *Task)
}

var shared = percpu.Shared[system]("sched")

// A Config is what the kernel's command line and build say of the scheduler.
type Config struct {
	HZ          int
	PreemptFull bool // preempt=full; else voluntary, as Debian builds it
}

// Init models sched_init: runqueues exist, the boot CPU's present code becomes
// its idle task.
func Init(c *cpu.CPU, cfg Config) {
	s := shared.Of(c)
	*s = system{hz: cfg.HZ, period: sim.Second / sim.Time(cfg.HZ), full: cfg.PreemptFull, nextPID: 1}
}

// Tasks lists the living tasks by pid; the idle tasks, all of pid 0, come
// first.
func Tasks(c *cpu.CPU) []*Task {
	list := make([]*Task, 0, len(c.Peers))
	for _, p := range c.Peers {
		if Online(p) {
			list = append(list, runqueues.Raw(p).idle)
		}
	}
	return append(list, shared.Of(c).tasks...)
}

// Find is the task with a pid, nil if there is none.
func Find(c *cpu.CPU, pid int) *Task {
	i := slices.IndexFunc(shared.Of(c).tasks, func(t *Task) bool { return t.PID == pid })
	if i < 0 {
		return nil
	}
	return shared.Of(c).tasks[i]
}

// SkipPIDs lets n pids go unused: those of threads that the machine does not
// have, so that the others get the numbers that the real one gives them.
func SkipPIDs(c *cpu.CPU, n int) { shared.Of(c).nextPID += n }
