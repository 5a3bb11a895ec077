package workqueue_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// An animal is a work of a herd and how often what happened to it, as those
// count who did it.
type animal struct {
	workqueue.Work
	id                 int
	queued, cancelled  int // Queue and Cancel that were successful
	queueing, catching int // that somebody is about
	begun, ended       int // runs
	running            int
	wq                 *workqueue.Workqueue
	rnd                *rand.Rand
}

// A herd is some works, on a few workqueues, that everybody queues, cancels
// and waits for.
type herd struct {
	seed    uint64
	r       *rig
	animals []*animal
	queues  []*workqueue.Workqueue
}

func newHerd(r *rig, seed uint64, n int) *herd {
	h := &herd{r: r, seed: seed}
	r.do(0, func(k *sched.Task) {
		ordered, err := workqueue.AllocOrdered(k.CPU(), "ordered", 0)
		if err != nil {
			r.t.Fatal(err)
		}
		h.queues = []*workqueue.Workqueue{workqueue.System(k.CPU()), ordered, workqueue.Unbound(k.CPU()),
			r.alloc(k, "one", 0, 1), r.alloc(k, "heavy", workqueue.WQCPUIntensive|workqueue.WQHighPri, 2)}
	})
	for i := range n {
		a := &animal{id: i, wq: h.queues[i%len(h.queues)], rnd: rand.New(rand.NewPCG(seed, uint64(i)))}
		workqueue.Init(&a.Work, fmt.Sprint("animal", i), func(k *sched.Task, _ *workqueue.Work) { h.live(k, a) })
		h.animals = append(h.animals, a)
	}
	return h
}

// live is what a work does: it computes or sleeps, and may queue itself.
func (h *herd) live(k *sched.Task, a *animal) {
	a.begun++
	if a.running++; a.running > 1 {
		h.r.t.Errorf("animal %d runs twice at a time", a.id)
	}
	if a.rnd.IntN(2) == 0 {
		hrtimer.USleep(k, sim.Time(a.rnd.IntN(20))*us)
	} else {
		sched.Compute(k, sim.Time(a.rnd.IntN(5))*us)
	}
	if a.rnd.IntN(4) == 0 {
		h.queue(k, a, workqueue.AnyCPU)
	}
	a.running--
	a.ended++
}

func (h *herd) queue(k *sched.Task, a *animal, n int) {
	a.queueing++
	if workqueue.QueueOn(k.CPU(), n, a.wq, &a.Work) {
		a.queued++
	}
	a.queueing--
}

// drive does n things to works that rnd chooses.
func (h *herd) drive(k *sched.Task, seed uint64, n int) {
	rnd := rand.New(rand.NewPCG(seed, 77))
	for range n {
		a := h.animals[rnd.IntN(len(h.animals))]
		switch rnd.IntN(9) {
		case 0:
			hrtimer.USleep(k, sim.Time(rnd.IntN(30))*us)
		case 1:
			h.cancel(a, func() bool { return workqueue.Cancel(k.CPU(), &a.Work) })
		case 2:
			h.cancelSync(k, a)
		case 3, 4:
			h.flush(k, a)
		case 5:
			h.flushAll(k, a.wq)
		default:
			on := workqueue.AnyCPU
			if rnd.IntN(2) == 0 {
				on = rnd.IntN(len(h.r.m.CPUs()))
			}
			h.queue(k, a, on)
		}
	}
}

func (h *herd) cancel(a *animal, how func() bool) {
	a.catching++
	if how() {
		a.cancelled++
	}
	a.catching--
}

// cancelSync looks whether the work is at rest, if nobody has touched it since.
func (h *herd) cancelSync(k *sched.Task, a *animal) {
	before, alone := a.queued, a.queueing == 0
	h.cancel(a, func() bool { return workqueue.CancelSync(k, &a.Work) })
	if alone && a.queueing == 0 && a.queued == before && (a.running > 0 || a.Pending() && a.catching == 0) {
		h.r.t.Errorf("animal %d is cancelled: running %d, pending %v", a.id, a.running, a.Pending())
	}
}

