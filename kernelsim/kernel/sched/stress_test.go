package sched_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/hrtimer"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A crowd is tasks that do to each other whatever the scheduler allows: sleep,
// wait for a token, hand tokens out, wake for nothing, move each other about,
// and end.
type crowd struct {
	rnd    *rand.Rand
	cpus   int
	mix    []int // what they do, the frequent things several times
	tasks  []*sched.Task
	tokens []int
	over   bool // from now on nobody waits
	err    error
}

func (w *crowd) spawn(c *cpu.CPU, n int) {
	w.tokens = make([]int, n)
	w.tasks = make([]*sched.Task, n)
	for i := range n {
		attr := sched.Attr{User: i%3 == 0}
		if i%4 == 3 {
			attr.Policy, attr.RTPrio = sched.FIFO, 1+w.rnd.IntN(3)
		}
		w.tasks[i] = sched.Spawn(c, fmt.Sprint("w", i), attr, func(t *sched.Task) { w.live(t, i) })
	}
	sched.Spawn(c, "giver", sched.Attr{}, w.give)
}

func (w *crowd) live(t *sched.Task, i int) {
	for range 10 + w.rnd.IntN(60) {
		w.act(t, i)
	}
}

func (w *crowd) act(t *sched.Task, i int) {
	other := w.rnd.IntN(len(w.tasks))
	switch w.mix[w.rnd.IntN(len(w.mix))] {
	case 0:
		w.sleep(t)
	case 1, 2:
		w.wait(t, i)
	case 3:
		w.hand(t.CPU(), other)
	case 4:
		sched.WakeUpProcess(t.CPU(), w.tasks[other]) // for nothing
	case 5:
		_ = sched.SetAffinity(t.CPU(), w.tasks[other], w.choice())
	case 6:
		sched.Compute(t, sim.Time(w.rnd.IntN(20))*sim.Microsecond)
	case 7:
		sched.CondResched(t)
	}
}

// sleep checks that a wake-up for nothing does not end an msleep.
func (w *crowd) sleep(t *sched.Task) {
	d := sim.Time(w.rnd.IntN(30)) * sim.Microsecond
	start := t.CPU().Now()
	hrtimer.USleep(t, d)
	if got := t.CPU().Now() - start; got < d && w.err == nil {
		w.err = fmt.Errorf("%s slept for %v instead of %v", t, got, d)
	}
}

// wait takes a token.
func (w *crowd) wait(t *sched.Task, i int) {
	for {
		sched.SetState(t, sched.Interruptible)
		t.CPU().Spend(cost.Instruction)
		if w.tokens[i] > 0 || w.over {
			break
		}
		sched.Schedule(t.CPU())
	}
	sched.SetState(t, sched.Running)
	w.tokens[i] = max(w.tokens[i]-1, 0)
}

func (w *crowd) hand(c *cpu.CPU, i int) {
	w.tokens[i]++
	sched.WakeUpProcess(c, w.tasks[i])
}

// choice is one to all CPUs.
func (w *crowd) choice() []int { return w.rnd.Perm(w.cpus)[:1+w.rnd.IntN(w.cpus)*w.rnd.IntN(2)] }

// give sees to it that everybody gets a token at some time. Who has one is
// not woken again: a wake-up that was lost stays lost.
func (w *crowd) give(t *sched.Task) {
	for range 60 {
		hrtimer.USleep(t, 20*sim.Microsecond)
		for i := range w.tokens {
			if w.tokens[i] == 0 {
				w.hand(t.CPU(), i)
			}
		}
	}
	w.over = true
	for i := range w.tokens {
		if w.tokens[i] == 0 {
			w.hand(t.CPU(), i)
		}
	}
}

// stress runs a crowd to its end and returns a hash of its trace.
func stress(t *testing.T, seed uint64) uint64 {
	rnd := rand.New(rand.NewPCG(seed, 7))
	cfg := machine.Config{CPUs: 1 + rnd.IntN(6), Seed: seed, Cost: prices(rnd)}
	if seed%2 == 0 {
		cfg.Append = "preempt=full"
	}
	m, c := boot(t, cfg)
	defer m.Close()
	w := &crowd{rnd: rnd, cpus: cfg.CPUs}
	for range 8 {
		w.mix = append(w.mix, rnd.IntN(8))
	}
	w.spawn(c, 2+rnd.IntN(14))
	m.Engine().Observe(func(s sim.Step) {
		if err := sched.Consistent(c); err != nil && w.err == nil {
			w.err = fmt.Errorf("move %d: %w", s.N, err)
			m.Engine().Stop()
		}
	})
	if err := m.Run(sim.Second); w.err != nil || err != nil {
		t.Fatalf("seed %d: %v %v", seed, w.err, err)
	}
	for i, k := range w.tasks {
		if k.State != sched.Dead {
			t.Fatalf("seed %d: %s was lost: state %s, %d tokens", seed, k, k.State.Letter(), w.tokens[i])
		}
	}
	return m.Ring().Sum()
}

// prices is a price list on which any charge may be the longest: each opens
// other windows between the CPUs.
func prices(rnd *rand.Rand) *cost.Table {
	table := cost.Default()
	for row := range table {
		if rnd.IntN(3) == 0 {
			table[row] = uint32(1 + rnd.IntN(5000))
		}
	}
	return &table
}

// Whatever tasks do to each other, none is lost, none is in two places, all
// come to their ends, and the same seed makes the same run.
func TestStress(t *testing.T) {
	seeds := uint64(200)
	if testing.Short() {
		seeds = 40
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		first := stress(t, seed)
		if seed%10 == 0 && stress(t, seed) != first {
			t.Errorf("seed %d: two runs differ", seed)
		}
	}
}
