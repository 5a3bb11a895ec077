package workqueue_test

import (
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

func (r *rig) setOnline(n int, on bool) {
	r.t.Helper()
	if err := r.m.SetOnline(n, on); err != nil {
		r.t.Fatalf("CPU %d, online %v: %v", n, on, err)
	}
}

// The workers of a CPU that goes live on elsewhere, and go on with what they
// do; when it comes back they come back.
func TestWorkersOfADeadCPU(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 3})
	r.do(0, func(k *sched.Task) {
		workqueue.ScheduleOn(k.CPU(), 2, r.work("running", 20*sim.Millisecond, us))
		hrtimer.USleep(k, 100*us)
	})
	r.setOnline(2, false)
	r.said("running")
	w := r.work("late", 0, us)
	r.do(0, func(k *sched.Task) {
		workqueue.ScheduleOn(k.CPU(), 2, w)
		workqueue.FlushWork(k, w)
		r.said("late", "late-")
		workqueue.Flush(k, workqueue.System(k.CPU()))
		r.said("running-")
	})
	if p := r.pool(4); !p.Alone || p.Count != 0 {
		t.Errorf("without its CPU the pool is %+v", p)
	}
	for _, k := range r.m.Tasks() {
		if strings.HasPrefix(k.Comm, "kworker/2:") && (k.CPU().ID == 2 || !k.Allowed(0) || !k.Allowed(1)) {
			t.Errorf("%s is on CPU %d, allowed on 0 %v, on 1 %v", k, k.CPU().ID, k.Allowed(0), k.Allowed(1))
		}
	}
	r.setOnline(2, true)
	if p := r.pool(4); p.Alone {
		t.Errorf("with its CPU again the pool is %+v", p)
	}
	r.do(0, func(k *sched.Task) {
		for i := range 3 {
			workqueue.ScheduleOn(k.CPU(), 2, r.work(fmt.Sprint(i), 0, 50*us))
		}
		workqueue.Flush(k, workqueue.System(k.CPU()))
	})
	r.said("0", "0-", "1", "1-", "2", "2-") // one at a time: they are counted again
	for _, k := range r.m.Tasks() {
		if strings.HasPrefix(k.Comm, "kworker/2:") && (k.CPU().ID != 2 || k.Allowed(0)) {
			t.Errorf("%s is on CPU %d", k, k.CPU().ID)
		}
		if err := sched.SetAffinity(r.c(), k, []int{0}); strings.HasPrefix(k.Comm, "kworker/") && err == nil {
			t.Errorf("a user may move %s", k)
		}
	}
}

// Works of a pool whose CPU has gone run at the same time: nobody counts who
// runs. That begins while the CPU goes.
func TestUnboundWhileDead(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4})
	r.setOnline(3, false)
	r.do(0, func(k *sched.Task) {
		for i := range 3 {
			workqueue.ScheduleOn(k.CPU(), 3, r.polite(fmt.Sprint(i), 3*sim.Millisecond))
		}
		workqueue.Flush(k, workqueue.System(k.CPU()))
	})
	if len(r.log) != 6 || strings.Contains(strings.Join(r.log[:3], ""), "-") {
		t.Errorf("happened: %q, and all were to begin before one ends", r.log)
	}
	r.setOnline(3, true)
	r.setOnline(3, false)
	r.setOnline(3, true)
	if err := workqueue.Consistent(r.c()); err != nil {
		t.Error(err)
	}
}

