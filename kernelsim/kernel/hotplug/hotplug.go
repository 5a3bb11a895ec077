// Package hotplug models how a processor comes and goes while the machine runs
// (kernel/cpu.c): a list of steps, of which the processor itself takes some,
// in its thread cpuhp/N, and others take the rest.
package hotplug

import (
	"fmt"
	"slices"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
)

// A Config is what the machine does for a processor's start.
type Config struct {
	// Boot lets processor n's idle task begin anew and starts it; it returns
	// when n is online (native_cpu_up). Context: process context.
	Boot func(t *sched.Task, n int) error
}

// A Driver is a driver's part in it (cpuhp_setup_state_multi): the functions
// that are not nil are called for each processor that comes or goes.
type Driver struct {
	Name string
	// Online and DownPrep are called in cpuhp/N, on the processor.
	Online, DownPrep func(t *sched.Task, n int)
	// Dead is called elsewhere, when the processor has gone.
	Dead func(t *sched.Task, n int)
}

// system is the package's state of one machine.
type system struct {
	cfg     Config
	drivers []*Driver
}

var shared = percpu.Shared[system]("cpuhp_hp_states")

// state is what is going on at one processor (struct cpuhp_cpu_state).
type state struct {
	thread  *sched.Task         // cpuhp/N
	own     []*sched.Task       // its other threads that come and go with it
	work    func(t *sched.Task) // what cpuhp/N is to do
	waiter  *sched.Task
	reached step
}

// A step is how far a processor has come that goes or returns.
type step int

const (
	online     step = iota
	idleDead        // CPUHP_AP_IDLE_DEAD: its idle task is the only one left
	dead            // CPU_DEAD: it has halted
	onlineIdle      // CPUHP_AP_ONLINE_IDLE: it schedules
)

var states = percpu.New[state]("cpuhp_state")

// Init tells the package what the machine does. Context: boot.
func Init(c *cpu.CPU, cfg Config) { *shared.Of(c) = system{cfg: cfg} }

// AddDriver models cpuhp_state_add_instance_nocalls: d hears of what comes from
// now on.
func AddDriver(c *cpu.CPU, d *Driver) {
	s := shared.Of(c)
	s.drivers = append(s.drivers, d)
}

// RemoveDriver models cpuhp_state_remove_instance_nocalls.
func RemoveDriver(c *cpu.CPU, d *Driver) {
	s := shared.Of(c)
	s.drivers = slices.DeleteFunc(s.drivers, func(o *Driver) bool { return o == d })
}

// Drivers is how many drivers hear of processors.
func Drivers(c *cpu.CPU) int { return len(shared.Of(c).drivers) }

// StartThread makes cpuhp/N of processor n.
func StartThread(c *cpu.CPU, n int) {
	st := states.On(c, n)
	st.thread = sched.KThreadOn(c, n, fmt.Sprintf("cpuhp/%d", n), thread)
}

// Own says that a thread belongs to processor n: it rests while n is away
// (smpboot_register_percpu_thread). Its function asks ShouldPark.
func Own(c *cpu.CPU, n int, t *sched.Task) {
	st := states.On(c, n)
	st.own = append(st.own, t)
}

// thread models cpuhp_thread_fun: it does what it is asked to, and rests while
// its processor is away.
func thread(t *sched.Task) {
	st := states.Raw(t.CPU())
	for !t.ShouldStop() {
		if t.ShouldPark() {
			sched.ParkMe(t)
		}
		if st.work != nil {
			work := st.work
			st.work = nil
			work(t)
			st.complete(t.CPU())
		}
		sched.SetState(t, sched.Interruptible)
		if st.work == nil && !t.ShouldPark() {
			sched.Schedule(t.CPU())
		}
		sched.SetState(t, sched.Running)
	}
}

// kick models cpuhp_kick_ap: processor n's thread does its work while t waits.
func kick(t *sched.Task, n int, work func(t *sched.Task)) {
	c := t.CPU()
	st := states.On(c, n)
	done := false
	st.work, st.waiter = func(own *sched.Task) {
		work(own)
		done = true
	}, t
	sched.WakeUpProcess(c, st.thread)
	sleepUntil(t, func() bool { return done })
}

// complete models complete_ap_thread: whoever waits for the processor looks.
func (st *state) complete(c *cpu.CPU) {
	if t := st.waiter; t != nil {
		st.waiter = nil
		sched.WakeUpProcess(c, t)
	}
}

// await models wait_for_ap_thread: the processor tells when it has come so far.
func (st *state) await(t *sched.Task, s step) {
	st.waiter = t
	sleepUntil(t, func() bool { return st.reached >= s })
	st.waiter = nil
}

// sleepUntil models wait_for_completion.
func sleepUntil(t *sched.Task, done func() bool) {
	for !done() {
		sched.SetState(t, sched.Uninterruptible)
		if !done() {
			sched.Schedule(t.CPU())
		}
		sched.SetState(t, sched.Running)
	}
}
