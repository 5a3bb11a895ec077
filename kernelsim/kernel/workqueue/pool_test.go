package workqueue_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// sleepers queues n works that sleep at the same time on CPU 1, so that the
// pool needs n workers, and waits for them.
func (r *rig) sleepers(n int) {
	r.t.Helper()
	r.do(0, func(k *sched.Task) {
		for range n {
			workqueue.ScheduleOn(k.CPU(), 1, r.work("sleeper", sim.Millisecond, us))
		}
		workqueue.Flush(k, workqueue.System(k.CPU()))
	})
	r.log = nil
}

// A pool makes workers when it needs them, with the numbers that are free, and
// lets those go that have idled for five minutes, down to two.
func TestWorkersComeAndGo(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2, Append: "watchdog_thresh=0"})
	if p := r.pool(2); p.Workers != 1 || p.Idle != 1 {
		t.Errorf("at first: %+v", p)
	}
	r.sleepers(6)
	if got := r.comms("kworker/1:"); !slices.Contains(got, "kworker/1:6") || len(got) != 8 {
		t.Errorf("workers: %q", got)
	}
	if p := r.pool(2); p.Workers != 7 || p.Idle != 7 || p.Count != 0 {
		t.Errorf("then: %+v", p)
	}
	r.run(299 * sim.Second)
	if p := r.pool(2); p.Workers != 7 {
		t.Errorf("before five minutes are over: %+v", p)
	}
	r.run(60 * sim.Second)
	if err := r.m.Burn(1, 50*sim.Millisecond); err != nil { // the timer does not wake the processor
		t.Fatal(err)
	}
	r.run(sim.Second)
	if p := r.pool(2); p.Workers != 2 || p.Idle != 2 {
		t.Errorf("after six minutes: %+v", p)
	}
	if r.task("kworker/dying") != nil {
		t.Error("a worker does not end")
	}
	if !strings.Contains(r.text(), "sched_process_exit: comm=kworker/dying") {
		t.Error("nobody has died")
	}
	r.sleepers(3)
	if got := r.comms("kworker/1:"); len(got) != 5 || slices.Contains(got, "kworker/1:7") {
		t.Errorf("workers: %q", got)
	}
}

// Without memory for threads a pool gets no more workers, but who has a
// rescuer goes on; the others wait until there is memory.
func TestRescuer(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	var reclaim *workqueue.Workqueue
	r.do(0, func(k *sched.Task) {
		reclaim = r.alloc(k, "reclaim", workqueue.WQMemReclaim, 0)
		workqueue.Shortage(k.CPU(), true)
		for range 2 {
			workqueue.ScheduleOn(k.CPU(), 1, r.work("sleeper", 3*sim.Second, us))
		}
		who := ""
		var w workqueue.Work
		workqueue.Init(&w, "frees memory", func(k *sched.Task, _ *workqueue.Work) {
			who = k.Comm
			if k.CPU().ID != 1 || workqueue.Comm(k) != "reclaim+reclaim" {
				t.Errorf("rescued on CPU %d by %s", k.CPU().ID, workqueue.Comm(k))
			}
			hrtimer.USleep(k, 100*us)
			r.say("rescued")
		})
		hrtimer.USleep(k, 10*us)
		workqueue.QueueOn(k.CPU(), 1, reclaim, &w)
		start := k.CPU().Now()
		workqueue.FlushWork(k, &w)
		if d := k.CPU().Now() - start; who != "reclaim" || d < 4*sim.Millisecond || d > 20*sim.Millisecond {
			t.Errorf("after %v %s ran it", d, who)
		}
		r.said("rescued") // the only worker tries to make another one first
		if got := workqueue.Comm(workqueue.Rescuer(reclaim)); got != "reclaim" {
			t.Errorf("the rescuer is %s still", got)
		}
		workqueue.Shortage(k.CPU(), false)
		hrtimer.USleep(k, 2*sim.Second)
		r.said("sleeper", "sleeper")
		workqueue.Flush(k, workqueue.System(k.CPU()))
		for n := range 2 {
			if got := workqueue.Text(reclaim, n); !strings.HasPrefix(got, "pwq ") || !strings.HasSuffix(got, "active=0/256 refcnt=1") {
				t.Errorf("afterwards the share is %q", got)
			}
		}
		calls := strings.Count(r.text(), "function=pool_mayday_timeout now")
		hrtimer.USleep(k, sim.Second)
		if n := strings.Count(r.text(), "function=pool_mayday_timeout now"); n != calls || n == 0 {
			t.Errorf("rescuers were called %d times, %d of them afterwards", n, n-calls)
		}
		workqueue.Destroy(k, reclaim)
	})
}

