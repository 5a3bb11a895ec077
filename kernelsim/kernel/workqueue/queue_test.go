package workqueue_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

const us = sim.Microsecond

// The threads of the recorded boots (ps of the guests with four processors).
func TestThreadsOfTheBoot(t *testing.T) {
	r := newRig(t, machine.Config{})
	want := map[int]string{3: "rcu_gp", 4: "rcu_par_gp", 5: "slub_flushwq", 6: "netns", 7: "kworker/0:0", 8: "kworker/0:0H",
		9: "kworker/u8:0", 10: "mm_percpu_wq", 14: "ksoftirqd/0", 16: "migration/0", 17: "kworker/0:1", 18: "cpuhp/0",
		22: "kworker/1:0", 23: "kworker/1:0H", 27: "kworker/2:0", 28: "kworker/2:0H", 32: "kworker/3:0", 33: "kworker/3:0H"}
	for pid, comm := range want {
		k := sched.Find(r.c(), pid)
		if k == nil || k.Comm != comm {
			t.Errorf("pid %d is %v, want %s", pid, k, comm)
			continue
		}
		if on := k.Allowed(3); strings.Contains(comm, ":") && !strings.Contains(comm, "/u") && on != strings.Contains(comm, "/3") {
			t.Errorf("%s may run on CPU 3: %v", comm, on)
		}
	}
	if got := r.comms("kworker/"); len(got) != 10 {
		t.Errorf("workers: %q", got)
	}
	for _, p := range workqueue.Pools(r.c()) {
		if p.Workers != p.Idle || p.Busy != 0 || p.Count != 0 || p.Alone != (p.CPU < 0) {
			t.Errorf("pool %+v is not at rest", p)
		}
	}
}

// A work runs once for all who queue it before it runs; it runs on the CPU that
// queued it.
func TestQueueOnce(t *testing.T) {
	r := newRig(t, machine.Config{})
	var w workqueue.Work
	on := -1
	workqueue.Init(&w, "where", func(k *sched.Task, me *workqueue.Work) {
		r.say("run")
		on = k.CPU().ID
		if me != &w || me.Pending() || workqueue.Current(k.CPU()) != me {
			t.Errorf("runs %p, pending %v, current %p; want %p", me, me.Pending(), workqueue.Current(k.CPU()), &w)
		}
		if p, running := workqueue.Busy(k.CPU(), me); p || !running {
			t.Errorf("busy: %v %v", p, running)
		}
	})
	for n := range 4 {
		r.do(n, func(k *sched.Task) {
			if p, running := workqueue.Busy(k.CPU(), &w); p || running {
				t.Errorf("before: %v %v", p, running)
			}
			if !workqueue.Schedule(k.CPU(), &w) || workqueue.Schedule(k.CPU(), &w) || !w.Pending() {
				t.Error("not queued once")
			}
			if p, running := workqueue.Busy(k.CPU(), &w); !p || running {
				t.Errorf("queued: %v %v", p, running)
			}
			if !workqueue.FlushWork(k, &w) || workqueue.FlushWork(k, &w) || w.Pending() {
				t.Error("not waited for once")
			}
			if workqueue.Current(k.CPU()) != nil {
				t.Error("a process runs a work")
			}
		})
		if on != n {
			t.Errorf("queued on CPU %d, ran on CPU %d", n, on)
		}
		r.said("run")
	}
	r.do(0, func(k *sched.Task) { workqueue.ScheduleOn(k.CPU(), 2, &w); workqueue.FlushWork(k, &w) })
	if on != 2 {
		t.Errorf("queued for CPU 2, ran on CPU %d", on)
	}
}

