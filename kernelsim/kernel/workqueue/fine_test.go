package workqueue_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/lock"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/oops"
	"bothhalves/kernelsim/sim"
)

// The workqueues that everybody may use have the usual limit.
func TestSystemQueues(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2, Kernel: "6.12"})
	for name, wq := range map[string]*workqueue.Workqueue{"events": workqueue.System(r.c()), "events_highpri": workqueue.HighPri(r.c()),
		"events_long": workqueue.Long(r.c()), "events_freezable": workqueue.Freezable(r.c()),
		"events_power_efficient":  workqueue.PowerEfficient(r.c()),
		"events_freezable_power_": workqueue.FreezablePowerEfficient(r.c())} {
		if wq.Name() != name || workqueue.MaxActiveOf(wq) != 256 {
			t.Errorf("%s is called %s, limit %d", name, wq.Name(), workqueue.MaxActiveOf(wq))
		}
	}
	if workqueue.MaxActiveOf(workqueue.Unbound(r.c())) != 512 {
		t.Error("events_unbound has another limit")
	}
}

// An unbound workqueue of one work at a time has one share, until somebody
// asks for more.
func TestOrderedByNumber(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4, Nodes: 2})
	r.do(0, func(k *sched.Task) {
		one, two, bound := r.alloc(k, "one", workqueue.WQUnbound, 1), r.alloc(k, "two", workqueue.WQUnbound, 2), r.alloc(k, "bound", 0, 1)
		for wq, want := range map[*workqueue.Workqueue]int{one: 1, two: 3, bound: 4} {
			if got := workqueue.Shares(wq); len(got) != want {
				t.Errorf("%s has shares %q", wq.Name(), got)
			}
		}
		if err := workqueue.SetAttrs(k, one, workqueue.Attrs{CPUs: cpumask.FirstN(4)}); err != nil {
			t.Error(err)
		}
		hrtimer.USleep(k, sim.Millisecond)
		if got := workqueue.Shares(one); len(got) != 3 {
			t.Errorf("with new attributes it has shares %q", got)
		}
		for _, flags := range []workqueue.Flags{workqueue.WQFreezable, workqueue.WQMemReclaim, workqueue.WQHighPri, workqueue.WQSysfs} {
			if _, err := workqueue.AllocOrdered(k.CPU(), "ord", flags); err != nil {
				t.Error(err)
			}
		}
	})
}

// Two works have two names in the trace, and one that was held back is
// activated when it is its turn.
func TestTraceOfTwo(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "one", 0, 1)
		for _, name := range []string{"first", "second"} {
			workqueue.QueueOn(k.CPU(), 1, wq, r.work(name, 100*us, us))
		}
		workqueue.Flush(k, wq)
	})
	lines := r.lines()
	at := func(text string) int {
		return slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, text) })
	}
	first, second := strings.Fields(lines[at("function=first")])[2], strings.Fields(lines[at("function=second")])[2]
	activated := at("workqueue_activate_work: work struct " + strings.TrimPrefix(second, "struct="))
	if first == second || activated < at("execute_end: work struct "+strings.TrimPrefix(first, "struct=")) {
		t.Errorf("%s and %s:\n%s", first, second, strings.Join(lines, "\n"))
	}
}

// A worker whose work wakes up while another one runs goes on; the other one
// stops then, though works wait.
func TestTwoAwake(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.sleepers(4)
	r.do(0, func(k *sched.Task) {
		var a workqueue.Work
		workqueue.Init(&a, "a", func(k *sched.Task, _ *workqueue.Work) {
			hrtimer.USleep(k, 100*us)
			r.say("a awake")
			for range 60 {
				sched.Compute(k, sim.Millisecond)
				sched.CondResched(k)
			}
			r.say("a-")
		})
		workqueue.ScheduleOn(k.CPU(), 1, &a)
		workqueue.ScheduleOn(k.CPU(), 1, r.polite("b", 20*sim.Millisecond))
		workqueue.ScheduleOn(k.CPU(), 1, r.work("c", 0, us))
		workqueue.Flush(k, workqueue.System(k.CPU()))
	})
	r.said("b", "a awake", "b-", "a-", "c", "c-")
}

// Workers that were made later count as the first one does.
func TestLaterWorkersCount(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.sleepers(4)
	for range 4 {
		r.do(0, func(k *sched.Task) {
			for _, name := range []string{"a", "b", "c"} {
				workqueue.ScheduleOn(k.CPU(), 1, r.polite(name, 10*sim.Millisecond))
			}
			workqueue.Flush(k, workqueue.System(k.CPU()))
		})
		r.said("a", "a-", "b", "b-", "c", "c-")
		r.sleepers(3)
	}
}

// A work that queues itself again and again lets others have the CPU.
func TestHogGivesWay(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	over := false
	var hog workqueue.Work
	workqueue.Init(&hog, "hog", func(k *sched.Task, me *workqueue.Work) {
		sched.Compute(k, 100*us)
		if !over && k.CPU().Now() < 2*sim.Second {
			workqueue.Schedule(k.CPU(), me)
		}
	})
	r.helper(1, func(k *sched.Task) {
		hrtimer.USleep(k, 5*sim.Millisecond)
		over = true
	})
	r.do(0, func(k *sched.Task) { workqueue.ScheduleOn(k.CPU(), 1, &hog); hrtimer.USleep(k, 100*sim.Millisecond) })
	if !over {
		t.Error("nobody else has run")
	}
}

