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
}

// Of idle workers a quarter of the busy ones may stay, and two more; those go
// that have idled longest.
func TestHowManyStay(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2, Append: "watchdog_thresh=0"})
	r.sleepers(12) // 13 workers
	r.do(0, func(k *sched.Task) {
		for range 8 {
			workqueue.ScheduleOn(k.CPU(), 1, r.work("busy", 900*sim.Second, us))
		}
	})
	burn := func(after sim.Time, want int) {
		t.Helper()
		r.run(after)
		if err := r.m.Burn(1, 50*sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		r.run(sim.Second)
		if p := r.pool(2); p.Workers != want {
			t.Errorf("%d workers, want %d", p.Workers, want)
		}
	}
	burn(200*sim.Second, 13)
	burn(160*sim.Second, 11) // 3 idle: one more than two, and that is less than a quarter of 8
	burn(400*sim.Second, 11)
}

// Workers that idle for different times go at different times.
func TestSomeGoLater(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2, Append: "watchdog_thresh=0"})
	burn := func(after sim.Time, want int) {
		t.Helper()
		r.run(after)
		if err := r.m.Burn(1, 50*sim.Millisecond); err != nil {
			t.Fatal(err)
		}
		r.run(sim.Second)
		if p := r.pool(2); p.Workers != want {
			t.Errorf("%d workers, want %d", p.Workers, want)
		}
	}
	r.sleepers(6)
	r.run(200 * sim.Second)
	r.sleepers(3) // three of the seven have something to do
	burn(150*sim.Second, 3)
	burn(250*sim.Second, 2)
}

// A rescuer is called two jiffies, or ten milliseconds, after a worker was
// missing first, and every tenth of a second then.
func TestMaydays(t *testing.T) {
	for hz, calls := range map[int][2][2]sim.Time{ // a timer of the wheel is up to a bucket late
		250:  {{11 * sim.Millisecond, 12 * sim.Millisecond}, {103 * sim.Millisecond, 105 * sim.Millisecond}},
		1000: {{10500 * us, 11 * sim.Millisecond}, {100 * sim.Millisecond, 108 * sim.Millisecond}},
	} {
		r := newRig(t, machine.Config{CPUs: 2, HZ: hz})
		r.do(0, func(k *sched.Task) {
			wq := r.alloc(k, "reclaim", workqueue.WQMemReclaim, 0)
			workqueue.Shortage(k.CPU(), true)
			tick := sim.Second / sim.Time(hz)
			hrtimer.USleep(k, tick-k.CPU().Now()%tick+50*us)
			var w workqueue.Work
			workqueue.Init(&w, "w", func(k *sched.Task, _ *workqueue.Work) { r.say(k.Comm) })
			for i, within := range calls {
				start := k.CPU().Now()
				workqueue.QueueOn(k.CPU(), 1, wq, &w)
				workqueue.FlushWork(k, &w)
				if d := k.CPU().Now() - start; d < within[0] || d > within[1] {
					t.Errorf("HZ %d, call %d: after %v", hz, i, d)
				}
			}
			workqueue.Shortage(k.CPU(), false)
		})
		r.said("reclaim", "reclaim")
	}
}

// A rescuer goes to the CPU of each pool that calls it, one after another, and
// works on without another call.
func TestRescuerTravels(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 4})
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "reclaim", workqueue.WQMemReclaim, 1)
		if err := sched.SetAffinity(k.CPU(), workqueue.Rescuer(wq), []int{0}); err == nil {
			t.Error("a user may move a rescuer")
		}
		workqueue.Shortage(k.CPU(), true)
		works := make([]workqueue.Work, 12)
		var at [12]int
		start := k.CPU().Now()
		for i := range works {
			workqueue.Init(&works[i], "w", func(k *sched.Task, _ *workqueue.Work) {
				at[i] = k.CPU().ID
				hrtimer.USleep(k, 200*us)
				if k.Comm != "reclaim" || k.CPU().ID != at[i] {
					t.Errorf("%s begins on CPU %d and ends on CPU %d", k.Comm, at[i], k.CPU().ID)
				}
			})
			workqueue.QueueOn(k.CPU(), 1+i%3, wq, &works[i])
		}
		for !strings.Contains(workqueue.Text(wq, 1)+workqueue.Text(wq, 2)+workqueue.Text(wq, 3), " MAYDAY") {
			if hrtimer.USleep(k, 50*us); k.CPU().Now()-start > sim.Second {
				t.Fatal("nobody calls")
			}
		}
		workqueue.Flush(k, wq)
		if d := k.CPU().Now() - start; d > 60*sim.Millisecond {
			t.Errorf("it took %v", d)
		}
		for i, n := range at {
			if n != 1+i%3 {
				t.Errorf("work %d of CPU %d was rescued on CPU %d", i, 1+i%3, n)
			}
		}
		workqueue.Shortage(k.CPU(), false)
		workqueue.Destroy(k, wq)
	})
}

// A pool that is let go while its manager cannot make a worker waits for it.
func TestPoolGoesAfterItsManager(t *testing.T) {
	r := newRig(t, machine.Config{})
	before := len(workqueue.Pools(r.c()))
	r.do(0, func(k *sched.Task) {
		wq := r.alloc(k, "mine", workqueue.WQUnbound, 0)
		if err := workqueue.SetAttrs(k, wq, workqueue.Attrs{CPUs: cpumask.Of(2, 3)}); err != nil {
			t.Error(err)
		}
		workqueue.Shortage(k.CPU(), true)
		w := r.work("w", 0, us)
		workqueue.Queue(k.CPU(), wq, w)
		hrtimer.USleep(k, 50*sim.Millisecond)
		workqueue.Cancel(k.CPU(), w)
		workqueue.Destroy(k, wq)
		hrtimer.USleep(k, 100*sim.Millisecond)
		workqueue.Shortage(k.CPU(), false)
		if r.task("kworker/u9:0") == nil {
			t.Error("the manager has gone already")
		}
		hrtimer.USleep(k, 2*sim.Second)
	})
	if r.task("kworker/u9:0") != nil || len(workqueue.Pools(r.c())) != before {
		t.Errorf("pools: %+v", workqueue.Pools(r.c()))
	}
	r.do(0, func(k *sched.Task) { // and no lock is held
		wq := r.alloc(k, "next", workqueue.WQUnbound, 0)
		workqueue.Destroy(k, wq)
	})
}

// A CPU that goes leaves what waits to others at once, though its worker still
// computes.
func TestWaitingWorksOfADeadCPU(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 3})
	r.do(0, func(k *sched.Task) {
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
	steps := map[cost.Row]func(r *rig, k *sched.Task, w *workqueue.Work){
		cost.WorkQueue: func(r *rig, k *sched.Task, w *workqueue.Work) { workqueue.Schedule(k.CPU(), w) },
		cost.AtomicRMW: func(r *rig, k *sched.Task, w *workqueue.Work) { workqueue.Cancel(k.CPU(), w) },
		cost.WorkExecute: func(r *rig, k *sched.Task, w *workqueue.Work) {
			workqueue.ScheduleOn(k.CPU(), 1, w)
			workqueue.FlushWork(k, w)
		},
		cost.KThreadCreate: func(r *rig, k *sched.Task, w *workqueue.Work) {
			_ = workqueue.SetAttrs(k, r.alloc(k, "new", workqueue.WQUnbound, 0), workqueue.Attrs{CPUs: cpumask.Of(1)})
		},
	}
	for row, step := range steps {
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