// What the trace says of a work, as in the recordings.
func TestTrace(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	before := len(r.lines())
	w := r.work("vmstat_update", 0, us)
	r.do(1, func(k *sched.Task) {
		workqueue.Queue(k.CPU(), workqueue.HighPri(k.CPU()), w)
		workqueue.FlushWork(k, w)
		workqueue.QueueOn(k.CPU(), 0, workqueue.Unbound(k.CPU()), w)
		workqueue.FlushWork(k, w)
	})
	var got []string
	for _, line := range r.lines()[before:] {
		if strings.Contains(line, "vmstat_update") {
			got = append(got, line)
		}
	}
	object := strings.TrimPrefix(strings.Fields(got[0])[2], "struct=")
	want := []string{
		"workqueue_queue_work: work struct=" + object + " function=vmstat_update workqueue=events_highpri req_cpu=8192 cpu=1",
		"workqueue_execute_start: work struct " + object + ": function vmstat_update",
		"workqueue_execute_end: work struct " + object + ": function vmstat_update",
		"workqueue_queue_work: work struct=" + object + " function=vmstat_update workqueue=events_unbound req_cpu=0 cpu=-1",
		"workqueue_execute_start: work struct " + object + ": function vmstat_update",
		"workqueue_execute_end: work struct " + object + ": function vmstat_update",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if !strings.Contains(strings.Join(r.lines()[before:], "\n"), ": function wq_barrier_func") {
		t.Error("no barrier has run")
	}
	if !slices.Contains(r.lines()[before:], "workqueue_activate_work: work struct "+object) {
		t.Error("nothing was activated")
	}
}

// On a CPU's pool one work runs at a time, in order, unless it sleeps; each
// works in its own worker then.
func TestOneRunsAtATime(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	queueAll := func(k *sched.Task, wq *workqueue.Workqueue, works ...*workqueue.Work) {
		for _, w := range works {
			workqueue.QueueOn(k.CPU(), 1, wq, w)
		}
		for _, w := range works {
			workqueue.FlushWork(k, w)
		}
	}
	r.do(0, func(k *sched.Task) {
		sys := workqueue.System(k.CPU())
		queueAll(k, sys, r.work("a", 0, 50*us), r.work("b", 0, 50*us), r.work("c", 0, 50*us))
		r.said("a", "a-", "b", "b-", "c", "c-")
		queueAll(k, sys, r.work("a", 500*us, 50*us), r.work("b", 500*us, 50*us), r.work("c", 0, 50*us))
		r.said("a", "b", "c", "c-", "a-", "b-")
	})
	if n := len(r.comms("kworker/1:")); n < 4 {
		t.Errorf("%d workers on CPU 1", n)
	}
}

// A worker that keeps the CPU busy for long does not hold up the others.
func TestCPUIntensive(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "crypto", workqueue.WQCPUIntensive, 0)
		long, short := r.polite("long", 30*sim.Millisecond), r.work("short", 0, us)
		workqueue.QueueOn(k.CPU(), 1, wq, long)
		workqueue.QueueOn(k.CPU(), 1, workqueue.System(k.CPU()), short)
		workqueue.FlushWork(k, long)
		r.said("long", "short", "short-", "long-")
		workqueue.QueueOn(k.CPU(), 1, workqueue.System(k.CPU()), long)
		workqueue.QueueOn(k.CPU(), 1, wq, short)
		workqueue.FlushWork(k, short)
		r.said("long", "long-", "short", "short-")
		workqueue.Destroy(k, wq)
	})
	if p := r.pool(2); p.Count != 0 || p.Busy != 0 {
		t.Errorf("afterwards: %+v", p)
	}
}