// Works of a share that come while the rescuer works are rescued, too.
func TestRescuerGoesOn(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "reclaim", workqueue.WQMemReclaim, 1)
		workqueue.Shortage(k.CPU(), true)
		for range 2 {
			workqueue.ScheduleOn(k.CPU(), 1, r.work("sleeper", 3*sim.Second, us))
		}
		hrtimer.USleep(k, 10*us)
		for _, name := range []string{"a", "b", "c"} {
			workqueue.QueueOn(k.CPU(), 1, wq, r.work(name, 100*us, us))
		}
		workqueue.Flush(k, wq)
		r.said("a", "a-", "b", "b-", "c", "c-")
		workqueue.Destroy(k, wq)
		workqueue.Shortage(k.CPU(), false)
	})
	r.run(10 * sim.Second)
	r.said("sleeper", "sleeper", "sleeper-", "sleeper-")
}

// Unbound workqueues of like attributes share a pool; others have their own,
// which goes with the last of them.
func TestAttrs(t *testing.T) {
	r := newRig(t, machine.Config{})
	before := len(workqueue.Pools(r.c()))
	r.do(0, func(k *sched.Task) {
		a, b := r.alloc(k, "a", workqueue.WQUnbound, 0), r.alloc(k, "b", workqueue.WQUnbound, 0)
		if len(workqueue.Pools(k.CPU())) != before {
			t.Error("a pool for each")
		}
		only := workqueue.Attrs{CPUs: cpumask.Of(2, 3), Nice: -5}
		for _, wq := range []*workqueue.Workqueue{a, b} {
			if err := workqueue.SetAttrs(k, wq, only); err != nil {
				t.Error(err)
			}
		}
		if p := r.pool(9); p.CPUs != "2-3" || p.Nice != -5 || p.Refs != 2 || p.Workers != 1 || p.CPU != -1 || p.Node != -1 {
			t.Errorf("the new pool is %+v", p)
		}
		var w workqueue.Work
		workqueue.Init(&w, "where", func(k *sched.Task, _ *workqueue.Work) {
			if n := k.CPU().ID; n < 2 || k.Comm != "kworker/u9:0" {
				t.Errorf("%s runs it on CPU %d", k.Comm, n)
			}
		})
		workqueue.Queue(k.CPU(), a, &w)
		workqueue.Destroy(k, a)
		hrtimer.USleep(k, sim.Millisecond)
		if p := r.pool(9); p.Refs != 1 {
			t.Errorf("with one of two gone the pool is %+v", p)
		}
		workqueue.Destroy(k, b)
		hrtimer.USleep(k, sim.Millisecond)
	})
	if p := r.pool(9); p.ID != -1 || r.task("kworker/u9:0") != nil || len(workqueue.Pools(r.c())) != before {
		t.Errorf("the pool is there still: %+v", p)
	}
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "high", workqueue.WQUnbound|workqueue.WQHighPri, 0)
		if p := r.pool(9); p.Nice != -20 || p.CPUs != "0-3" {
			t.Errorf("of high priority is %+v", p)
		}
		workqueue.Destroy(k, wq)
	})
}

func TestAttrsRefused(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.do(0, func(k *sched.Task) {
		ordered, _ := workqueue.AllocOrdered(k.CPU(), "ord", 0)
		for _, tt := range []struct {
			wq *workqueue.Workqueue
			a  workqueue.Attrs
			ok bool
		}{
			{workqueue.System(k.CPU()), workqueue.Attrs{CPUs: cpumask.Of(1)}, false},
			{ordered, workqueue.Attrs{CPUs: cpumask.Of(1)}, false},
			{workqueue.Unbound(k.CPU()), workqueue.Attrs{CPUs: cpumask.Of(1), Nice: 20}, false},
			{workqueue.Unbound(k.CPU()), workqueue.Attrs{CPUs: cpumask.Of(1), Nice: -21}, false},
			{workqueue.Unbound(k.CPU()), workqueue.Attrs{CPUs: cpumask.Of(1), Nice: 19}, true},
			{workqueue.Unbound(k.CPU()), workqueue.Attrs{CPUs: cpumask.Of(1), Nice: -20}, true},
			{workqueue.Unbound(k.CPU()), workqueue.Attrs{}, true}, // no CPU is as all
		} {
			if err := workqueue.SetAttrs(k, tt.wq, tt.a); (err == nil) != tt.ok || err != nil && !errors.Is(err, errno.EINVAL) {
				t.Errorf("%s, %+v: %v", tt.wq.Name(), tt.a, err)
			}
		}
		workqueue.SetMaxActive(k, ordered, 3)
		if got := workqueue.MaxActiveOf(ordered); got != 1 {
			t.Errorf("the ordered one has %d at a time", got)
		}
	})
	if l := r.dmesg("kernel/workqueue.c:4517 workqueue_set_max_active"); len(l) != 1 {
		t.Errorf("the log says %q", l)
	}
}

