package samples

import (
	"fmt"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/entry"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/percpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/machine"
)

// doorModules count under a lock in a thread and in a tasklet. count_open takes
// the lock in the thread as if nobody could come in between; count_bh shuts the
// door first.
func doorModules() []machine.Module {
	return []machine.Module{
		{Name: "count_open", Init: countOpen, Exit: exitDoor, Files: file("count_open", showDoor)},
		{Name: "count_bh", Init: countBH, Exit: exitDoor, Files: file("count_bh", showDoor)},
	}
}

// A doorState is what the two share with their tasklet.
type doorState struct {
	tasklet    tasklet.Tasklet
	turns      int // the thread's
	interrupts int // the tasklet's
}

var theDoor = percpu.Shared[doorState]("door")

// doorLock is held over every access of both to the counts.
var doorLock = lock.Define("door_lock")

// countOpen is the module count_open: wrong.
func countOpen(c *cpu.CPU) error {
	return countDoor(c, func(t *sched.Task) {
		l := doorLock.Of(t.CPU())
		l.Lock(t.CPU())
		turn(t)
		l.Unlock(t.CPU())
	})
}

// countBH is the module count_bh: while the lock is held, what an interrupt
// raises has to wait.
func countBH(c *cpu.CPU) error {
	return countDoor(c, func(t *sched.Task) {
		l := doorLock.Of(t.CPU())
		softirq.LockBH(t.CPU(), l)
		turn(t)
		softirq.UnlockBH(t.CPU(), l)
	})
}

// turn is the work under the lock: ten microseconds.
func turn(t *sched.Task) {
	for range 10 {
		t.CPU().Spend(cost.ProbeLoop)
	}
	theDoor.Of(t.CPU()).turns++
}

// countDoor starts a thread on the last CPU that takes ten turns. An interrupt
// there schedules the tasklet.
func countDoor(c *cpu.CPU, work func(t *sched.Task)) error {
	d := theDoor.Of(c)
	*d = doorState{}
	tasklet.Setup(&d.tasklet, "door_tasklet/door_bh", countInTasklet)
	if err := entry.Request(c, eventVector, "door", func(c *cpu.CPU, _ cpu.Vector) { tasklet.Schedule(c, &d.tasklet) }); err != nil {
		return err
	}
	sched.KThreadOn(c, len(c.Peers)-1, "door", func(t *sched.Task) {
		for range 10 {
			work(t)
		}
	})
	return nil
}

// countInTasklet is the other side. Softirqs do not interrupt each other, so it
// needs the plain lock only.
func countInTasklet(c *cpu.CPU, _ *tasklet.Tasklet) {
	l := doorLock.Of(c)
	l.Lock(c)
	theDoor.Of(c).interrupts++
	l.Unlock(c)
}

func exitDoor(c *cpu.CPU) {
	entry.Free(c, eventVector)
	tasklet.Kill(sched.Current(c), &theDoor.Of(c).tasklet)
}

func showDoor(c *cpu.CPU) string {
	d := theDoor.Of(c)
	return fmt.Sprintf("turns %d\ninterrupts %d\n", d.turns, d.interrupts)
}
