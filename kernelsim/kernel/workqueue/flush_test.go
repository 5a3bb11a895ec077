package workqueue_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// helper starts a process of CPU n beside the one that tests.
func (r *rig) helper(n int, fn func(t *sched.Task)) {
	sched.KThreadOn(r.c(), n, "helper", fn)
}

// FlushWork waits for the last instance that is queued, not for others, even
// if it is one of those that are too many.
func TestFlushWork(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(1, func(k *sched.Task) {
		wq := r.alloc(k, "one", 0, 1)
		a, b, c := r.work("a", 300*us, us), r.work("b", 300*us, us), r.work("c", 300*us, us)
		for _, w := range []*workqueue.Work{a, b, c} {
			workqueue.QueueOn(k.CPU(), 0, wq, w)
		}
		if !workqueue.FlushWork(k, b) {
			t.Error("nothing to wait for")
		}
		r.said("a", "a-", "b", "b-", "c")
		hrtimer.USleep(k, 100*us)
		workqueue.QueueOn(k.CPU(), 0, wq, c) // it runs, and is to run again
		workqueue.FlushWork(k, c)
		r.said("c-", "c", "c-")
		workqueue.Destroy(k, wq)
	})
}

// Cancel takes a work out that waits, not one that runs; CancelSync waits for
// that. A work that is held back is taken out, too.
func TestCancel(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(1, func(k *sched.Task) {
		wq := r.alloc(k, "one", 0, 1)
		a, b, c := r.work("a", 300*us, us), r.work("b", 0, us), r.work("c", 300*us, us)
		if workqueue.Cancel(k.CPU(), a) || workqueue.CancelSync(k, a) || a.Pending() {
			t.Error("nothing was to be cancelled")
		}
		for _, w := range []*workqueue.Work{a, b, c} {
			workqueue.QueueOn(k.CPU(), 0, wq, w)
		}
		hrtimer.USleep(k, 100*us)
		r.said("a")
		if workqueue.Cancel(k.CPU(), a) || !workqueue.Cancel(k.CPU(), b) || b.Pending() || workqueue.FlushWork(k, b) {
			t.Error("the one that runs was cancelled, or the one that waits was not")
		}
		if workqueue.CancelSync(k, a) {
			t.Error("the one that runs did not wait")
		}
		r.said("a-", "c")
		workqueue.Flush(k, wq)
		r.said("c-")
		workqueue.QueueOn(k.CPU(), 0, wq, a)
		if !workqueue.CancelSync(k, a) {
			t.Error("it waited")
		}
		workqueue.QueueOn(k.CPU(), 0, wq, b) // it is as new
		workqueue.FlushWork(k, b)
		r.said("b", "b-")
		workqueue.Destroy(k, wq)
	})
}

// A work that queues itself again is stopped by CancelSync, whenever that
// comes; somebody else who cancels it waits until that is done.
func TestCancelRequeue(t *testing.T) {
	for delay := range sim.Time(12) {
		r := newRig(t, machine.Config{CPUs: 3, Seed: uint64(delay + 1)})
		var w workqueue.Work
		workqueue.Init(&w, "again", func(k *sched.Task, me *workqueue.Work) {
			hrtimer.USleep(k, 40*us)
			workqueue.Schedule(k.CPU(), me)
		})
		done := 0
		for n := range 2 {
			r.helper(n, func(k *sched.Task) {
				hrtimer.USleep(k, 100*us+7*us*delay)
				workqueue.CancelSync(k, &w)
				if p, running := workqueue.Busy(k.CPU(), &w); p || running {
					t.Errorf("delay %d: pending %v, running %v", delay, p, running)
				}
				done++
			})
		}
		r.do(2, func(k *sched.Task) { workqueue.Schedule(k.CPU(), &w) })
		r.run(5 * sim.Millisecond)
		if done != 2 {
			t.Errorf("delay %d: %d of 2 have cancelled", delay, done)
		}
	}
}

// While a work is cancelled nobody can queue it.
func TestNoQueueWhileCancelled(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	w := r.work("w", 300*us, us)
	r.helper(0, func(k *sched.Task) {
		workqueue.Schedule(k.CPU(), w)
		hrtimer.USleep(k, 50*us)
		workqueue.CancelSync(k, w)
		r.say("cancelled")
	})
	r.do(1, func(k *sched.Task) {
		hrtimer.USleep(k, 150*us)
		if workqueue.Schedule(k.CPU(), w) || workqueue.Cancel(k.CPU(), w) {
			t.Error("queued or cancelled while somebody cancels it")
		}
		hrtimer.USleep(k, 500*us)
	})
	r.said("w", "w-", "cancelled")
}