// flush looks whether all instances have run that were queued before, or have
// been taken back. If the last one was taken back meanwhile there is nothing to
// wait for, even if the one before it still runs: that is Linux's, too.
func (h *herd) flush(k *sched.Task, a *animal) {
	before, cancelled := a.queued, a.cancelled
	workqueue.FlushWork(k, &a.Work)
	if a.cancelled == cancelled && a.catching == 0 {
		h.over(a, before)
	}
}

func (h *herd) flushAll(k *sched.Task, wq *workqueue.Workqueue) {
	before := make([]int, len(h.animals))
	for i, a := range h.animals {
		before[i] = a.queued
	}
	workqueue.Flush(k, wq)
	for i, a := range h.animals {
		if a.wq == wq {
			h.over(a, before[i])
		}
	}
}

func (h *herd) over(a *animal, before int) {
	if a.ended+a.cancelled+a.catching < before {
		h.r.t.Errorf("seed %d, animal %d: flushed, %d were queued before, %d have run, %d were cancelled, %d just now", h.seed, a.id, before, a.ended, a.cancelled, a.catching)
	}
}

// settle waits for all and counts: what was queued has run or was cancelled.
func (h *herd) settle(seed uint64) {
	h.r.do(0, func(k *sched.Task) {
		for _, wq := range h.queues {
			workqueue.Drain(k, wq)
		}
	})
	for _, a := range h.animals {
		if a.queued != a.begun+a.cancelled || a.begun != a.ended || a.Pending() {
			h.r.t.Errorf("seed %d, animal %d: queued %d times, cancelled %d, begun %d, ended %d, pending %v", seed, a.id, a.queued, a.cancelled, a.begun, a.ended, a.Pending())
		}
	}
	if err := workqueue.Consistent(h.r.c()); err != nil {
		h.r.t.Errorf("seed %d: %v", seed, err)
	}
	h.r.do(0, func(k *sched.Task) {
		for _, i := range []int{1, 3, 4} {
			workqueue.Destroy(k, h.queues[i])
		}
	})
}

// prices is a price list on which any charge may be the longest.
func prices(seed uint64) *cost.Table {
	rnd := rand.New(rand.NewPCG(seed, 3))
	table := cost.Default()
	for row := range table {
		if rnd.IntN(3) == 0 {
			table[row] = uint32(1 + rnd.IntN(3000))
		}
	}
	return &table
}

// sweep is one machine on which four drive a herd; it returns a hash of the
// trace.
func sweep(t *testing.T, seed uint64) uint64 {
	cfg := machine.Config{CPUs: 1 + int(seed%4), Seed: seed, Append: preemption(seed)}
	if seed%2 == 0 {
		cfg.Cost = prices(seed)
	}
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	defer m.Close()
	r := &rig{t: t, m: m}
	failed := r.watch(11)
	h := newHerd(r, seed, 5)
	over := 0
	for n := range uint64(4) {
		sched.KThread(r.c(), "drover", func(k *sched.Task) {
			h.drive(k, seed*4+n, 25)
			over++
		})
	}
	if err := m.Run(100 * sim.Millisecond); err != nil {
		t.Fatalf("seed %d: %v, %v", seed, err, *failed)
	}
	if over != 4 || *failed != nil {
		t.Fatalf("seed %d: %d of 4 have ended; %v", seed, over, *failed)
	}
	h.settle(seed)
	hash := fnv.New64a()
	for _, rec := range m.Ring().From(0) {
		fmt.Fprintln(hash, rec)
	}
	return hash.Sum64()
}

// Whatever races there are between those who queue, flush and cancel and works
// that queue themselves: none is lost, none runs twice, no flush returns too
// early.
func TestHerdSeeds(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 40
	}
	for seed := uint64(1); seed <= seeds && !t.Failed(); seed++ {
		sweep(t, seed)
	}
}

// The same seed makes the same run.
func TestHerdRepeats(t *testing.T) {
	for seed := uint64(1); seed <= 6; seed++ {
		if a, b := sweep(t, seed), sweep(t, seed); a != b {
			t.Errorf("seed %d: two runs differ", seed)
		}
	}
}
