package workqueue_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// Before workers can be made works can be queued and cancelled, not waited for.
func TestBeforeWorkers(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	w := r.work("w", 0, us)
	r.do(0, func(k *sched.Task) {
		workqueue.SetOnline(k.CPU(), false)
		workqueue.ScheduleOn(k.CPU(), 1, w)
		if workqueue.FlushWork(k, w) {
			t.Error("it waited for a work")
		}
		workqueue.Flush(k, workqueue.System(k.CPU()))
		r.said()
		if !workqueue.CancelSync(k, w) || w.Pending() {
			t.Error("not cancelled")
		}
		before := len(r.m.Tasks())
		wq := r.alloc(k, "early", workqueue.WQMemReclaim, 0)
		if workqueue.Rescuer(wq) != nil || len(r.m.Tasks()) != before {
			t.Error("a rescuer before threads")
		}
		workqueue.SetOnline(k.CPU(), true)
		hrtimer.USleep(k, sim.Millisecond)
		r.said()
	})
	for _, where := range []string{"kernel/workqueue.c:3070 __flush_work", "kernel/workqueue.c:2813 __flush_workqueue"} {
		if l := r.dmesg(where); len(l) != 1 || !strings.HasPrefix(l[0], "WARNING: CPU: 0 PID: ") {
			t.Errorf("%s: the log says %q", where, l)
		}
	}
}

// A workqueue of which somebody queues a work while it is destroyed stays, with
// a warning.
func TestDestroyBusy(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 3})
	before := workqueue.Queues(r.c())
	var wq *workqueue.Workqueue
	r.do(0, func(k *sched.Task) { wq = r.alloc(k, "busy", workqueue.WQMemReclaim, 0) })
	r.helper(1, func(k *sched.Task) {
		for workqueue.Rescuer(wq) != nil {
			k.CPU().Spend(cost.CPURelax)
		}
		workqueue.QueueOn(k.CPU(), 1, wq, r.work("late", sim.Millisecond, us))
	})
	r.do(0, func(k *sched.Task) {
		hrtimer.USleep(k, 20*us)
		workqueue.Destroy(k, wq)
	})
	if n := workqueue.Queues(r.c()); n != before+1 {
		t.Errorf("%d workqueues, want %d", n, before+1)
	}
	if l := r.dmesg("kernel/workqueue.c:4451 destroy_workqueue"); len(l) != 1 {
		t.Errorf("the log says %q", l)
	}
	if l := r.dmesg("destroy_workqueue: busy has"); len(l) != 1 || len(r.dmesg("  pwq 2: cpus=1 node=0 flags=0x1 nice=0 active=1/256 refcnt=2")) != 1 {
		t.Errorf("the log says %q, %q", l, r.dmesg("  pwq"))
	}
}

// Unbound works keep off CPUs that are to be left alone: others take turns, and
// those that are away are left out.
func TestLeftAlone(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4, Nodes: 2})
	workqueue.Keep(r.c(), cpumask.Of(1, 2))
	nodes := func(queue int) (list [4]int) {
		r.do(queue, func(k *sched.Task) {
			for i := range list {
				var w workqueue.Work
				workqueue.Init(&w, "where", func(k *sched.Task, _ *workqueue.Work) { list[i] = k.CPU().ID / 2 })
				workqueue.Queue(k.CPU(), workqueue.Unbound(k.CPU()), &w)
				workqueue.FlushWork(k, &w)
			}
		})
		return list
	}
	if a, b, c := nodes(0), nodes(3), nodes(1); a != [4]int{0, 1, 0, 1} || b != a || c != [4]int{} {
		t.Errorf("from CPU 0 on nodes %v, from CPU 3 %v, from CPU 1 %v", a, b, c)
	}
	workqueue.Keep(r.c(), cpumask.Of(0, 2))
	if a := nodes(3); a != [4]int{0, 1, 0, 1} && a != [4]int{1, 0, 1, 0} {
		t.Errorf("with CPUs 0 and 2 from CPU 3 on nodes %v", a)
	}
	workqueue.Keep(r.c(), cpumask.Of(1, 2))
	r.do(0, func(k *sched.Task) { // its own pool may run where it may: here, nowhere else
		wq := r.alloc(k, "kept", workqueue.WQUnbound, 0)
		if err := workqueue.SetAttrs(k, wq, workqueue.Attrs{CPUs: cpumask.Of(0, 1), NoNUMA: true}); err != nil {
			t.Error(err)
		}
		var w workqueue.Work
		workqueue.Init(&w, "where", func(k *sched.Task, _ *workqueue.Work) {
			if k.CPU().ID != 1 {
				t.Errorf("on CPU %d", k.CPU().ID)
			}
		})
		workqueue.QueueOn(k.CPU(), 0, wq, &w)
		workqueue.FlushWork(k, &w)
		if err := workqueue.SetAttrs(k, wq, workqueue.Attrs{CPUs: cpumask.Of(3), NoNUMA: true}); err != nil {
			t.Error(err)
		}
		if !r.hasPool("1-2") {
			t.Error("a set without a CPU that is kept is not replaced by those that are")
		}
		workqueue.Destroy(k, wq)
	})
	r.setOnline(2, false)
	if a := nodes(0); a != [4]int{} {
		t.Errorf("with CPU 2 away on nodes %v", a)
	}
	workqueue.Keep(r.c(), cpumask.Of(2))
	if a := nodes(0); a != [4]int{} {
		t.Errorf("with nobody to take it on nodes %v", a)
	}
}

