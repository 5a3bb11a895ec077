package tasklet_test

import (
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/softirq/softirqabi"
	"bothhalves/kernelsim/kernel/tasklet"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A watched tasklet knows whether a run was lost or was one too many: it owes
// one for each schedule that has found it not waiting.
type watched struct {
	tasklet.Tasklet
	owed     int
	runs     int
	running  bool // somewhere
	disabled int  // how often it was disabled by who waits for its end
	dead     bool
	again    int // times that it schedules itself
}

func (x *watched) run(t *testing.T, c *cpu.CPU) {
	switch {
	case x.running:
		t.Error("it runs on two processors at once")
	case x.runs == x.owed:
		t.Error("it runs, and nobody has asked for it")
	case x.disabled > 0:
		t.Error("it runs while it is disabled")
	case x.dead:
		t.Error("it runs after it was killed")
	}
	x.running = true
	x.runs++
	work(c, sim.Time(x.runs*37%7)*sim.Microsecond)
	if x.again > 0 {
		x.again--
		x.schedule(c, false)
	}
	x.running = false
}

func (x *watched) schedule(c *cpu.CPU, high bool) {
	if !x.Scheduled() {
		x.owed++
	}
	if high {
		tasklet.HiSchedule(c, &x.Tasklet)
	} else {
		tasklet.Schedule(c, &x.Tasklet)
	}
}

// sweep lets three processors schedule, disable, enable and kill tasklets all
// at once.
func sweep(t *testing.T, seed uint64, parts ...machine.Part) {
	r := newRig(t, machine.Config{CPUs: 3, Seed: seed, TraceLimit: 64, Append: []string{"", "preempt=full"}[seed%2],
		Kernel: []string{"6.1", "6.12", "4.9"}[seed%3]}, parts...)
	list := make([]*watched, 3)
	for i := range list {
		x := &watched{again: 3}
		tasklet.Setup(&x.Tasklet, "x", func(c *cpu.CPU, _ *tasklet.Tasklet) { x.run(t, c) })
		list[i] = x
	}
	stop := false
	turn := 0
	r.handler = func(c *cpu.CPU) {
		turn++
		if !stop {
			list[turn%3].schedule(c, turn%4 == 0)
		}
	}
	left := 0
	worker := func(n int, fn func(task *sched.Task, i int)) {
		left++
		sched.KThreadOn(r.m.CPUs()[0], n, "worker", func(task *sched.Task) {
			for i := range 12 {
				fn(task, i)
				timer.MSleep(task, 0)
			}
			left--
		})
	}
	worker(0, func(task *sched.Task, i int) {
		c := task.CPU()
		softirq.BHDisable(c)
		list[i%3].schedule(c, false)
		softirq.BHEnable(c)
		list[(i+1)%3].schedule(task.CPU(), true)
	})
	worker(1, func(task *sched.Task, i int) {
		x := list[i%3]
		tasklet.Disable(task, &x.Tasklet)
		x.disabled++
		if x.running {
			t.Error("it runs behind tasklet_disable")
		}
		work(task.CPU(), 20*sim.Microsecond)
		x.disabled--
		tasklet.Enable(task.CPU(), &x.Tasklet)
	})
	for range 25 {
		for n := range 3 {
			r.must(r.m.Interrupt(n, event))
		}
		r.must(r.m.Run(sim.Time(seed%13+3) * sim.Microsecond))
	}
	r.must(r.m.Run(200 * sim.Millisecond))
	stop = true
	r.must(r.m.RunIdle())
	if left != 0 {
		t.Fatalf("%d workers have not come to an end", left)
	}
	for i, x := range list {
		if x.runs != x.owed || x.Scheduled() || x.Running() || !x.Enabled() || x.runs < 10 {
			t.Errorf("tasklet %d: %d runs of %d, scheduled %v, running %v, enabled %v", i, x.runs, x.owed, x.Scheduled(), x.Running(), x.Enabled())
		}
	}
	for _, x := range list {
		killRace(t, r, x)
	}
}

// killRace lets a killer wait for a tasklet that three processors have just
// scheduled, and that runs, waits, or is tried in vain just now.
func killRace(t *testing.T, r *rig, x *watched) {
	came := 0
	r.handler = func(c *cpu.CPU) {
		came++
		x.schedule(c, c.ID == 2)
	}
	for n := range 3 {
		r.must(r.m.Interrupt(n, event))
	}
	for came < 3 { // a schedule that comes while it is killed is nobody's any more
		r.must(r.m.Run(sim.Microsecond))
	}
	done := false
	sched.KThreadOn(r.m.CPUs()[0], 0, "killer", func(task *sched.Task) {
		tasklet.Kill(task, &x.Tasklet)
		x.dead = true
		if x.running || x.Running() || x.Scheduled() || x.runs != x.owed {
			t.Errorf("behind tasklet_kill: running %v, scheduled %v, %d runs of %d", x.Running(), x.Scheduled(), x.runs, x.owed)
		}
		done = true
	})
	r.must(r.m.RunIdle())
	if !done {
		t.Error("the killer has not come to an end")
	}
}

// seeds is how many orders of events the sweep goes through.
const seeds = 1000

// TestSweep: no run is lost, none is doubled, in any order of events.
func TestSweep(t *testing.T) {
	n := seeds
	if testing.Short() {
		n = 50
	}
	for seed := range n {
		sweep(t, uint64(seed+1))
		if t.Failed() {
			t.Fatalf("with seed %d", seed+1)
		}
	}
}

// scheduleLikeOurs and actLikeOurs are the parts as they have to be.
func scheduleLikeOurs(l softirqabi.Tasklets, t softirqabi.Tasklet) {
	flags := l.SaveIRQ()
	if !t.TestAndSetSched() {
		l.Append(t)
		l.Raise()
	}
	l.RestoreIRQ(flags)
}

func actLikeOurs(l softirqabi.Tasklets) {
	l.DisableIRQ()
	next := l.Detach()
	l.EnableIRQ()
	for next != nil {
		t := next
		next = t.Next()
		if t.TryLock() {
			may := !t.Disabled()
			if may {
				t.ClearSched()
				t.Call()
			}
			t.Unlock()
			if may {
				continue
			}
		}
		l.DisableIRQ()
		l.Append(t)
		l.RaiseBit()
		l.EnableIRQ()
	}
}

// With parts that do what ours do the same holds.
func TestSweepOfParts(t *testing.T) {
	scheduled, acted := 0, 0
	part := machine.WithTasklets(func(l softirqabi.Tasklets, t softirqabi.Tasklet) {
		scheduled++
		scheduleLikeOurs(l, t)
	}, func(l softirqabi.Tasklets) {
		acted++
		actLikeOurs(l)
	})
	for seed := range 50 {
		sweep(t, uint64(seed+1), part)
		if t.Failed() {
			t.Fatalf("with seed %d", seed+1)
		}
	}
	if scheduled == 0 || acted == 0 {
		t.Errorf("the parts were called %d and %d times", scheduled, acted)
	}
}
