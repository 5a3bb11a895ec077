package workqueue_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/workqueue"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A spec is the rules of concurrency once more, as a user may read them in
// Documentation/core-api/workqueue.rst. It hears what works say of themselves:
// when they begin, are about to sleep, are awake again and end.
type spec struct {
	awake    map[int]int            // by CPU: works of bound workqueues that run and do not sleep
	inQueue  map[string]map[int]int // by workqueue and CPU: works that have begun and not ended
	order    map[string][]*job      // by workqueue: what is queued, the first first
	problems []string
}

func newSpec() *spec {
	return &spec{awake: map[int]int{}, inQueue: map[string]map[int]int{}, order: map[string][]*job{}}
}

func (s *spec) wrong(format string, args ...any) {
	s.problems = append(s.problems, fmt.Sprintf(format, args...))
}

// A job is a work of the spec: where it was queued, and how it was to be run.
type job struct {
	workqueue.Work
	id, cpu   int
	queue     string
	most      int  // max_active
	bound     bool // to its CPU
	intensive bool // it does not count as running
	ordered   bool
	before    []*job // what stood in its workqueue when it came
	runs      int
}

func (j *job) counts() bool { return j.bound && !j.intensive }

// comes: j stands behind all that are in its workqueue. Of two that come at the
// same time either may be the first.
func (s *spec) comes(j *job) { j.before = slices.Clone(s.order[j.queue]) }

func (s *spec) queued(j *job) { s.order[j.queue] = append(s.order[j.queue], j) }

// begins holds j's start to the rules: a bound work runs on its CPU, and there
// only when no other one that counts is awake; of a workqueue no more than
// max_active run for a CPU; an ordered workqueue keeps its order.
func (s *spec) begins(j *job, on int) {
	if j.runs++; j.runs > 1 {
		s.wrong("job %d runs for the %dth time", j.id, j.runs)
	}
	if j.bound && on != j.cpu {
		s.wrong("job %d of CPU %d runs on CPU %d", j.id, j.cpu, on)
	}
	if j.bound && s.awake[j.cpu] > 0 {
		s.wrong("job %d begins beside %d others on CPU %d", j.id, s.awake[j.cpu], j.cpu)
	}
	share := j.cpu
	if !j.bound {
		share = -1
	}
	if s.inQueue[j.queue] == nil {
		s.inQueue[j.queue] = map[int]int{}
	}
	if s.inQueue[j.queue][share]++; s.inQueue[j.queue][share] > j.most {
		s.wrong("job %d is number %d of %s on CPU %d", j.id, s.inQueue[j.queue][share], j.queue, j.cpu)
	}
	for _, first := range j.before {
		if j.ordered && first.runs == 0 {
			s.wrong("job %d begins before job %d", j.id, first.id)
		}
	}
	s.wakes(j)
}

func (s *spec) sleeps(j *job) {
	if j.counts() {
		s.awake[j.cpu]--
	}
}

func (s *spec) wakes(j *job) {
	if j.counts() {
		s.awake[j.cpu]++
	}
}

func (s *spec) ends(j *job) {
	s.sleeps(j)
	share := j.cpu
	if !j.bound {
		share = -1
	}
	s.inQueue[j.queue][share]--
}

// kinds are the workqueues that jobs are queued on.
func kinds(r *rig, k *sched.Task, rnd *rand.Rand) (list []func(j *job) *workqueue.Workqueue) {
	for _, x := range []struct {
		name  string
		flags workqueue.Flags
		most  int
	}{
		{"plain", 0, 0}, {"few", 0, 1 + rnd.IntN(3)}, {"intensive", workqueue.WQCPUIntensive, 0},
		{"unbound", workqueue.WQUnbound, 2 + rnd.IntN(3)}, {"ordered", workqueue.WQUnbound, 1},
	} {
		wq := r.alloc(k, x.name, x.flags, x.most)
		list = append(list, func(j *job) *workqueue.Workqueue {
			j.queue, j.bound, j.intensive = x.name, x.flags&workqueue.WQUnbound == 0, x.flags&workqueue.WQCPUIntensive != 0
			j.ordered, j.most = x.name == "ordered", workqueue.MaxActiveOf(wq)
			return wq
		})
	}
	return list
}

// conform lets a seed choose jobs and queue them from a few processes; the spec
// watches.
func conform(t *testing.T, seed uint64) {
	cfg := machine.Config{CPUs: 1 + int(seed%3), Seed: seed, Append: preemption(seed)}
	if seed%2 == 0 {
		cfg.Cost = prices(seed)
	}
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	r, s, rnd := &rig{t: t, m: m}, newSpec(), rand.New(rand.NewPCG(seed, 5))
	var queues []func(j *job) *workqueue.Workqueue
	r.do(0, func(k *sched.Task) { queues = kinds(r, k, rnd) })
	const jobs = 40
	ended := 0
	next := 0
	queuer := func(k *sched.Task) {
		for next < jobs {
			j := &job{id: next, cpu: rnd.IntN(cfg.CPUs)}
			next++
			wq := queues[rnd.IntN(len(queues))](j)
			naps, nap, busy := rnd.IntN(3), sim.Time(1+rnd.IntN(60))*us, sim.Time(rnd.IntN(8))*us
			workqueue.Init(&j.Work, fmt.Sprint("job", j.id), func(k *sched.Task, _ *workqueue.Work) {
				s.begins(j, k.CPU().ID)
				for range naps {
					sched.Compute(k, busy)
					s.sleeps(j)
					hrtimer.USleep(k, nap)
					s.wakes(j)
				}
				sched.Compute(k, busy)
				s.ends(j)
				ended++
			})
			s.comes(j)
			workqueue.QueueOn(k.CPU(), j.cpu, wq, &j.Work)
			s.queued(j)
			if rnd.IntN(2) == 0 {
				hrtimer.USleep(k, sim.Time(rnd.IntN(20))*us)
			}
		}
	}
	for range 1 + seed%2 {
		sched.KThread(r.c(), "queuer", queuer)
	}
	r.run(40 * sim.Millisecond)
	if ended != jobs {
		s.wrong("%d of %d jobs have ended: works wait, and nobody runs them", ended, jobs)
	}
	for _, p := range s.problems {
		t.Errorf("seed %d: %s", seed, p)
	}
}

// The workers keep the rules that users read, by a count that knows nothing of
// pools and workers.
func TestConcurrencyRules(t *testing.T) {
	seeds := uint64(400)
	if testing.Short() {
		seeds = 40
	}
	for seed := uint64(1); seed <= seeds && !t.Failed(); seed++ {
		conform(t, seed)
	}
}
