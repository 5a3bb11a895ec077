package sched

import (
	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/preempt"
)

// A stopState is what all stoppers do now (enum multi_stop_state,
// kernel/stop_machine.c).
type stopState int

const (
	stopNone stopState = iota
	stopPrepare
	stopDisableIRQ
	stopRun
	stopExit
)

// A multiStop holds all CPUs while one of them works (struct
// multi_stop_data).
type multiStop struct {
	fn      func(c *cpu.CPU) error
	active  int // the CPU that works
	state   stopState
	threads int // num_threads
	acks    int // how many have yet to see the state
	todo    int // how many have yet to leave
	waiter  *Task
	err     error
}

// StopMachine models stop_machine_cpuslocked: CPU n runs fn in its stopper with
// interrupts off, while all others wait in theirs, with interrupts off too. It
// returns fn's error. Context: process context.
func StopMachine(t *Task, n int, fn func(c *cpu.CPU) error) error {
	ms := &multiStop{fn: fn, active: n, waiter: t}
	c := t.cpu
	for _, p := range c.Peers {
		ms.threads += bit(Online(p))
	}
	ms.todo = ms.threads
	ms.set(stopPrepare)
	preempt.Disable(c) // or the first stopper would keep us from telling the others
	for _, p := range c.Peers {
		if Online(p) {
			st := stoppers.Raw(p)
			st.stop = append(st.stop, ms)
			WakeUpProcess(c, st.thread)
		}
	}
	preempt.Enable(c)
	for ms.todo > 0 {
		SetState(t, Uninterruptible)
		if ms.todo > 0 {
			Schedule(t.cpu)
		}
		SetState(t, Running)
	}
	return ms.err
}

// set models set_state.
func (ms *multiStop) set(s stopState) { ms.acks, ms.state = ms.threads, s }

// run models multi_cpu_stop. All go through the states together: nobody works
// before everybody has interrupts off. Waiting is charged a microsecond at a
// time: a finer grain would show nothing.
func (ms *multiStop) run(t *Task) {
	c := t.cpu
	preempt.Disable(c)
	for seen := stopNone; seen != stopExit; {
		c.Spend(cost.ProbeLoop)
		if ms.state == seen {
			continue
		}
		seen = ms.state
		switch {
		case seen == stopDisableIRQ:
			c.CLI()
		case seen == stopRun && c.ID == ms.active:
			ms.err = ms.fn(c)
		}
		if ms.acks--; ms.acks == 0 {
			ms.set(ms.state + 1)
		}
	}
	c.STI()
	if ms.todo--; ms.todo == 0 { // cpu_stop_signal_done
		WakeUpProcess(c, ms.waiter)
	}
	preempt.EnableNoResched(c)
}

// ParkStopper models stop_machine_park: the calling CPU's stopper rests when it
// has done its work.
func ParkStopper(c *cpu.CPU) { stoppers.Raw(c).thread.park = true }

// UnparkStopper models stop_machine_unpark.
func UnparkStopper(c *cpu.CPU) { Unpark(c, stoppers.Raw(c).thread) }