func (r *rig) hasPool(cpus string) bool {
	for _, p := range workqueue.Pools(r.c()) {
		if p.CPU < 0 && p.CPUs == cpus {
			return true
		}
	}
	return false
}

// Workers whose CPU goes keep off CPUs that are to be left alone, unless there
// are no others.
func TestRoamers(t *testing.T) {
	for _, tt := range []struct {
		keep     cpumask.Mask
		on0, on1 bool
	}{{cpumask.Of(1, 2), false, true}, {cpumask.Of(2), true, true}, {cpumask.Of(0, 1, 2), true, true}} {
		r := newRig(t, machine.Config{CPUs: 3})
		workqueue.Keep(r.c(), tt.keep)
		r.setOnline(2, false)
		for _, k := range r.m.Tasks() {
			if strings.HasPrefix(k.Comm, "kworker/2:") && (k.Allowed(0) != tt.on0 || k.Allowed(1) != tt.on1) {
				t.Errorf("%s: %s may run on CPU 0 %v, on 1 %v", tt.keep, k, k.Allowed(0), k.Allowed(1))
			}
		}
	}
}

// Workers of an unbound pool whose CPUs had all gone come back when the first
// of them does.
func TestUnboundWorkersReturn(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4})
	var wq *workqueue.Workqueue
	where := func() (n int) {
		var w workqueue.Work
		workqueue.Init(&w, "where", func(k *sched.Task, _ *workqueue.Work) { n = k.CPU().ID })
		r.do(0, func(k *sched.Task) { workqueue.Queue(k.CPU(), wq, &w); workqueue.FlushWork(k, &w) })
		return n
	}
	r.do(0, func(k *sched.Task) {
		wq = r.alloc(k, "two", workqueue.WQUnbound, 0)
		if err := workqueue.SetAttrs(k, wq, workqueue.Attrs{CPUs: cpumask.Of(2, 3)}); err != nil {
			t.Error(err)
		}
	})
	r.setOnline(2, false)
	r.setOnline(3, false)
	if n := where(); n > 1 {
		t.Errorf("with both away on CPU %d", n)
	}
	r.setOnline(3, true)
	for range 3 {
		if n := where(); n != 3 {
			t.Errorf("with one back on CPU %d", n)
		}
	}
}

// QueueNode on a bound workqueue warns, once, and queues.
func TestNodeOfBound(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	w := r.work("w", 0, us)
	r.do(0, func(k *sched.Task) {
		for range 2 {
			if !workqueue.QueueNode(k.CPU(), 0, workqueue.System(k.CPU()), w) {
				t.Error("not queued")
			}
			workqueue.FlushWork(k, w)
		}
	})
	r.said("w", "w-", "w", "w-")
	if l := r.dmesg("kernel/workqueue.c:1625 queue_work_node"); len(l) != 1 {
		t.Errorf("the log says %q", l)
	}
	if text := strings.Join(r.lines(), "\n"); !strings.Contains(text, "function=w workqueue=events req_cpu=8192 cpu=0") {
		t.Errorf("with one node any CPU will do:\n%s", text)
	}
}

// A manager that fails tries again after a second, and does nothing more when
// others have come to their end meanwhile.
func TestManagerWaits(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		workqueue.Shortage(k.CPU(), true)
		w := r.work("w", 0, us)
		workqueue.ScheduleOn(k.CPU(), 1, w)
		hrtimer.USleep(k, 500*sim.Millisecond)
		r.said()
		workqueue.Cancel(k.CPU(), w) // nobody needs a worker any more
		hrtimer.USleep(k, sim.Second)
		if p := r.pool(2); p.Workers != 1 || p.Idle != 1 {
			t.Errorf("the manager has not given up: %+v", p)
		}
		workqueue.ScheduleOn(k.CPU(), 1, w)
		hrtimer.USleep(k, 100*sim.Millisecond)
		workqueue.Cancel(k.CPU(), w)
		workqueue.Shortage(k.CPU(), false)
		hrtimer.USleep(k, 1200*sim.Millisecond)
		if p := r.pool(2); p.Workers != 1 {
			t.Errorf("a worker that nobody needed was made: %+v", p)
		}
		workqueue.Shortage(k.CPU(), true)
		workqueue.ScheduleOn(k.CPU(), 1, w)
		hrtimer.USleep(k, 300*sim.Millisecond)
		workqueue.Shortage(k.CPU(), false)
		hrtimer.USleep(k, 600*sim.Millisecond)
		r.said() // its second is not over
		hrtimer.USleep(k, 300*sim.Millisecond)
		r.said("w", "w-")
	})
	if p := r.pool(2); p.Workers != 2 || p.Idle != 2 {
		t.Errorf("afterwards %+v", p)
	}
}

// Workers run at their pool's nice value, and rescuers at the least.
func TestNice(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "nice", workqueue.WQUnbound, 0)
		if err := workqueue.SetAttrs(k, wq, workqueue.Attrs{CPUs: cpumask.FirstN(2), Nice: 7}); err != nil {
			t.Error(err)
		}
	})
	for comm, want := range map[string]int{"kworker/0:0": 0, "kworker/0:0H": -20, "kworker/1:0H": -20, "kworker/u4:0": 0, "kworker/u5:0": 7, "rcu_gp": -20} {
		if k := r.task(comm); k == nil || k.Nice() != want {
			t.Errorf("%s: %v", comm, k)
		}
	}
}