// Unbound works of a node whose last CPU goes run elsewhere, until it is back.
func TestNodeGoes(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4, Nodes: 2})
	where := func(queue int) string {
		var w workqueue.Work
		on := -1
		workqueue.Init(&w, "where", func(k *sched.Task, _ *workqueue.Work) { on = k.CPU().ID })
		r.do(0, func(k *sched.Task) {
			workqueue.QueueOn(k.CPU(), queue, workqueue.Unbound(k.CPU()), &w)
			workqueue.FlushWork(k, &w)
		})
		return fmt.Sprint("node ", on/2)
	}
	shares := func() string { return fmt.Sprint(workqueue.Shares(workqueue.Unbound(r.c()))) }
	all := shares()
	for _, step := range []struct {
		cpu        int
		on         bool
		from, want string
	}{{2, false, "", "node 1"}, {3, false, "", "node 0"}, {3, true, "", "node 1"}, {2, true, "", "node 1"}} {
		r.setOnline(step.cpu, step.on)
		if got := where(3); got != step.want {
			t.Errorf("with CPU %d online %v: %s, want %s", step.cpu, step.on, got, step.want)
		}
		r.run(sim.Millisecond)
		if n := len(workqueue.Shares(workqueue.Unbound(r.c()))); n != 3 && step.want == "node 1" || n != 2 && step.want == "node 0" {
			t.Errorf("with CPU %d online %v: %d shares", step.cpu, step.on, n)
		}
	}
	r.run(10 * sim.Millisecond)
	if got := shares(); len(got) != len(all) {
		t.Errorf("its shares were %s, and are %s", all, got)
	}
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "some", workqueue.WQUnbound, 0)
		if err := workqueue.SetAttrs(k, wq, workqueue.Attrs{CPUs: cpumask.Of(1, 2, 3), NoNUMA: true}); err != nil {
			t.Error(err)
		}
		hrtimer.USleep(k, sim.Millisecond)
		if got := workqueue.Shares(wq); len(got) != 1 {
			t.Errorf("one share for all nodes: %q", got)
		}
		for _, step := range []func(*sched.Task, int) error{hotplug.Down, hotplug.Up} {
			if err := step(k, 3); err != nil {
				t.Error(err)
			}
			hrtimer.USleep(k, sim.Millisecond)
			if got := workqueue.Shares(wq); len(got) != 1 {
				t.Errorf("CPU 3 has gone or come: %q", got)
			}
		}
		workqueue.Destroy(k, wq)
	})
}

// Whatever comes and goes while works are queued, none is lost and none runs
// twice.
func TestHotplugSeeds(t *testing.T) {
	seeds := uint64(40)
	if testing.Short() {
		seeds = 6
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		r := newRig(t, machine.Config{CPUs: 3, Seed: seed, Append: preemption(seed)})
		failed := r.watch(7)
		h := newHerd(r, seed, 6)
		over := 0
		for n := range 2 {
			sched.KThread(r.c(), "drover", func(k *sched.Task) {
				h.drive(k, seed*2+uint64(n), 40)
				over++
			})
		}
		for i := range 4 {
			n := 1 + (i+int(seed))%2
			r.do(0, func(k *sched.Task) {
				hrtimer.USleep(k, 100*us*sim.Time(1+seed%5))
				if err := hotplug.Down(k, n); err != nil {
					t.Error(err)
				}
				hrtimer.USleep(k, 150*us)
				if err := hotplug.Up(k, n); err != nil {
					t.Error(err)
				}
			})
		}
		r.run(50 * sim.Millisecond)
		if *failed != nil {
			t.Fatalf("seed %d: %v", seed, *failed)
		}
		if over != 2 {
			t.Fatalf("seed %d: %d of 2 have ended", seed, over)
		}
		h.settle(seed)
	}
}

func preemption(seed uint64) string {
	if seed%3 == 0 {
		return "preempt=full"
	}
	return ""
}

// The timer of a delayed work moves when its CPU goes, and the work runs
// elsewhere.
func TestDelayedOfADeadCPU(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 3})
	d := r.late("d")
	r.do(0, func(k *sched.Task) { workqueue.QueueDelayedOn(k.CPU(), 2, workqueue.System(k.CPU()), d, 10) })
	r.setOnline(2, false)
	r.said()
	r.run(15 * jiffy)
	if len(r.log) != 1 || r.log[0] == "d on 2" {
		t.Errorf("happened: %q", r.log)
	}
}