// Flush waits for what was queued before, not for what comes after, even if
// there are more flushes at a time than colors.
func TestFlushColors(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	var wq *workqueue.Workqueue
	r.do(0, func(k *sched.Task) {
		wq = r.alloc(k, "one", 0, 1)
		workqueue.Flush(k, wq) // nothing to wait for
	})
	const n = 20
	for i := range n {
		r.helper(1, func(k *sched.Task) {
			hrtimer.USleep(k, 20*us*sim.Time(i))
			w := r.work(fmt.Sprint(i), sim.Millisecond, us)
			workqueue.QueueOn(k.CPU(), i%2, wq, w)
			workqueue.Flush(k, wq)
			r.say(fmt.Sprint("flushed ", i))
		})
	}
	r.run(900 * us)
	if waiting, overflow := workqueue.Colors(wq); waiting != 14 || overflow != 5 {
		t.Errorf("%d wait for their turn, %d for a color", waiting, overflow)
	}
	r.run(sim.Second)
	done := map[string]bool{}
	for _, what := range r.log {
		done[what] = true
		if i, ok := strings.CutPrefix(what, "flushed "); ok && !done[i+"-"] {
			t.Errorf("%s before its work had run", what)
		}
	}
	if len(r.log) != 3*n {
		t.Errorf("%d things happened: %q", len(r.log), r.log)
	}
	if r.log[3] != "flushed 0" && r.log[4] != "flushed 0" { // behind 0- and 1-
		t.Errorf("the first flush is late: %q", r.log)
	}
	if !workqueue.AtRest(wq) {
		t.Error("something is left of the flushes")
	}
}

// A flush is not kept from returning by works that come after it.
func TestFlushIsNotKept(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "busy", 0, 0)
		var w workqueue.Work
		runs := 0
		workqueue.Init(&w, "again", func(k *sched.Task, me *workqueue.Work) {
			runs++
			hrtimer.USleep(k, 100*us)
			workqueue.Queue(k.CPU(), wq, me)
		})
		workqueue.Queue(k.CPU(), wq, &w)
		workqueue.Flush(k, wq)
		if runs > 3 {
			t.Errorf("it ran %d times before the flush returned", runs)
		}
		workqueue.CancelSync(k, &w)
		workqueue.Destroy(k, wq)
	})
}

// Drain lets works queue others, and nobody else.
func TestDrain(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	var wq *workqueue.Workqueue
	chain := make([]workqueue.Work, 15)
	stranger := r.work("stranger", 0, us)
	for i := range chain {
		workqueue.Init(&chain[i], "chain", func(k *sched.Task, _ *workqueue.Work) {
			hrtimer.USleep(k, 50*us)
			r.say(fmt.Sprint(i))
			if i+1 < len(chain) {
				workqueue.Queue(k.CPU(), wq, &chain[i+1])
			}
		})
	}
	r.helper(1, func(k *sched.Task) {
		hrtimer.USleep(k, 120*us)
		workqueue.Queue(k.CPU(), wq, stranger)
	})
	r.do(0, func(k *sched.Task) {
		wq = r.alloc(k, "chained", 0, 0)
		workqueue.Queue(k.CPU(), wq, &chain[0])
		workqueue.Drain(k, wq)
	})
	r.said("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14")
	if l := r.dmesg("WARNING"); len(l) != 1 || !strings.Contains(l[0], "kernel/workqueue.c:1441 __queue_work") {
		t.Errorf("the log says %q", l)
	}
	if l := r.dmesg("drain_workqueue"); len(l) != 1 || l[0] != "workqueue chained: drain_workqueue() isn't complete after 10 tries" {
		t.Errorf("the log says %q", l)
	}
	again := r.work("again", 0, us)
	r.do(0, func(k *sched.Task) { workqueue.Queue(k.CPU(), wq, again); workqueue.Destroy(k, wq) })
	r.said("again", "again-")
}