// No more works of a workqueue are active at a time than it says, on each CPU;
// the others follow in order.
func TestMaxActive(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "two", 0, 2)
		var works []*workqueue.Work
		for i := range 5 {
			w := r.work(fmt.Sprint(i), 300*us, us)
			works = append(works, w)
			workqueue.QueueOn(k.CPU(), 1, wq, w)
		}
		if !workqueue.Congested(k.CPU(), 1, wq) || workqueue.Congested(k.CPU(), 0, wq) {
			t.Error("not congested where it should be")
		}
		workqueue.Flush(k, wq)
		r.said("0", "1", "0-", "2", "1-", "3", "2-", "4", "3-", "4-")
		if workqueue.Congested(k.CPU(), 1, wq) {
			t.Error("congested for ever")
		}
		workqueue.SetMaxActive(k, wq, 1)
		for _, w := range works[:4] {
			workqueue.QueueOn(k.CPU(), 1, wq, w)
		}
		hrtimer.USleep(k, 100*us)
		r.said("0")
		workqueue.SetMaxActive(k, wq, 3)
		hrtimer.USleep(k, 100*us)
		r.said("1", "2")
		workqueue.Flush(k, wq)
		r.said("0-", "3", "1-", "2-", "3-")
		for ask, want := range map[int]int{0: 1, 513: 512, 7: 7} {
			if workqueue.SetMaxActive(k, wq, ask); workqueue.MaxActiveOf(wq) != want {
				t.Errorf("asked for %d, got %d", ask, workqueue.MaxActiveOf(wq))
			}
		}
		workqueue.Destroy(k, wq)
		if workqueue.Listed(k.CPU(), wq) || !workqueue.Listed(k.CPU(), workqueue.System(k.CPU())) {
			t.Error("another one has gone")
		}
	})
}

// Works of an ordered workqueue run one after another, wherever they were
// queued; of an unbound one, all at once.
func TestUnboundAndOrdered(t *testing.T) {
	r := newRig(t, machine.Config{})
	works := []*workqueue.Work{r.work("a", 300*us, us), r.work("b", 200*us, us), r.work("c", 100*us, us)}
	run := func(k *sched.Task, wq *workqueue.Workqueue) {
		for i, w := range works {
			workqueue.QueueOn(k.CPU(), i, wq, w)
		}
		workqueue.Flush(k, wq)
	}
	r.do(0, func(k *sched.Task) {
		ordered, err := workqueue.AllocOrdered(k.CPU(), "ord", 0)
		if err != nil {
			t.Fatal(err)
		}
		inOrder := []string{"a", "a-", "b", "b-", "c", "c-"}
		for _, wq := range []*workqueue.Workqueue{ordered, workqueue.AllocSingleThread(k.CPU(), "old"), r.alloc(k, "one", workqueue.WQUnbound, 1)} {
			run(k, wq)
			r.said(inOrder...)
			workqueue.Destroy(k, wq)
		}
		run(k, workqueue.Unbound(k.CPU()))
		r.said("a", "b", "c", "c-", "b-", "a-")
	})
	if got := r.comms("kworker/u"); len(got) < 3 || got[0] != "kworker/u8:0" {
		t.Errorf("unbound workers: %q", got)
	}
}

// A work that is queued while it runs runs again, and never twice at a time:
// not on its own CPU, where another worker finds it, and not on another one.
func TestNeverBesideItself(t *testing.T) {
	for _, where := range []int{0, 1} {
		r := newRig(t, machine.Config{CPUs: 2})
		w := r.work("w", 300*us, 10*us)
		r.do(1, func(k *sched.Task) {
			workqueue.ScheduleOn(k.CPU(), 0, w)
			hrtimer.USleep(k, 100*us)
			if !workqueue.ScheduleOn(k.CPU(), where, w) {
				t.Error("not queued while it runs")
			}
			workqueue.FlushWork(k, w)
		})
		r.said("w", "w-", "w", "w-")
		r.do(1, func(k *sched.Task) {
			workqueue.ScheduleOn(k.CPU(), 0, w)
			hrtimer.USleep(k, 100*us) // while it runs, its memory is used for another work
			workqueue.Init(w, "other", func(*sched.Task, *workqueue.Work) { r.say("other") })
			workqueue.ScheduleOn(k.CPU(), where, w)
			workqueue.FlushWork(k, w)
			hrtimer.USleep(k, 500*us)
		})
		r.said("w", "other", "w-")
	}
}

