package tasklet_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
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
