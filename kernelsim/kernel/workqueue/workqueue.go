// Package workqueue models workqueues (kernel/workqueue.c): functions that are
// to run in process context, soon, in threads that all users share.
//
// A work is queued on a workqueue, which says how it is to be run. For each
// CPU, or for each node, the workqueue has a pool_workqueue, which leads to a
// pool of workers. A CPU has two pools, for works of usual and of high
// priority. In such a pool one worker runs at a time; when it sleeps, the
// scheduler says so, and the next one goes on. Unbound pools leave all that to
// the scheduler.
//
// Memory that others may still look at is freed by RCU in Linux. Here Go
// sees to that.
package workqueue

import (
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/mutex"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/wait"
)

// Flags are what a workqueue is made with (include/linux/workqueue.h).
type Flags uint32

// The flags, with the bits that Linux gives them. Nothing is ever suspended
// here, so a freezable workqueue is one like all others; without
// CONFIG_WQ_POWER_EFFICIENT_DEFAULT, as Debian builds it, WQPowerEfficient
// changes nothing either.
const (
	WQBH             Flags = 1 << 0 // from 6.9 on
	WQUnbound        Flags = 1 << 1
	WQFreezable      Flags = 1 << 2
	WQMemReclaim     Flags = 1 << 3
	WQHighPri        Flags = 1 << 4
	WQCPUIntensive   Flags = 1 << 5
	WQSysfs          Flags = 1 << 6
	WQPowerEfficient Flags = 1 << 7

	draining        Flags = 1 << 16 // __WQ_DRAINING
	ordered         Flags = 1 << 17 // __WQ_ORDERED
	legacy          Flags = 1 << 18 // __WQ_LEGACY
	orderedExplicit Flags = 1 << 19 // __WQ_ORDERED_EXPLICIT
)

// How many works of a workqueue may be active for each CPU.
const (
	MaxActive     = 512 // WQ_MAX_ACTIVE
	DefaultActive = 256 // WQ_DFL_ACTIVE
)

// AnyCPU is WORK_CPU_UNBOUND: the CPU that queues the work, if the workqueue
// is bound. It is NR_CPUS of the recorded kernel.
const AnyCPU = 8192

const (
	colors  = 16 // WORK_NR_COLORS
	noColor = -1
)

// A Workqueue is where works are queued (struct workqueue_struct).
type Workqueue struct {
	name   string
	traced uint32 // the name in trace records
	flags  Flags
	mutex  mutex.Mutex

	pwqs  []*poolWorkqueue // all that there are
	byCPU []*poolWorkqueue // of a bound one
	// Of an unbound one: by node, and the one for all nodes.
	byNode []*poolWorkqueue
	dfl    *poolWorkqueue
	attrs  Attrs

	savedMax int
	drainers int

	// Flushes, see Flush.
	workColor, flushColor int
	toFlush               int // nr_pwqs_to_flush
	first                 *flusher
	flushers, overflow    []*flusher

	maydays []*poolWorkqueue
	rescuer *worker
}

// Name is the workqueue's name.
func (wq *Workqueue) Name() string { return wq.name }

// A poolWorkqueue is a workqueue's share of a pool (struct pool_workqueue).
type poolWorkqueue struct {
	pool *pool
	wq   *Workqueue

	workColor, flushColor int
	refs                  int
	inFlight              [colors]int

	active, maxActive int
	inactive          entry

	linked, mayday bool // it is in wq.pwqs, in wq.maydays
	release        Work // unbound_release_work
}

// A Config is what the machine tells of itself.
type Config struct {
	Nodes   int               // NUMA nodes
	Node    func(cpu int) int // cpu_to_node
	Unbound cpumask.Mask      // where unbound works may run: housekeeping_cpumask
	// BH: there are BH workqueues (6.9). Kick lets fn run on CPU n, in a hard
	// interrupt (irq_work_queue_on). Context: interrupts off.
	BH   bool
	Kick func(c *cpu.CPU, n int, fn func(c *cpu.CPU))
}

// system is the state that all workqueues of a machine share.
type system struct {
	cfg      Config
	online   bool // wq_online: workers can be made
	numa     bool // wq_numa_enabled
	possible cpumask.Mask
	perCPU   [][nrStdPools]*pool // cpu_worker_pools
	bhPools  [][nrStdPools]*pool // bh_worker_pools, if there are any
	pools    []*pool             // worker_pool_idr: by id, nil where one has gone
	unbound  []*pool             // unbound_pool_hash
	list     []*Workqueue
	rrLast   []int // wq_rr_cpu_last, by CPU
	objects  uint32
	warned   [nrWarnings]bool // WARN_ON_ONCE
	shortage bool             // see Shortage

	events, eventsHigh, eventsLong, eventsUnbound      *Workqueue
	eventsFreezable, eventsPower, eventsFreezablePower *Workqueue
	eventsBH, eventsBHHigh                             *Workqueue

	managers, cancels wait.Queue // manager_wait, cancel_waitq
}

var shared = percpu.Shared[system]("workqueue")

var (
	poolMutex   = mutex.Define("wq_pool_mutex")        // pools and list
	attachMutex = mutex.Define("wq_pool_attach_mutex") // who belongs to a pool
	maydayLock  = lock.Define("wq_mayday_lock")

	wqMutex     = lock.NewClass("&wq->mutex")
	poolLock    = lock.NewClass("&pool->lock")
	unboundLock = lock.NewClass("&pool->lock/1")
	managerWait = lock.NewClass("manager_wait")
	cancelWait  = lock.NewClass("cancel_waitq")
)

// System models system_wq, "events": short works that anybody queues.
func System(c *cpu.CPU) *Workqueue { return shared.Of(c).events }

// HighPri models system_highpri_wq.
func HighPri(c *cpu.CPU) *Workqueue { return shared.Of(c).eventsHigh }

// Long models system_long_wq: for works that may take long.
func Long(c *cpu.CPU) *Workqueue { return shared.Of(c).eventsLong }

// Unbound models system_unbound_wq: its works run where the scheduler likes.
func Unbound(c *cpu.CPU) *Workqueue { return shared.Of(c).eventsUnbound }

// Freezable models system_freezable_wq.
func Freezable(c *cpu.CPU) *Workqueue { return shared.Of(c).eventsFreezable }

// FreezablePowerEfficient models system_freezable_power_efficient_wq.
func FreezablePowerEfficient(c *cpu.CPU) *Workqueue { return shared.Of(c).eventsFreezablePower }

// PowerEfficient models system_power_efficient_wq.
func PowerEfficient(c *cpu.CPU) *Workqueue { return shared.Of(c).eventsPower }

// workerOf is the worker that a task is, nil if it is none.
func workerOf(t *sched.Task) *worker {
	w, _ := t.Worker().(*worker)
	return w
}
