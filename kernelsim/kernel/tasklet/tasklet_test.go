package tasklet_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
	"bothhalves/kernelsim/trace"
	"bothhalves/kernelsim/trace/view"
)

// Tasklets run in the order in which they were scheduled, once however often
// that was, and those of high priority before all others.
func TestOrder(t *testing.T) {
	r := newRig(t, machine.Config{})
	a, b, c := r.note("a"), r.note("b"), r.note("c")
	r.interrupt(1, schedule(a, b, c))
	r.want("a b c")
	r.interrupt(1, schedule(c, a, c, b, a))
	r.want("c a b")
	r.interrupt(1, func(p *cpu.CPU) {
		tasklet.Schedule(p, a)
		tasklet.HiSchedule(p, b)
		tasklet.HiSchedule(p, a) // it waits already, and stays where it is
		tasklet.HiSchedule(p, c)
	})
	r.want("b c a")
	r.task(1, func(t *sched.Task) { schedule(b, a)(t.CPU()) }) // ksoftirqd runs them
	r.want("b a")
	p := r.m.CPUs()[1]
	if hi, low := softirq.Count(p, softirq.HI), softirq.Count(p, softirq.Tasklet); hi != 1 || low != 4 {
		t.Errorf("HI counted %d times, TASKLET %d, want 1 and 4", hi, low)
	}
}

// What can be asked of a tasklet tells where it stands.
func TestStates(t *testing.T) {
	r := newRig(t, machine.Config{})
	var x tasklet.Tasklet
	tell := func(where string) {
		r.log = append(r.log, fmt.Sprintf("%s %v,%v,%v", where, x.Scheduled(), x.Running(), x.Enabled()))
	}
	tasklet.Setup(&x, "x", func(c *cpu.CPU, self *tasklet.Tasklet) {
		if self != &x || !preempt.InServingSoftIRQ(c) || !c.IF() {
			t.Errorf("called with %p, count %#x, IF %v", self, preempt.Count(c), c.IF())
		}
		tell("runs")
	})
	tell("new")
	r.interrupt(1, func(c *cpu.CPU) {
		tasklet.Schedule(c, &x)
		tell("scheduled")
		if c.IF() {
			t.Error("interrupts are on behind tasklet_schedule in an interrupt")
		}
	})
	tell("done")
	r.task(0, func(t *sched.Task) { tasklet.DisableNoSync(t.CPU(), &x) })
	tell("disabled")
	r.want("new false,false,true scheduled true,false,true runs false,true,true done false,false,true disabled false,false,false")
}

// A tasklet runs on the processor that scheduled it.
func TestRunsWhereScheduled(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4})
	var x tasklet.Tasklet
	tasklet.Setup(&x, "x", func(c *cpu.CPU, _ *tasklet.Tasklet) { r.log = append(r.log, fmt.Sprint(c.ID)) })
	for _, n := range []int{3, 1, 0, 2} {
		r.interrupt(n, schedule(&x))
	}
	r.want("3 1 0 2")
}

// One that schedules itself runs again in the next pass, not in this walk, and
// after ten passes the thread goes on.
func TestReschedulesItself(t *testing.T) {
	r := newRig(t, machine.Config{})
	var x tasklet.Tasklet
	left := 14
	tasklet.Setup(&x, "x", func(c *cpu.CPU, self *tasklet.Tasklet) {
		r.log = append(r.log, "x:"+sched.Current(c).Comm[:1])
		if left--; left > 0 {
			tasklet.Schedule(c, self)
		}
	})
	y := r.note("y")
	r.interrupt(1, schedule(&x, y))
	r.want("x:s y" + strings.Repeat(" x:s", 9) + strings.Repeat(" x:k", 4))
}

// Different tasklets run in parallel, one never does: who finds it running
// tries again until it does not.
func TestContention(t *testing.T) {
	r := newRig(t, machine.Config{})
	running, most, total := 0, 0, 0
	body := func(c *cpu.CPU, _ *tasklet.Tasklet) {
		running++
		most = max(most, running)
		total++
		work(c, 30*sim.Microsecond)
		running--
	}
	var x, y tasklet.Tasklet
	tasklet.Setup(&x, "x", body)
	tasklet.Setup(&y, "y", body)
	r.handler = func(c *cpu.CPU) { schedule([]*tasklet.Tasklet{&x, &y}[c.ID])(c) }
	r.must(r.m.Interrupt(0, event))
	r.must(r.m.Interrupt(1, event))
	r.must(r.m.RunIdle())
	if most != 2 || total != 2 {
		t.Errorf("two tasklets: %d at once of %d", most, total)
	}
	most, total = 0, 0
	r.handler = schedule(&x)
	r.must(r.m.Interrupt(0, event))
	r.must(r.m.Run(10 * sim.Microsecond)) // it runs there
	if !x.Running() || x.Scheduled() {
		t.Fatal("it does not run")
	}
	raised := softirq.Count(r.m.CPUs()[1], softirq.Tasklet)
	r.must(r.m.Interrupt(1, event))
	r.must(r.m.RunIdle())
	if most != 1 || total != 2 {
		t.Errorf("one tasklet: %d at once, %d runs, want 1 and 2", most, total)
	}
	if n := softirq.Count(r.m.CPUs()[1], softirq.Tasklet) - raised; n <= 10 {
		t.Errorf("the second processor tried %d times: it did not go round until it could", n)
	}
	for _, rec := range r.m.Ring().From(0) {
		if rec.Kind == trace.SoftIRQRaise && rec.Flags&trace.IRQsOff == 0 {
			t.Error("a softirq was raised with interrupts on")
		}
	}
}

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