// On a machine of two nodes an unbound work runs on the node of the CPU that
// queues it, an ordered one anywhere.
func TestNodes(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4, Nodes: 2})
	for n, want := range []string{"0-1", "0-1", "2-3", "2-3"} {
		r.do(n, func(k *sched.Task) {
			var w workqueue.Work
			ran := -1
			workqueue.Init(&w, "where", func(k *sched.Task, _ *workqueue.Work) { ran = k.CPU().ID })
			workqueue.Queue(k.CPU(), workqueue.Unbound(k.CPU()), &w)
			workqueue.FlushWork(k, &w)
			if ran/2 != n/2 {
				t.Errorf("queued on CPU %d, ran on CPU %d", n, ran)
			}
			for node := range 2 {
				workqueue.QueueNode(k.CPU(), node, workqueue.Unbound(k.CPU()), &w)
				workqueue.FlushWork(k, &w)
				if ran/2 != node {
					t.Errorf("queued for node %d, ran on CPU %d", node, ran)
				}
			}
			for _, node := range []int{-1, 2, 7} {
				workqueue.QueueNode(k.CPU(), node, workqueue.Unbound(k.CPU()), &w)
				workqueue.FlushWork(k, &w)
				if ran/2 != n/2 {
					t.Errorf("queued for node %d on CPU %d, ran on CPU %d", node, n, ran)
				}
			}
		})
		found := slices.ContainsFunc(workqueue.Pools(r.c()), func(p workqueue.PoolState) bool {
			return p.CPU < 0 && p.Node == n/2 && p.CPUs == want && p.Workers > 0
		})
		if !found {
			t.Errorf("no pool of node %d", n/2)
		}
	}
	r.do(0, func(k *sched.Task) { // one that is made later is like those of the boot
		wq := r.alloc(k, "later", workqueue.WQUnbound, 0)
		for n := range 4 {
			var w workqueue.Work
			workqueue.Init(&w, "where", func(k *sched.Task, _ *workqueue.Work) {
				if k.CPU().ID/2 != n/2 {
					t.Errorf("queued for CPU %d, ran on CPU %d", n, k.CPU().ID)
				}
			})
			workqueue.QueueOn(k.CPU(), n, wq, &w)
			workqueue.FlushWork(k, &w)
		}
		workqueue.Destroy(k, wq)
	})
	r.do(0, func(k *sched.Task) {
		wq, _ := workqueue.AllocOrdered(k.CPU(), "ord", 0)
		if got := workqueue.Shares(wq); len(got) != 1 {
			t.Errorf("the ordered one has shares %q", got)
		}
		workqueue.Destroy(k, wq)
	})
	if p := r.pool(2); p.Node != 0 {
		t.Errorf("CPU 1's pool is on node %d", p.Node)
	}
}

// OnCPU runs its function there and waits; OnEachCPU, everywhere.
func TestOnCPU(t *testing.T) {
	r := newRig(t, machine.Config{})
	r.do(0, func(k *sched.Task) {
		for n := range 4 {
			at := -1
			workqueue.OnCPU(k, n, func(k *sched.Task) {
				hrtimer.USleep(k, 50*us)
				at = k.CPU().ID
			})
			workqueue.CallOnCPU(k, n, func(k *sched.Task) { at += 10 * k.CPU().ID })
			if at != 11*n {
				t.Errorf("on CPU %d: %d", n, at)
			}
		}
		var seen cpumask.Mask
		workqueue.OnEachCPU(k, func(k *sched.Task) { seen.Add(k.CPU().ID) })
		if seen != cpumask.FirstN(4) {
			t.Errorf("on CPUs %s", seen)
		}
	})
}

// An interrupt may queue works, and is no worker even if it interrupts one.
func TestFromInterrupt(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	w := r.work("w", 0, us)
	inner := w
	var timer hrtimer.Timer
	hrtimer.Init(r.c(), &timer, "rings", hrtimer.Rel, func(c *cpu.CPU, _ *hrtimer.Timer) hrtimer.Restart {
		inner = workqueue.Current(c)
		workqueue.Schedule(c, w)
		return hrtimer.NoRestart
	})
	var outer workqueue.Work
	workqueue.Init(&outer, "outer", func(k *sched.Task, _ *workqueue.Work) {
		hrtimer.Start(k.CPU(), &timer, 50*us, hrtimer.Rel)
		sched.Compute(k, 100*us)
		r.say("outer")
	})
	r.do(0, func(k *sched.Task) {
		workqueue.ScheduleOn(k.CPU(), 1, &outer)
		workqueue.FlushWork(k, &outer)
		workqueue.FlushWork(k, w)
	})
	r.said("outer", "w", "w-")
	if inner != nil {
		t.Error("the interrupt took itself for the work that it interrupted")
	}
}
