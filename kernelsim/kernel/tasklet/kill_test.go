package tasklet_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A disabled tasklet does not run; it is tried all along, and runs when it is
// enabled again, without anybody scheduling it. Disabling nests.
func TestDisable(t *testing.T) {
	r := newRig(t, machine.Config{})
	x := r.note("x")
	r.task(0, func(t *sched.Task) {
		tasklet.Disable(t, x)
		tasklet.DisableNoSync(t.CPU(), x)
	})
	p := r.m.CPUs()[1]
	tries := softirq.Count(p, softirq.Tasklet)
	r.handler = schedule(x)
	r.must(r.m.Interrupt(1, event))
	r.must(r.m.Run(sim.Millisecond))
	if n := softirq.Count(p, softirq.Tasklet) - tries; n < 50 || len(r.log) != 0 || !x.Scheduled() || x.Running() {
		t.Errorf("disabled: tried %d times, ran %v", n, r.log)
	}
	r.must(r.m.Do("enable", func(c *cpu.CPU) { tasklet.Enable(c, x) }))
	r.must(r.m.Run(sim.Millisecond))
	if len(r.log) != 0 {
		t.Error("one of two disablings was taken back, and it runs")
	}
	r.must(r.m.Do("enable", func(c *cpu.CPU) { tasklet.Enable(c, x) }))
	r.must(r.m.RunIdle())
	r.want("x")
	tries = softirq.Count(p, softirq.Tasklet)
	r.must(r.m.Run(10 * sim.Millisecond))
	if n := softirq.Count(p, softirq.Tasklet) - tries; n != 0 {
		t.Errorf("the softirq ran %d times more", n)
	}
}

// tasklet_disable waits for the end of a tasklet that runs, tasklet_disable_
// nosync does not, and the form for atomic contexts waits without sleeping.
func TestDisableWaits(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kernel  string
		disable func(t *sched.Task, x *tasklet.Tasklet)
		want    string
		sleeps  bool
	}{
		{"tasklet_disable before 5.13", "4.9", tasklet.Disable, "begin end disabled", false},
		{"tasklet_disable", "5.14", tasklet.Disable, "begin end disabled", true},
		{"tasklet_disable_nosync", "", func(t *sched.Task, x *tasklet.Tasklet) { tasklet.DisableNoSync(t.CPU(), x) }, "begin disabled end", false},
		{"tasklet_disable_in_atomic", "", func(t *sched.Task, x *tasklet.Tasklet) { tasklet.DisableInAtomic(t.CPU(), x) }, "begin end disabled", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, machine.Config{Kernel: tt.kernel})
			var x tasklet.Tasklet
			tasklet.Setup(&x, "x", func(c *cpu.CPU, _ *tasklet.Tasklet) {
				r.log = append(r.log, "begin")
				work(c, 50*sim.Microsecond)
				r.log = append(r.log, "end")
			})
			r.handler = schedule(&x)
			r.must(r.m.Interrupt(1, event))
			r.must(r.m.Run(10 * sim.Microsecond))
			r.task(0, func(t *sched.Task) {
				switches := t.Switches()
				tt.disable(t, &x)
				r.log = append(r.log, "disabled")
				if slept := t.Switches() != switches; slept != tt.sleeps {
					r.Errorf("slept: %v", slept)
				}
			})
			r.want(tt.want)
			if x.Enabled() {
				t.Error("it is enabled")
			}
		})
	}
}

// tasklet_kill lets one that waits run, waits for one that runs, and returns at
// once from one that does neither; then it neither waits nor runs, and can be
// scheduled anew.
func TestKill(t *testing.T) {
	for _, tt := range []struct {
		name, want string
		before     func(r *rig, x *tasklet.Tasklet)
	}{
		{"idle", "killed", func(*rig, *tasklet.Tasklet) {}},
		{"running", "begin end killed", func(r *rig, x *tasklet.Tasklet) {
			r.handler = schedule(x)
			r.must(r.m.Interrupt(1, event))
			r.must(r.m.Run(10 * sim.Microsecond))
		}},
		{"waiting behind another", "begin end killed", func(r *rig, x *tasklet.Tasklet) {
			slow := new(tasklet.Tasklet)
			tasklet.Setup(slow, "slow", func(c *cpu.CPU, _ *tasklet.Tasklet) { work(c, 80*sim.Microsecond) })
			r.handler = schedule(slow, x)
			r.must(r.m.Interrupt(1, event))
			r.must(r.m.Run(10 * sim.Microsecond))
			if !x.Scheduled() {
				r.Error("it does not wait")
			}
		}},
	} {
		for _, kernel := range []string{"4.20", "6.1"} {
			t.Run(tt.name+" "+kernel, func(t *testing.T) {
				r := newRig(t, machine.Config{Kernel: kernel})
				kill(t, r, tt.before, tt.want, kernel == "6.1")
			})
		}
	}
}

// kill kills a tasklet that stands where before has brought it. sleeps says how
// the release waits.
func kill(t *testing.T, r *rig, before func(r *rig, x *tasklet.Tasklet), want string, sleeps bool) {
	var x tasklet.Tasklet
	tasklet.Setup(&x, "x", func(c *cpu.CPU, _ *tasklet.Tasklet) {
		r.log = append(r.log, "begin")
		work(c, 50*sim.Microsecond)
		r.log = append(r.log, "end")
	})
	before(r, &x)
	r.task(0, func(t *sched.Task) {
		switches := t.Switches()
		tasklet.Kill(t, &x)
		r.log = append(r.log, "killed")
		if slept := t.Switches() != switches; slept && !sleeps || !slept && sleeps && want != "killed" {
			r.Errorf("slept: %v", slept)
		}
		if x.Scheduled() || x.Running() {
			r.Error("it lives")
		}
	})
	r.want(want)
	r.interrupt(1, schedule(&x))
	r.want("begin end")
	for _, l := range r.m.Dmesg() {
		if strings.Contains(l.Text, "tasklet") {
			t.Errorf("dmesg: %s", l.Text)
		}
	}
}

// Killing one that is disabled and waits never ends.
func TestKillDisabled(t *testing.T) {
	r := newRig(t, machine.Config{})
	x := r.note("x")
	r.task(0, func(t *sched.Task) { tasklet.DisableNoSync(t.CPU(), x) })
	r.handler = schedule(x)
	r.must(r.m.Interrupt(1, event))
	r.must(r.m.Run(10 * sim.Microsecond))
	sched.KThreadOn(r.m.CPUs()[0], 0, "killer", func(task *sched.Task) {
		tasklet.Kill(task, x)
		t.Error("it was killed")
	})
	r.must(r.m.Run(100 * sim.Millisecond))
	r.want("")
}

// A kill from an interrupt is told of before it is caught.
func TestKillFromInterrupt(t *testing.T) {
	r := newRig(t, machine.Config{})
	x := r.note("x")
	r.handler = func(c *cpu.CPU) { tasklet.Kill(sched.Current(c), x) }
	r.must(r.m.Interrupt(1, event))
	if err := r.m.RunIdle(); err == nil {
		t.Error("a handler slept")
	}
	found := false
	for _, l := range r.m.Dmesg() {
		found = found || l.Text == "Attempt to kill tasklet from interrupt"
	}
	if !found {
		t.Error("the log does not tell")
	}
}
