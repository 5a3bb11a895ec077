package sched

import (
	"strconv"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/percpu"
)

// A stopper is a CPU's migration thread and what it has been asked to move
// (struct cpu_stopper, kernel/stop_machine.c).
type stopper struct {
	thread *Task
	move   []*Task
	touch  bool         // for the watchdog
	stop   []*multiStop // stop_machine
}

var stoppers = percpu.New[stopper]("cpu_stopper")

// StartStopper makes migration/N for p: the most urgent thread of the CPU,
// because what it moves away may be running all the time.
func StartStopper(c, p *cpu.CPU) {
	st := stoppers.Raw(p)
	st.thread = Spawn(c, "migration/"+strconv.Itoa(p.ID), Attr{Policy: Stop, CPUs: []int{p.ID}, Pinned: true}, stopperThread)
}

// stopperThread models cpu_stopper_thread. Its work is migration_cpu_stop and
// the watchdog's softlockup_fn.
func stopperThread(t *Task) {
	for {
		st := stoppers.This(t.cpu)
		for len(st.move) > 0 {
			task := st.move[0]
			st.move = st.move[1:]
			if task.cpu == t.cpu { // else it has left, and may run elsewhere
				moveQueued(t.cpu, task)
			}
		}
		if st.touch {
			st.touch = false
			runqueues.This(t.cpu).touch(t.cpu)
		}
		for len(st.stop) > 0 {
			ms := st.stop[0]
			st.stop = st.stop[1:]
			ms.run(t)
		}
		if t.park {
			ParkMe(t)
			continue
		}
		SetState(t, Interruptible)
		Schedule(t.cpu)
	}
}

// SetAffinity models set_cpus_allowed_ptr: t may run on cpus only. A task
// that waits is moved at once; one that runs is moved by the stopper of its
// CPU. Linux waits for the stopper; here only MoveSelf does. Per-CPU kernel
// threads refuse with EINVAL, as does an empty choice.
func SetAffinity(c *cpu.CPU, t *Task, cpus []int) error {
	ok := false
	for _, id := range cpus {
		if id < 0 || id >= len(c.Peers) {
			return errno.EINVAL
		}
		ok = ok || Active(c.Peers[id])
	}
	if !ok || t.pinned || t.bound {
		return errno.EINVAL
	}
	setCPUs(c, t, cpus)
	return nil
}

// setCPUs models __set_cpus_allowed_ptr behind its refusals.
func setCPUs(c *cpu.CPU, t *Task, cpus []int) {
	t.restrict(len(c.Peers), cpus)
	if t.mayRunOn(t.cpu) {
		return
	}
	if t.onRQ && runqueues.Raw(t.cpu).curr == t {
		st := stoppers.Raw(t.cpu)
		st.move = append(st.move, t)
		WakeUpProcess(c, st.thread)
		return
	}
	moveQueued(c, t)
}

// MoveSelf is SetAffinity of the task that calls: it returns on one of cpus.
// Context: process context.
func MoveSelf(t *Task, cpus ...int) error {
	MightSleep(t)
	if err := SetAffinity(t.cpu, t, cpus); err != nil {
		return err
	}
	for !t.Allowed(t.cpu.ID) {
		Schedule(t.cpu)
	}
	return nil
}

// moveQueued models move_queued_task for a task that does not run: sleeping
// tasks only change their address, ready ones their queue.
func moveQueued(c *cpu.CPU, t *Task) {
	if t.State == Dead || t.mayRunOn(t.cpu) {
		return
	}
	runqueues.Raw(t.cpu).dequeue(t)
	to := idlest(c, t)
	if to == nil {
		to = fallback(c, t)
	}
	setCPU(c, t, to)
	if !t.onRQ {
		return
	}
	activate(c, t, false)
	if checkPreempt(c, t) {
		c.Hooks.Reschedule(c, t.cpu.ID)
	}
}
