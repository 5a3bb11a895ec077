package workqueue_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// jiffy is a tick of the default machine.
const jiffy = 4 * sim.Millisecond

// late is a delayed work that says on which CPU it runs.
func (r *rig) late(name string) *workqueue.Delayed {
	d := &workqueue.Delayed{}
	workqueue.InitDelayed(d, name, func(k *sched.Task, _ *workqueue.Work) { r.say(fmt.Sprint(name, " on ", k.CPU().ID)) })
	return d
}

// A delayed work waits for its timer; without a delay it is queued at once.
func TestDelayed(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 3})
	d := r.late("d")
	sys := workqueue.System(r.c())
	wait := func(k *sched.Task, jiffies int) { hrtimer.USleep(k, sim.Time(jiffies)*jiffy) }
	r.do(1, func(k *sched.Task) {
		if !workqueue.QueueDelayed(k.CPU(), sys, d, 5) || workqueue.ScheduleDelayed(k.CPU(), d, 1) || !d.Pending() {
			t.Error("not queued once")
		}
		if p, running := workqueue.Busy(k.CPU(), &d.Work); !p || running {
			t.Errorf("busy: %v, %v", p, running)
		}
		wait(k, 4)
		r.said()
		wait(k, 3)
		r.said("d on 1")
		workqueue.ScheduleDelayed(k.CPU(), d, 0)
		wait(k, 1)
		r.said("d on 1")
		workqueue.QueueDelayedOn(k.CPU(), 2, sys, d, 3)
		wait(k, 2)
		r.said()
		wait(k, 4)
		r.said("d on 2")
	})
	var got string
	for _, line := range r.lines() {
		if strings.Contains(line, "function=d ") {
			got = line
		}
	}
	if !strings.Contains(got, "workqueue=events req_cpu=2 cpu=2") {
		t.Errorf("the trace says %q", got)
	}
	for line := range strings.Lines(r.text()) { // its function runs with interrupts off
		if strings.Contains(line, "timer_start: ") && strings.Contains(line, "function=delayed_work_timer_fn") && !strings.HasSuffix(line, "flags=I\n") {
			t.Errorf("the trace says %q", line)
		}
	}
}

// ModDelayed sets the time anew, whatever the work waits for.
func TestModDelayed(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	d := r.late("d")
	sys := workqueue.System(r.c())
	r.do(1, func(k *sched.Task) {
		if workqueue.ModDelayed(k.CPU(), sys, d, 20) {
			t.Error("it did not wait")
		}
		hrtimer.USleep(k, 10*jiffy)
		if !workqueue.ModDelayed(k.CPU(), sys, d, 3) {
			t.Error("it waited")
		}
		hrtimer.USleep(k, 2*jiffy)
		r.said()
		hrtimer.USleep(k, 4*jiffy)
		r.said("d on 1")
		workqueue.ScheduleDelayed(k.CPU(), d, 100)
		if !workqueue.ModDelayedOn(k.CPU(), 0, sys, d, 0) {
			t.Error("it waited")
		}
		hrtimer.USleep(k, 100*us)
		r.said("d on 0")
		workqueue.ScheduleDelayed(k.CPU(), d, 0)
		if !workqueue.ModDelayed(k.CPU(), sys, d, 2) {
			t.Error("it was queued")
		}
		hrtimer.USleep(k, 100*us)
		r.said()
		hrtimer.USleep(k, 4*jiffy)
		r.said("d on 1")
	})
}

// A delayed work is cancelled while it waits for its timer, and FlushDelayed
// does not wait for the timer.
func TestCancelDelayed(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	d := r.late("d")
	r.do(1, func(k *sched.Task) {
		if workqueue.CancelDelayed(k.CPU(), d) || workqueue.CancelDelayedSync(k, d) || workqueue.FlushDelayed(k, d) {
			t.Error("it waited from the first")
		}
		for _, how := range []func() bool{
			func() bool { return workqueue.CancelDelayed(k.CPU(), d) },
			func() bool { return workqueue.CancelDelayedSync(k, d) },
		} {
			workqueue.ScheduleDelayed(k.CPU(), d, 3)
			if !how() || d.Pending() || how() {
				t.Error("not cancelled once")
			}
			hrtimer.USleep(k, 6*jiffy)
			r.said()
		}
		start := timer.Jiffies(k.CPU())
		workqueue.ScheduleDelayed(k.CPU(), d, 1000)
		if !workqueue.FlushDelayed(k, d) || timer.Jiffies(k.CPU()) > start+1 {
			t.Error("not at once")
		}
		r.said("d on 1")
	})
}