var firstLock, secondLock = lock.Define("wq_test_first"), lock.Define("wq_test_second")

// What a work may not leave behind.
func TestLeak(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	var w workqueue.Work
	workqueue.Init(&w, "leaky", func(k *sched.Task, _ *workqueue.Work) { preempt.Disable(k.CPU()) })
	err := r.m.Do("test", func(c *cpu.CPU) { workqueue.ScheduleOn(c, 1, &w); hrtimer.USleep(sched.Current(c), sim.Millisecond) })
	var rep *oops.Report
	if !errors.As(err, &rep) || rep.Title != "BUG: workqueue leaked lock or atomic: kworker/1:0/0x00000001/22" ||
		rep.Lines[0] != "     last function: leaky" || rep.Lines[1] != "no locks held by kworker/1:0/22." {
		t.Errorf("%v", err)
	}
	for n := 1; n <= 2; n++ {
		r := newRig(t, machine.Config{CPUs: 2})
		workqueue.Init(&w, "leaky", func(k *sched.Task, _ *workqueue.Work) {
			firstLock.Of(k.CPU()).Lock(k.CPU())
			if n == 2 {
				secondLock.Of(k.CPU()).Lock(k.CPU())
			}
		})
		err := r.m.Do("test", func(c *cpu.CPU) { workqueue.ScheduleOn(c, 1, &w); hrtimer.USleep(sched.Current(c), sim.Millisecond) })
		want := []string{"1 lock held by kworker/1:0/22:", "2 locks held by kworker/1:0/22:"}[n-1]
		if !errors.As(err, &rep) || rep.Lines[1] != want {
			t.Errorf("%v", err)
		}
	}
}

// A CPU that goes leaves what waits to others at once, though its worker still
// computes.
func TestWaitingWorksOfADeadCPU(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 3})
	r.do(0, func(k *sched.Task) {
		for range 3 { // all workers have run before
			workqueue.ScheduleOn(k.CPU(), 2, r.work("warm", 100*us, us))
		}
		workqueue.Flush(k, workqueue.System(k.CPU()))
		r.log = nil
		workqueue.ScheduleOn(k.CPU(), 2, r.polite("long", 60*sim.Millisecond))
		hrtimer.USleep(k, 5*sim.Millisecond)
		workqueue.ScheduleOn(k.CPU(), 2, r.work("waits", 0, us))
		r.said("long")
		if err := hotplug.Down(k, 2); err != nil {
			t.Error(err)
		}
		hrtimer.USleep(k, 5*sim.Millisecond)
		r.said("waits", "waits-")
		workqueue.Flush(k, workqueue.System(k.CPU()))
		r.said("long-")
	})
	if err := workqueue.Consistent(r.c()); err != nil {
		t.Error(err)
	}
}

// Drain complains after 10, 100 and then each hundred of tries, up to 1,000.
func TestDrainComplains(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 1})
	var wq *workqueue.Workqueue
	chain := make([]workqueue.Work, 1110)
	for i := range chain {
		workqueue.Init(&chain[i], "chain", func(k *sched.Task, _ *workqueue.Work) {
			if hrtimer.USleep(k, 5*us); i+1 < len(chain) {
				workqueue.Queue(k.CPU(), wq, &chain[i+1])
			}
		})
	}
	r.do(0, func(k *sched.Task) {
		wq = r.alloc(k, "chain", 0, 0)
		workqueue.Queue(k.CPU(), wq, &chain[0])
		workqueue.Drain(k, wq)
	})
	want := []string{"workqueue chain: drain_workqueue() isn't complete after 10 tries"}
	for n := 100; n <= 1000; n += 100 {
		want = append(want, fmt.Sprintf("workqueue chain: drain_workqueue() isn't complete after %d tries", n))
	}
	if got := r.dmesg("drain_workqueue"); !slices.Equal(got, want) {
		t.Errorf("the log says %q", got)
	}
}