// High priority has a pool of its own.
func TestHighPri(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 1})
	name := ""
	w := &workqueue.Work{}
	workqueue.Init(w, "who", func(k *sched.Task, _ *workqueue.Work) { name = workqueue.Comm(k) })
	for _, tt := range []struct {
		wq        *workqueue.Workqueue
		now, then string
	}{
		{workqueue.HighPri(r.c()), "kworker/0:0H+events_highpri", "kworker/0:0H-events_highpri"},
		{workqueue.Unbound(r.c()), "kworker/u2:0+events_unbound", "kworker/u2:0-events_unbound"},
		{workqueue.Long(r.c()), "kworker/0:1+events_long", "kworker/0:1-events_long"},
		{workqueue.Freezable(r.c()), "kworker/0:1+events_freezable", "kworker/0:1-events_freezable"},
		{workqueue.PowerEfficient(r.c()), "kworker/0:1+events_power_efficient", "kworker/0:1-events_power_efficient"},
	} {
		r.do(0, func(k *sched.Task) { workqueue.Queue(k.CPU(), tt.wq, w); workqueue.FlushWork(k, w) })
		if name != tt.now {
			t.Errorf("%s: ran as %s", tt.wq.Name(), name)
		}
		comm, _, _ := strings.Cut(tt.then, "-")
		if got := workqueue.Comm(r.task(comm)); got != tt.then {
			t.Errorf("%s: afterwards it is %s, want %s", tt.wq.Name(), got, tt.then)
		}
	}
	if got := workqueue.Comm(r.task("init")); got != "init" {
		t.Errorf("init is %s", got)
	}
}

func TestDescription(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 1})
	w := &workqueue.Work{}
	workqueue.Init(w, "flush", func(k *sched.Task, _ *workqueue.Work) { workqueue.SetDesc(k, "flush-8:0 of a disk with a long name") })
	r.do(0, func(k *sched.Task) {
		workqueue.SetDesc(k, "nothing")
		workqueue.Schedule(k.CPU(), w)
		hrtimer.USleep(k, 100*us) // a barrier would be a work, too
	})
	for _, k := range r.m.Tasks() {
		if strings.HasSuffix(workqueue.Comm(k), "-flush-8:0 of a disk wit") {
			return
		}
	}
	t.Error("no worker says what it did")
}

// Alloc refuses what it does not know, and warns of a limit out of range.
func TestAllocRefuses(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		for _, flags := range []workqueue.Flags{1, 1 << 16, 1 << 17, 1 << 30} {
			if wq, err := workqueue.Alloc(k.CPU(), "bad", flags, 0); wq != nil || !errors.Is(err, errno.EINVAL) {
				t.Errorf("flags %#x: %v", flags, err)
			}
		}
		if wq, err := workqueue.AllocOrdered(k.CPU(), "bad", workqueue.WQCPUIntensive); wq != nil || !errors.Is(err, errno.EINVAL) {
			t.Errorf("ordered and intensive: %v", err)
		}
		for _, tt := range []struct {
			flags     workqueue.Flags
			ask, want int
		}{{0, 0, 256}, {0, 512, 512}, {0, 513, 512}, {0, -1, 1}, {workqueue.WQUnbound, 513, 512}, {0, 1, 1}} {
			wq := r.alloc(k, "a name of thirty characters...", tt.flags, tt.ask)
			if got := workqueue.MaxActiveOf(wq); got != tt.want || wq.Name() != "a name of thirty charac" {
				t.Errorf("%d of %#x: %d, called %s", tt.ask, tt.flags, got, wq.Name())
			}
			workqueue.Destroy(k, wq)
		}
	})
	if l := r.dmesg("out of range"); len(l) != 3 || l[1] != "workqueue: max_active -1 requested for a name of thirty charac is out of range, clamping between 1 and 512" {
		t.Errorf("the log says %q", l)
	}
	big := newRig(t, machine.Config{CPUs: 200})
	if workqueue.MaxActiveOf(workqueue.Unbound(big.c())) != 800 {
		t.Error("200 CPUs have four unbound works each")
	}
	big.do(0, func(k *sched.Task) {
		if wq := big.alloc(k, "bound", 0, 600); workqueue.MaxActiveOf(wq) != 512 {
			t.Errorf("a bound one has %d", workqueue.MaxActiveOf(wq))
		}
	})
}

func (r *rig) dmesg(text string) (list []string) {
	for _, l := range r.m.Dmesg() {
		if strings.Contains(l.Text, text) {
			list = append(list, l.Text)
		}
	}
	return list
}