// Destroy lets what waits run, and takes threads and shares away; a workqueue
// of which somebody queues works all the time stays.
func TestDestroy(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	before, threads := workqueue.Queues(r.c()), len(r.m.Tasks())
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "mine", workqueue.WQMemReclaim|workqueue.WQUnbound, 0)
		if workqueue.Rescuer(wq) == nil || r.task("mine") == nil || workqueue.Queues(k.CPU()) != before+1 {
			t.Error("no rescuer, or not in the list")
		}
		workqueue.Queue(k.CPU(), wq, r.work("last", 100*us, us))
		workqueue.Destroy(k, wq)
		r.said("last", "last-")
	})
	r.run(sim.Millisecond)
	if workqueue.Queues(r.c()) != before || r.task("mine") != nil || len(r.m.Tasks()) > threads+2 {
		t.Errorf("%d workqueues were %d, %d threads were %d", workqueue.Queues(r.c()), before, len(r.m.Tasks()), threads)
	}
	if len(r.dmesg("WARNING")) != 0 {
		t.Error("somebody is warned")
	}
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "busy", workqueue.WQUnbound, 0)
		var d workqueue.Delayed
		workqueue.InitDelayed(&d, "late", func(*sched.Task, *workqueue.Work) {})
		workqueue.Queue(k.CPU(), wq, r.work("w", 0, us))
		workqueue.Flush(k, wq)
		if got := workqueue.Text(wq, 0); got != "pwq 4: cpus=0-1 flags=0x4 nice=0 active=0/256 refcnt=2" {
			t.Errorf("its first share is %q", got)
		}
		workqueue.Destroy(k, wq)
	})
}

// What ends the machine: a work that waits for itself, or for its workqueue,
// or leaves something held.
func TestDeadlocks(t *testing.T) {
	for what, wrong := range map[string]func(k *sched.Task, w *workqueue.Work){
		"(work_completion)(wrong)":  func(k *sched.Task, w *workqueue.Work) { workqueue.FlushWork(k, w) },
		"(work_completion)(wrong) ": func(k *sched.Task, w *workqueue.Work) { workqueue.CancelSync(k, w) },
		"(wq_completion)events":     func(k *sched.Task, _ *workqueue.Work) { workqueue.Flush(k, workqueue.System(k.CPU())) },
	} {
		r := newRig(t, machine.Config{CPUs: 2})
		w := &workqueue.Work{}
		workqueue.Init(w, "wrong", wrong)
		err := r.m.Do("test", func(c *cpu.CPU) {
			workqueue.Schedule(c, w)
			hrtimer.USleep(sched.Current(c), sim.Millisecond)
		})
		var rep *oops.Report
		if !errors.As(err, &rep) || rep.Rule != "workqueue deadlock" || rep.Lines[1] != strings.TrimSpace(what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Who frees memory may not wait for who may need some.
func TestFlushDependency(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		reclaim, plain := r.alloc(k, "reclaim", workqueue.WQMemReclaim, 0), r.alloc(k, "plain", 0, 0)
		target := r.work("target", 200*us, us)
		flush := func(from *workqueue.Workqueue, fn func(k *sched.Task)) {
			var w workqueue.Work
			workqueue.Init(&w, "flusher", func(k *sched.Task, _ *workqueue.Work) { fn(k) })
			workqueue.QueueOn(k.CPU(), 1, plain, target)
			workqueue.QueueOn(k.CPU(), 0, from, &w)
			workqueue.FlushWork(k, &w)
			workqueue.FlushWork(k, target)
		}
		flush(plain, func(k *sched.Task) { workqueue.FlushWork(k, target) })
		flush(reclaim, func(k *sched.Task) {
			hrtimer.USleep(k, 50*us)
			workqueue.CancelSync(k, target)
		})
		if l := r.dmesg("is flushing"); len(l) != 0 {
			t.Errorf("the log says %q", l)
		}
		flush(reclaim, func(k *sched.Task) { workqueue.FlushWork(k, target) })
		flush(reclaim, func(k *sched.Task) { workqueue.Flush(k, plain) })
	})
	want := []string{"workqueue: WQ_MEM_RECLAIM reclaim:flusher is flushing !WQ_MEM_RECLAIM plain:target",
		"workqueue: WQ_MEM_RECLAIM reclaim:flusher is flushing !WQ_MEM_RECLAIM plain:0x0"}
	if l := r.dmesg("is flushing"); len(l) != 2 || l[0] != want[0] || l[1] != want[1] {
		t.Errorf("the log says %q", l)
	}
}
