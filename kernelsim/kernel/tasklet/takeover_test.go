package tasklet_test

import (
	"fmt"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
)

// What waits on a processor that goes runs on the one that sees it gone, behind
// what waits there; both softirqs are raised there even if nothing waited.
func TestTakeover(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 3})
	where := func(name string) *tasklet.Tasklet {
		t := new(tasklet.Tasklet)
		tasklet.Setup(t, name, func(c *cpu.CPU, _ *tasklet.Tasklet) { r.log = append(r.log, fmt.Sprint(name, c.ID)) })
		return t
	}
	x, y, z, hx, hy := where("x"), where("y"), where("z"), where("hx"), where("hy")
	dead, taken := false, false
	sched.KThreadOn(r.m.CPUs()[0], 2, "dying", func(t *sched.Task) {
		c := t.CPU()
		softirq.BHDisable(c)
		tasklet.Schedule(c, y)
		tasklet.HiSchedule(c, hy)
		tasklet.Schedule(c, z)
		for dead = true; !taken; {
			c.Spend(cost.CPURelax)
		}
		softirq.BHEnable(c)
	})
	r.task(0, func(t *sched.Task) {
		c := t.CPU()
		softirq.BHDisable(c)
		tasklet.Schedule(c, x)
		tasklet.HiSchedule(c, hx)
		for !dead {
			c.Spend(cost.CPURelax)
		}
		tasklet.Takeover(c, 2)
		tasklet.Takeover(c, 2) // nothing is left to take
		if !c.IF() {
			r.Error("interrupts are off")
		}
		taken = true
		softirq.BHEnable(c)
	})
	r.want("hx0 hy0 x0 y0 z0")
	for _, rec := range r.m.Ring().From(0) {
		if rec.Kind == trace.SoftIRQRaise && rec.Flags&trace.IRQsOff == 0 {
			t.Error("a softirq was raised with interrupts on")
		}
	}
	hi, low := softirq.Count(r.m.CPUs()[0], softirq.HI), softirq.Count(r.m.CPUs()[0], softirq.Tasklet)
	r.task(0, func(t *sched.Task) { tasklet.Takeover(t.CPU(), 1) })
	if hi, low = softirq.Count(r.m.CPUs()[0], softirq.HI)-hi, softirq.Count(r.m.CPUs()[0], softirq.Tasklet)-low; hi != 1 || low != 1 {
		t.Errorf("behind a take-over of nothing HI ran %d times, TASKLET %d", hi, low)
	}
	r.interrupt(2, func(c *cpu.CPU) { // its lists are whole
		schedule(x, y)(c)
		tasklet.HiSchedule(c, hx)
		tasklet.HiSchedule(c, hy)
	})
	r.want("hx2 hy2 x2 y2")
}

// TestHotplug does it the long way: a disabled tasklet waits on a processor that
// is taken down, and runs elsewhere when it is enabled.
func TestHotplug(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	where := -1
	var x tasklet.Tasklet
	tasklet.Setup(&x, "x", func(c *cpu.CPU, _ *tasklet.Tasklet) { where = c.ID })
	r.task(0, func(t *sched.Task) { tasklet.DisableNoSync(t.CPU(), &x) })
	r.handler = schedule(&x)
	r.must(r.m.Interrupt(1, event))
	r.must(r.m.Run(sim.Millisecond))
	var err error
	r.must(r.m.Do("down", func(c *cpu.CPU) { err = hotplug.Down(sched.Current(c), 1) }))
	r.must(err)
	r.must(r.m.Do("enable", func(c *cpu.CPU) { tasklet.Enable(c, &x) }))
	r.must(r.m.RunIdle())
	if where != 0 {
		t.Errorf("it ran on CPU %d", where)
	}
	r.must(r.m.Do("up", func(c *cpu.CPU) { err = hotplug.Up(sched.Current(c), 1) }))
	r.must(err)
	r.interrupt(1, schedule(&x))
	if where != 1 {
		t.Errorf("afterwards it ran on CPU %d", where)
	}
}
