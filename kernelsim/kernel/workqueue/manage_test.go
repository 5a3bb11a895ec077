package workqueue_test

import (
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/cpumask"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

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
