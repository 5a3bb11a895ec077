package sched

import (
	"slices"
	"strconv"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// An Attr says how a new task differs from a plain kernel thread.
type Attr struct {
	CPUs   []int // where it may run; nil: everywhere
	Pinned bool  // a per-CPU kthread: nobody may change CPUs
	Policy Policy
	RTPrio int
	Nice   int
	User   bool
	pid    int // 0: the next one
}

// KThread models kthread_run (include/linux/kthread.h): a new kernel thread
// that runs fn from its next turn on. Context: process context or boot.
func KThread(c *cpu.CPU, name string, fn func(t *Task)) *Task {
	return Spawn(c, name, Attr{Policy: Normal}, fn)
}

// KThreadOn models kthread_run_on_cpu: a kernel thread bound to one CPU.
func KThreadOn(c *cpu.CPU, n int, name string, fn func(t *Task)) *Task {
	return Spawn(c, name, Attr{Policy: Normal, CPUs: []int{n}, Pinned: true}, fn)
}

// Spawn makes a task and wakes it.
func Spawn(c *cpu.CPU, name string, a Attr, fn func(t *Task)) *Task {
	t := newTask(c, name, a, fn)
	t.cpu = selectForNew(c, t)
	wakeUpNew(c, t)
	preemptPoint(c)
	return t
}

// newTask models copy_process: a task that nobody has woken yet.
func newTask(c *cpu.CPU, name string, a Attr, fn func(t *Task)) *Task {
	s := shared.Of(c)
	t := &Task{PID: a.pid, Comm: comm(name), Policy: max(a.Policy, Normal), RTPrio: a.RTPrio,
		User: a.User, nice: a.Nice, pinned: a.Pinned, fn: fn, started: c.Engine().Now()}
	if a.pid == 0 {
		t.PID = s.nextPID
		s.nextPID++
	}
	s.forks++
	t.stack = newStack(t.PID)
	t.restrict(len(c.Peers), a.CPUs)
	s.add(t)
	t.co = c.Engine().NewCoroutine(t.run)
	c.Ring.Names().SetComm(uint16(t.PID), t.Comm)
	return t
}

// The stack of a task (alloc_thread_stack_node): sixteen kilobytes and a guard
// page below, somewhere behind those of interrupts in vmalloc's area.
const (
	threadSize  = 16 << 10 // THREAD_SIZE
	threadStack = 0xffffc90001000000
)

func newStack(pid int) *cpu.Stack {
	s := cpu.NewStack("TASK", threadStack+uint64(pid)*(threadSize+4096), threadSize)
	return &s
}

// add enters a task into the list, which is in the order of pids.
func (s *system) add(t *Task) {
	i := len(s.tasks)
	for i > 0 && s.tasks[i-1].PID > t.PID {
		i--
	}
	s.tasks = slices.Insert(s.tasks, i, t)
}

// wakeUpNew models wake_up_new_task, traced before check_preempt_curr.
func wakeUpNew(c *cpu.CPU, t *Task) {
	flags := c.SaveFlags()
	preempt.Add(c, preempt.Offset) // p->pi_lock
	activate(c, t, true)
	recordLocked(c, trace.SchedWakeupNew, t)
	if checkPreempt(c, t) {
		c.Hooks.Reschedule(c, t.cpu.ID)
	}
	preempt.Sub(c, preempt.Offset)
	c.RestoreFlags(flags)
}

// comm cuts a name to TASK_COMM_LEN − 1 bytes, as the kernel does.
func comm(name string) string { return name[:min(len(name), 15)] }

func (t *Task) restrict(n int, cpus []int) {
	t.allowed = nil
	if cpus == nil {
		return
	}
	t.allowed = make([]bool, n)
	for _, id := range cpus {
		t.allowed[id] = true
	}
}

// run is the first frame of a task: the end of the switch that started it,
// its function, unless it is to stop already, its exit.
func (t *Task) run() {
	firstSwitch(t)
	if t.fn != nil && !t.stop {
		t.fn(t)
	}
	exit(t)
}

// exit models do_exit: the task leaves the CPU for good. Its coroutine ends
// with this call, so the next task must be in place when it returns.
func exit(t *Task) {
	c := t.cpu
	checkLeak(c, t)
	lock.CheckExit(c)
	record(c, trace.SchedProcessExit, uint32(t.PID), 0, uint32(t.Prio()), 0)
	tellReaper(t)
	c = t.cpu
	c.CLI()
	s := shared.Of(c)
	if s.reaper != nil {
		s.reaper(c, t)
	}
	t.State = Dead
	s.tasks = slices.DeleteFunc(s.tasks, func(other *Task) bool { return other == t })
	preempt.Add(c, preempt.Offset)
	q := runqueues.Raw(c)
	q.update(c.Now())
	q.calls++
	t.onRQ = false
	switchTo(c, t, pickAfter(c, t), trace.StateDead)
}

// KThreadStop models kthread_stop without the waiting: t finds ShouldStop
// true when it looks next, and is woken to look.
func KThreadStop(c *cpu.CPU, t *Task) {
	t.stop = true
	WakeUpProcess(c, t)
}

// InitIdle models init_idle: it gives c an idle task, pid 0, whose coroutine
// runs body. The caller starts the CPU with the coroutine that is returned.
func InitIdle(c *cpu.CPU, body func(t *Task)) *sim.Coroutine {
	t := &Task{Comm: "swapper/" + strconv.Itoa(c.ID), Policy: Idle, cpu: c, pinned: true, onRQ: true}
	t.restrict(len(c.Peers), []int{c.ID})
	t.exec.start = c.Engine().Now()
	shared.Of(c).forks++
	t.co = c.Engine().NewCoroutine(func() { body(t) })
	q := runqueues.Raw(c)
	q.idle, q.curr = t, t
	lock.SetCurrent(c, &t.held)
	*current.Raw(c) = t
	percpu.PreemptCount.Poke(c, percpu.NeedReschedInverted|preempt.Offset)
	return t.co
}

// Compute lets t do d of its own work, a microsecond at a time. What interrupts
// and softirqs take from it meanwhile is not its own, though the scheduler
// counts it as the task's (without CONFIG_IRQ_TIME_ACCOUNTING).
func Compute(t *Task, d sim.Time) {
	for ; d > 0; d -= sim.Microsecond {
		Program(t)
	}
}

// OnCPU says whether t runs now.
func (t *Task) OnCPU() bool { return t.cpu != nil && runqueues.Raw(t.cpu).curr == t }

// ContextOf describes what runs on c, outermost last: task ← hard interrupt.
func ContextOf(c *cpu.CPU) []string {
	var list []string
	if preempt.InNMI(c) {
		list = append(list, "NMI")
	}
	if preempt.InHardIRQ(c) {
		list = append(list, "hard interrupt")
	}
	if preempt.InServingSoftIRQ(c) {
		list = append(list, "softirq")
	}
	if t := Current(c); t != nil {
		list = append(list, "task "+t.String())
	}
	return list
}