// Each step has its price: a list on which it is dear makes the whole dear.
func TestPrices(t *testing.T) {
	steps := []struct {
		row  cost.Row
		step func(r *rig, k *sched.Task, w *workqueue.Work)
	}{
		{cost.WorkQueue, func(r *rig, k *sched.Task, w *workqueue.Work) { workqueue.Schedule(k.CPU(), w) }},
		{cost.AtomicRMW, func(r *rig, k *sched.Task, w *workqueue.Work) { workqueue.Cancel(k.CPU(), w) }},
		{cost.AtomicRMW, func(r *rig, k *sched.Task, w *workqueue.Work) { workqueue.Schedule(k.CPU(), w) }},
		{cost.AtomicRMW, func(r *rig, k *sched.Task, w *workqueue.Work) { workqueue.ScheduleDelayed(k.CPU(), r.late("d"), 9) }},
		{cost.WorkExecute, func(r *rig, k *sched.Task, w *workqueue.Work) {
			workqueue.ScheduleOn(k.CPU(), 1, w)
			workqueue.FlushWork(k, w)
		}},
		{cost.KThreadCreate, func(r *rig, k *sched.Task, w *workqueue.Work) {
			_ = workqueue.SetAttrs(k, r.alloc(k, "new", workqueue.WQUnbound, 0), workqueue.Attrs{CPUs: cpumask.Of(1)})
		}},
	}
	for _, x := range steps {
		row, step := x.row, x.step
		table := cost.Default()
		table[row] = 700_000
		r := newRig(t, machine.Config{CPUs: 2, Cost: &table})
		w := r.work("w", 0, us)
		r.do(0, func(k *sched.Task) {
			start := k.CPU().Now()
			step(r, k, w)
			if d := k.CPU().Now() - start; d < 700*us {
				t.Errorf("%v: %v", row, d)
			}
		})
	}
}

// All who wait for a work that waits itself wait until it has run.
func TestManyFlushers(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	a, b := r.work("a", 300*us, us), r.work("b", 300*us, us)
	r.do(1, func(k *sched.Task) {
		wq := r.alloc(k, "one", 0, 1)
		workqueue.QueueOn(k.CPU(), 0, wq, a)
		workqueue.QueueOn(k.CPU(), 0, wq, b)
		for range 3 {
			r.helper(1, func(k *sched.Task) {
				workqueue.FlushWork(k, b)
				r.say("flushed")
			})
		}
		hrtimer.USleep(k, 2*sim.Millisecond)
		r.said("a", "a-", "b", "b-", "flushed", "flushed", "flushed")
		if !workqueue.AtRest(wq) || workqueue.Consistent(k.CPU()) != nil {
			t.Error("something is left")
		}
	})
}

// Who waits for a work that is held back goes on when it is cancelled.
func TestCancelUnderFlush(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	a, b := r.work("a", sim.Millisecond, us), r.work("b", 0, us)
	r.do(1, func(k *sched.Task) {
		wq := r.alloc(k, "one", 0, 1)
		workqueue.QueueOn(k.CPU(), 0, wq, a)
		workqueue.QueueOn(k.CPU(), 0, wq, b)
		r.helper(1, func(k *sched.Task) {
			workqueue.FlushWork(k, b)
			r.say("flushed")
		})
		hrtimer.USleep(k, 100*us)
		if !workqueue.Cancel(k.CPU(), b) {
			t.Error("not cancelled")
		}
		workqueue.FlushWork(k, a)
		r.said("a", "flushed", "a-")
		if err := workqueue.Consistent(k.CPU()); err != nil {
			t.Error(err)
		}
	})
}

// If the limit rises by one, one more begins, though all others sleep.
func TestOneMore(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "one", 0, 1)
		for _, name := range []string{"a", "b", "c"} {
			workqueue.QueueOn(k.CPU(), 1, wq, r.work(name, sim.Millisecond, us))
		}
		hrtimer.USleep(k, 100*us)
		workqueue.SetMaxActive(k, wq, 2)
		hrtimer.USleep(k, 100*us)
		r.said("a", "b")
		workqueue.Flush(k, wq)
	})
}

// A node of which only the boot processor is has its own pool, too.
func TestNodeOfTheBootCPU(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2, Nodes: 2})
	if got := workqueue.Shares(workqueue.Unbound(r.c())); len(got) != 3 {
		t.Errorf("shares: %q", got)
	}
}

// Attributes may change while works are queued: each runs once all the same.
func TestAttrsSeeds(t *testing.T) {
	seeds := uint64(200)
	if testing.Short() {
		seeds = 30
	}
	for seed := uint64(1); seed <= seeds && !t.Failed(); seed++ {
		m, err := machine.Boot(machine.Config{CPUs: 3, Seed: seed, Cost: prices(seed)})
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, m: m}
		queued, ran, over := 0, 0, 0
		var wq *workqueue.Workqueue
		r.do(0, func(k *sched.Task) { wq = r.alloc(k, "changing", workqueue.WQUnbound, 0) })
		r.helper(0, func(k *sched.Task) {
			for i := range 40 {
				if err := workqueue.SetAttrs(k, wq, workqueue.Attrs{CPUs: cpumask.FirstN(3), Nice: 1 + i%2}); err != nil {
					t.Error(err)
				}
			}
			over++
		})
		for n := 1; n <= 2; n++ {
			r.helper(n, func(k *sched.Task) {
				var w workqueue.Work
				workqueue.Init(&w, "w", func(*sched.Task, *workqueue.Work) { ran++ })
				for range 100 {
					if workqueue.Queue(k.CPU(), wq, &w) {
						queued++
					}
					sched.CondResched(k)
				}
				workqueue.FlushWork(k, &w)
				over++
			})
		}
		r.run(2 * sim.Second)
		if err := workqueue.Consistent(r.c()); err != nil || over != 3 || ran != queued {
			t.Errorf("seed %d: %v, %d of 3 have ended, %d queued, %d ran", seed, err, over, queued, ran)
		}
		m.Close()
	}
}