// A tasklet that is prepared anew while it waits is told of, and not run.
func TestSetUpWhileItWaits(t *testing.T) {
	r := newRig(t, machine.Config{})
	x := r.note("x_tasklet/x_fn")
	for range 2 {
		r.interrupt(1, func(c *cpu.CPU) {
			tasklet.Schedule(c, x)
			tasklet.Setup(x, "x_tasklet/x_fn", func(*cpu.CPU, *tasklet.Tasklet) { t.Error("it ran") })
		})
	}
	n := 0
	for _, l := range r.m.Dmesg() {
		if l.Text == "tasklet SCHED state not set: callback x_fn" {
			n++
		}
		if strings.HasPrefix(l.Text, "WARNING: CPU: 1 PID: 0 at kernel/softirq.c:798 tasklet_clear_sched") {
			n += 10
		}
	}
	if n != 11 || x.Running() {
		t.Errorf("told %d, want 11; running %v", n, x.Running())
	}
}

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

// The tracepoints are those of 6.4 and of 6.1 with its back-ports, and the names
// those that the driver gave; without a function's name it is Go's.
func TestTracepoints(t *testing.T) {
	for _, tt := range []struct {
		kernel string
		events int
	}{{"4.9", 0}, {"4.20", 0}, {"5.14", 0}, {"6.1", 4}, {"6.12", 4}} {
		r := newRig(t, machine.Config{Kernel: tt.kernel})
		from := r.m.Ring().Total()
		x, y := r.note("keyboard_tasklet/kbd_bh"), r.note("plain")
		r.interrupt(1, schedule(x, y))
		var texts []string
		for _, rec := range r.m.Ring().From(from) {
			if rec.Kind == trace.TaskletEntry || rec.Kind == trace.TaskletExit {
				if rec.C != 0 || rec.D != 0 || rec.A == rec.B {
					t.Errorf("record %+v", *rec)
				}
				_, text, _ := strings.Cut(view.Line(rec, r.m.Ring().Names()), ": ")
				texts = append(texts, text)
			}
		}
		if len(texts) != tt.events {
			t.Errorf("%s: %d records, want %d", tt.kernel, len(texts), tt.events)
		}
		if tt.events > 0 && (texts[0] != "tasklet_entry: tasklet=keyboard_tasklet function=kbd_bh" || texts[1] != "tasklet_exit: tasklet=keyboard_tasklet function=kbd_bh" ||
			!strings.HasPrefix(texts[2], "tasklet_entry: tasklet=plain function=tasklet_test.")) {
			t.Errorf("%s: %q", tt.kernel, texts)
		}
	}
}

// BH workqueues' work comes before the tasklets of each softirq, where there
// are such.
func TestWorkFirst(t *testing.T) {
	for _, tt := range []struct{ kernel, want string }{{"6.1", "h x"}, {"6.12", "high h low x"}} {
		r := newRig(t, machine.Config{Kernel: tt.kernel})
		tasklet.OnAction(r.m.CPUs()[0], func(c *cpu.CPU, high bool) {
			r.log = append(r.log, map[bool]string{true: "high", false: "low"}[high])
		})
		x, h := r.note("x"), r.note("h")
		r.interrupt(1, func(c *cpu.CPU) {
			tasklet.Schedule(c, x)
			tasklet.HiSchedule(c, h)
		})
		r.want(tt.want)
	}
}

// Scheduling and running allocate nothing.
func TestAllocatesNothing(t *testing.T) {
	r := newRig(t, machine.Config{TraceLimit: 1024})
	var x tasklet.Tasklet
	tasklet.Setup(&x, "x", func(*cpu.CPU, *tasklet.Tasklet) {})
	r.task(1, func(task *sched.Task) {
		c := task.CPU()
		turn := func() {
			softirq.BHDisable(c)
			tasklet.Schedule(c, &x)
			tasklet.HiSchedule(c, &x)
			softirq.BHEnable(c)
		}
		for range 2000 {
			turn()
		}
		if n := testing.AllocsPerRun(200, turn); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}
