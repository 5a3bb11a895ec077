package workqueue_test

import (
	"errors"
	"fmt"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/kernel/errno"
	"bothhalves/kernelsim/kernel/hotplug"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/preempt"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/softirq"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// newer is a machine that has BH workqueues.
func newer(cpus int, seed uint64) machine.Config {
	return machine.Config{Kernel: "6.12", CPUs: cpus, Seed: seed}
}

// A BH work runs in a softirq of the CPU that queues it, or for which it is
// queued; one of high priority before the others.
func TestBHWorks(t *testing.T) {
	r := newRig(t, newer(2, 1))
	where := func(name string) *workqueue.Work {
		w := &workqueue.Work{}
		workqueue.Init(w, name, func(k *sched.Task, me *workqueue.Work) {
			c := k.CPU()
			r.say(fmt.Sprintf("%s on %d in softirq %v", name, c.ID, preempt.InServingSoftIRQ(c)))
			if !c.IF() || workqueue.Current(c) != nil {
				t.Errorf("%s: interrupts on %v, works on %v", name, c.IF(), workqueue.Current(c))
			}
		})
		return w
	}
	low, high := where("low"), where("high")
	for n := range 2 {
		r.do(1, func(k *sched.Task) {
			was := softirq.Count(r.m.CPUs()[n], softirq.Tasklet)
			softirq.BHDisable(k.CPU())
			if n == 1 {
				workqueue.Queue(k.CPU(), workqueue.BH(k.CPU()), low)
				workqueue.Queue(k.CPU(), workqueue.BHHighPri(k.CPU()), high)
				r.said() // not before bottom halves may run
			} else {
				workqueue.QueueOn(k.CPU(), n, workqueue.BHHighPri(k.CPU()), high)
				workqueue.QueueOn(k.CPU(), n, workqueue.BH(k.CPU()), low)
			}
			softirq.BHEnable(k.CPU())
			workqueue.FlushWork(k, low)
			workqueue.FlushWork(k, high)
			if softirq.Count(r.m.CPUs()[n], softirq.Tasklet) == was {
				t.Error("no TASKLET softirq was counted")
			}
		})
		r.said(fmt.Sprintf("high on %d in softirq true", n), fmt.Sprintf("low on %d in softirq true", n))
	}
}

// One call of the softirq runs ten works, or as many as two milliseconds hold.
func TestBHLimits(t *testing.T) {
	for _, tt := range []struct {
		each        sim.Time
		works       int
		least, most int
	}{{us, 25, 10, 10}, {1500 * us, 8, 2, 4}} {
		r := newRig(t, newer(1, 1))
		runs, most := 0, 0
		var works []*workqueue.Work
		for range tt.works {
			w := &workqueue.Work{}
			workqueue.Init(w, "bh", func(k *sched.Task, _ *workqueue.Work) {
				runs++
				for end := k.CPU().Now() + tt.each; k.CPU().Now() < end; {
					k.CPU().Spend(cost.ProbeLoop)
				}
			})
			works = append(works, w)
		}
		before, calls := 0, softirq.Count(r.c(), softirq.Tasklet)
		r.m.Engine().Observe(func(sim.Step) {
			if n := softirq.Count(r.c(), softirq.Tasklet); n != calls {
				calls, most, before = n, max(most, runs-before), runs
			}
		})
		r.do(0, func(k *sched.Task) {
			softirq.BHDisable(k.CPU())
			for _, w := range works {
				workqueue.Queue(k.CPU(), workqueue.BH(k.CPU()), w)
			}
			softirq.BHEnable(k.CPU())
			workqueue.Flush(k, workqueue.BH(k.CPU()))
		})
		most = max(most, runs-before)
		if runs != tt.works || most > tt.most || most < tt.least {
			t.Errorf("%v each: %d of %d ran, at most %d in a softirq", tt.each, runs, tt.works, most)
		}
	}
}

func TestBHRefused(t *testing.T) {
	r := newRig(t, newer(1, 1))
	r.do(0, func(k *sched.Task) {
		for _, tt := range []struct {
			flags workqueue.Flags
			most  int
			ok    bool
		}{{workqueue.WQBH, 0, true}, {workqueue.WQBH | workqueue.WQHighPri, 0, true},
			{workqueue.WQBH, 1, false}, {workqueue.WQBH | workqueue.WQMemReclaim, 0, false}} {
			wq, err := workqueue.Alloc(k.CPU(), "bh", tt.flags, tt.most)
			if (err == nil) != tt.ok || err != nil && !errors.Is(err, errno.EINVAL) {
				t.Errorf("%#x, %d: %v", tt.flags, tt.most, err)
			}
			if wq != nil {
				workqueue.Destroy(k, wq)
			}
		}
	})
	old := newRig(t, machine.Config{CPUs: 1})
	old.do(0, func(k *sched.Task) {
		if _, err := workqueue.Alloc(k.CPU(), "bh", workqueue.WQBH, 0); !errors.Is(err, errno.EINVAL) || workqueue.BH(k.CPU()) != nil {
			t.Errorf("before 6.9: %v", err)
		}
	})
}

// The works that a CPU's softirqs have left when it goes run elsewhere.
func TestBHOfADeadCPU(t *testing.T) {
	for seed := uint64(1); seed <= 8; seed++ {
		r := newRig(t, newer(3, seed))
		queued, ran := 0, 0
		works := make([]workqueue.Work, 60)
		for i := range works {
			workqueue.Init(&works[i], "bh", func(k *sched.Task, _ *workqueue.Work) { ran++ })
		}
		stop := false
		r.helper(2, func(k *sched.Task) {
			for i := 0; i < len(works) && !stop && k.CPU().ID == 2; i++ {
				c := k.CPU()
				flags := c.SaveFlags()
				workqueue.QueueOn(c, 2, []*workqueue.Workqueue{workqueue.BH(c), workqueue.BHHighPri(c)}[i%2], &works[i])
				queued++
				c.RestoreFlags(flags)
				hrtimer.USleep(k, 5*us)
			}
		})
		r.do(0, func(k *sched.Task) {
			hrtimer.USleep(k, sim.Time(seed)*10*us)
			if err := hotplug.Down(k, 2); err != nil {
				t.Error(err)
			}
			stop = true
			workqueue.Flush(k, workqueue.BH(k.CPU()))
			workqueue.Flush(k, workqueue.BHHighPri(k.CPU()))
		})
		if queued == 0 || ran != queued {
			t.Errorf("seed %d: %d queued, %d ran", seed, queued, ran)
		}
		ran = 0
		left := make([]workqueue.Work, 15) // more than one call runs
		r.do(0, func(k *sched.Task) {
			for i := range left {
				workqueue.Init(&left[i], "left", func(*sched.Task, *workqueue.Work) { ran++ })
				workqueue.LeaveBH(k.CPU(), 2, &left[i])
			}
			workqueue.SoftIRQDead(k, 2)
			if ran != len(left) {
				t.Errorf("seed %d: %d of %d ran", seed, ran, len(left))
			}
			workqueue.SoftIRQDead(k, 2) // nothing is left
			if err := hotplug.Up(k, 2); err != nil {
				t.Error(err)
			}
			var w workqueue.Work
			on := -1
			workqueue.Init(&w, "back", func(k *sched.Task, _ *workqueue.Work) { on = k.CPU().ID })
			workqueue.QueueOn(k.CPU(), 2, workqueue.BH(k.CPU()), &w)
			workqueue.FlushWork(k, &w)
			if on != 2 {
				t.Errorf("seed %d: with CPU 2 back it runs on CPU %d", seed, on)
			}
		})
		r.bhAtRest()
	}
}

// bhAtRest looks at the pools of a machine of three processors with BH
// workqueues.
func (r *rig) bhAtRest() {
	r.t.Helper()
	if err := workqueue.Consistent(r.c()); err != nil {
		r.t.Error(err)
	}
	for _, id := range []int{0, 1, 4, 5, 8, 9} {
		if p := r.pool(id); p.CPU != id/4 || p.Node != 0 || p.Workers != 1 || p.Idle != 1 || p.Nice != -20*(id%2) || !p.Alone {
			r.t.Errorf("BH pool %+v", p)
		}
	}
	if workqueue.MaxActiveOf(workqueue.BH(r.c())) < 1<<30 {
		r.t.Error("BH works are limited")
	}
}

// What races with BH works loses nothing either.
func TestBHSeeds(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 8
	}
	ran := 0
	for seed := uint64(1); seed <= seeds && !t.Failed(); seed++ {
		r := newRig(t, newer(1+int(seed%3), seed))
		a := &animal{rnd: nil}
		workqueue.Init(&a.Work, "bh", func(k *sched.Task, _ *workqueue.Work) {
			if a.running++; a.running > 1 {
				t.Errorf("seed %d: it runs twice at a time", seed)
			}
			k.CPU().Spend(cost.ProbeLoop)
			a.running--
			a.ended++
		})
		for n := range len(r.m.CPUs()) {
			sched.KThread(r.c(), "user", func(k *sched.Task) {
				for i := range 30 {
					if workqueue.Queue(k.CPU(), workqueue.BH(k.CPU()), &a.Work) {
						a.queued++
					}
					switch (i + n) % 4 {
					case 0:
						workqueue.FlushWork(k, &a.Work)
					case 1:
						if workqueue.Cancel(k.CPU(), &a.Work) {
							a.cancelled++
						}
					case 2:
						if workqueue.CancelSync(k, &a.Work) {
							a.cancelled++
						}
					}
				}
			})
		}
		r.run(20 * sim.Millisecond)
		if a.queued != a.ended+a.cancelled || a.Pending() {
			t.Errorf("seed %d: %d queued, %d ran, %d cancelled, pending %v", seed, a.queued, a.ended, a.cancelled, a.Pending())
		}
		ran += a.ended
	}
	if ran < int(seeds) {
		t.Errorf("%d ran in %d runs", ran, seeds)
	}
}
