package workqueue_test

import (
	"testing"

	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// turns are what a driver does again and again with works that are there.
func turns(r *rig, k *sched.Task) map[string]func() {
	sys := workqueue.System(k.CPU())
	w, d := &workqueue.Work{}, &workqueue.Delayed{}
	workqueue.Init(w, "w", func(*sched.Task, *workqueue.Work) {})
	workqueue.InitDelayed(d, "d", func(*sched.Task, *workqueue.Work) {})
	until := func(w *workqueue.Work) {
		for w.Pending() {
			hrtimer.USleep(k, 20*us)
		}
	}
	return map[string]func(){
		"queue and run":         func() { workqueue.Queue(k.CPU(), sys, w); until(w) },
		"queue on another CPU":  func() { workqueue.QueueOn(k.CPU(), 1, sys, w); until(w) },
		"queue on unbound":      func() { workqueue.Queue(k.CPU(), workqueue.Unbound(k.CPU()), w); until(w) },
		"queue and cancel":      func() { workqueue.QueueOn(k.CPU(), 1, sys, w); workqueue.Cancel(k.CPU(), w); until(w) },
		"queue delayed and run": func() { workqueue.QueueDelayed(k.CPU(), sys, d, 1); until(&d.Work) },
		"modify and cancel":     func() { workqueue.ModDelayed(k.CPU(), sys, d, 9); workqueue.CancelDelayed(k.CPU(), d) },
	}
}

func TestAllocatesNothing(t *testing.T) {
	r := newRig(t, machine.Config{CPUs: 2, TraceLimit: 1024})
	r.do(0, func(k *sched.Task) {
		for name, turn := range turns(r, k) {
			for range 100 {
				turn() // the pools are warm then
			}
			if n := testing.AllocsPerRun(100, turn); n != 0 {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
	})
}

// BenchmarkQueue is a work that is queued, run and waited for.
func BenchmarkQueue(b *testing.B) {
	r := newRig(b, machine.Config{CPUs: 2, TraceLimit: 1024})
	if err := r.m.Run(sim.Millisecond); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.ResetTimer()
	left := b.N
	over := false
	sched.KThreadOn(r.c(), 0, "bench", func(k *sched.Task) {
		turn := turns(r, k)["queue and run"]
		for ; left > 0; left-- {
			turn()
		}
		over = true
	})
	for !over {
		if err := r.m.Run(sim.Second); err != nil {
			b.Fatal(err)
		}
	}
}