// A delayed work whose function is slow, and queues itself, is stopped by
// CancelDelayedSync. Who modifies it meanwhile is told that it waits.
func TestCancelDelayedWhileItRuns(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2})
	d := &workqueue.Delayed{}
	workqueue.InitDelayed(d, "poll", func(k *sched.Task, _ *workqueue.Work) {
		r.say("poll")
		hrtimer.USleep(k, 300*us)
		workqueue.ScheduleDelayed(k.CPU(), d, 1)
	})
	r.helper(0, func(k *sched.Task) {
		workqueue.ScheduleDelayed(k.CPU(), d, 0)
		hrtimer.USleep(k, 100*us)
		workqueue.CancelDelayedSync(k, d)
		r.say("cancelled")
	})
	r.do(1, func(k *sched.Task) {
		hrtimer.USleep(k, 200*us)
		if !workqueue.ModDelayed(k.CPU(), workqueue.System(k.CPU()), d, 1) {
			t.Error("what is cancelled counts as waiting")
		}
		hrtimer.USleep(k, 5*jiffy)
	})
	r.said("poll", "cancelled")
}

// A delayed is what a seed does to one delayed work, and what has to come of
// it: the naive rules of delayed works, by their own count.
type delayedSpec struct {
	t        *testing.T
	seed     uint64
	d        workqueue.Delayed
	queued   int    // instances that are to run
	runs     int    // that have begun
	due      uint64 // the jiffy before which it may not run
	touching int    // somebody is about to change something
}

func (x *delayedSpec) live(k *sched.Task, _ *workqueue.Work) {
	x.runs++
	if x.touching == 0 && timer.Jiffies(k.CPU()) < x.due {
		x.t.Errorf("seed %d: it runs at jiffy %d, was to run at %d", x.seed, timer.Jiffies(k.CPU()), x.due)
	}
	hrtimer.USleep(k, 30*us)
}

// step does one thing that rnd chooses.
func (x *delayedSpec) step(k *sched.Task, rnd *rand.Rand) {
	delay := uint64(rnd.IntN(4))
	wq := workqueue.System(k.CPU())
	x.touching++
	switch rnd.IntN(8) {
	case 0, 1:
		if workqueue.QueueDelayed(k.CPU(), wq, &x.d, delay) {
			x.queued++
			x.due = timer.Jiffies(k.CPU()) + delay - min(delay, 1)
		}
	case 2, 3:
		if !workqueue.ModDelayedOn(k.CPU(), rnd.IntN(2), wq, &x.d, delay) {
			x.queued++
		}
		x.due = timer.Jiffies(k.CPU()) + delay - min(delay, 1)
	case 4:
		if workqueue.CancelDelayed(k.CPU(), &x.d) {
			x.queued--
		}
	case 5:
		if workqueue.CancelDelayedSync(k, &x.d) {
			x.queued--
		}
		if x.touching == 1 && (x.runs != x.queued || x.d.Pending()) {
			x.t.Errorf("seed %d: cancelled, %d instances, %d have run, pending %v", x.seed, x.queued, x.runs, x.d.Pending())
		}
	case 6:
		workqueue.FlushDelayed(k, &x.d)
	default:
		hrtimer.USleep(k, sim.Time(rnd.IntN(12))*sim.Millisecond)
	}
	x.touching--
}

// However delayed works are queued, modified and cancelled, each instance runs
// once, and none too early.
func TestDelayedSeeds(t *testing.T) {
	seeds := uint64(300)
	if testing.Short() {
		seeds = 20
	}
	for seed := uint64(1); seed <= seeds && !t.Failed(); seed++ {
		cfg := machine.Config{CPUs: 2, Seed: seed, Append: preemption(seed)}
		if seed%2 == 0 {
			cfg.Cost = prices(seed)
		}
		m, err := machine.Boot(cfg)
		if err != nil {
			t.Fatal(err)
		}
		r := &rig{t: t, m: m}
		x := &delayedSpec{t: t, seed: seed}
		workqueue.InitDelayed(&x.d, "delayed", x.live)
		over := 0
		for n := range uint64(1 + seed%3) {
			sched.KThread(r.c(), "user", func(k *sched.Task) {
				rnd := rand.New(rand.NewPCG(seed, n))
				for range 20 {
					x.step(k, rnd)
				}
				over++
			})
		}
		r.run(2 * sim.Second)
		if over != 1+int(seed%3) || x.runs != x.queued || x.d.Pending() {
			t.Errorf("seed %d: %d have ended, %d instances, %d runs, pending %v", seed, over, x.queued, x.runs, x.d.Pending())
		}
		m.Close()
	}
}
