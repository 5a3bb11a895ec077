package hrtimer_test

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
	"bothhalves/kernelsim/trace"
)

// A victim is a timer that everybody starts and takes back.
type victim struct {
	hrtimer.Timer
	mode        hrtimer.Mode
	calls, inst int // calls of Start, and those that have not returned
	running     bool
}

// A mob is what one seed makes of them.
type mob struct {
	rnd     *rand.Rand
	victims [4]victim
	over    bool
	err     error
}

func (w *mob) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

func (w *mob) spend(c *cpu.CPU) {
	for range w.rnd.IntN(8) {
		c.Spend(cost.Instruction)
	}
}

// fn is a victim's function. A third of the time it comes again.
func (w *mob) fn(v *victim) hrtimer.Func {
	return func(c *cpu.CPU, t *hrtimer.Timer) hrtimer.Restart {
		if v.running {
			w.fail("it runs twice at a time")
		}
		if !t.Queued() && v.inst == 0 && c.Now() < t.Soft() {
			w.fail("early: at %v, may at %v", c.Now(), t.Soft())
		}
		v.running = true
		w.spend(c)
		defer func() { v.running = false }()
		if !w.over && w.rnd.IntN(3) == 0 {
			hrtimer.Forward(c, t, sim.Time(1+w.rnd.IntN(20))*sim.Microsecond)
			return hrtimer.Again
		}
		return hrtimer.NoRestart
	}
}

// act does one thing to one victim.
func (w *mob) act(t *sched.Task) {
	v := &w.victims[w.rnd.IntN(len(w.victims))]
	c := t.CPU()
	switch w.rnd.IntN(4) {
	case 0, 1:
		v.calls++
		v.inst++
		slack := sim.Time(w.rnd.IntN(2)*w.rnd.IntN(10)) * sim.Microsecond
		hrtimer.StartRange(c, &v.Timer, sim.Time(w.rnd.IntN(15))*sim.Microsecond, slack, v.mode|hrtimer.Rel|hrtimer.Mode(w.rnd.IntN(2))*hrtimer.Pinned)
		v.inst--
	case 2:
		hrtimer.TryCancel(c, &v.Timer)
	case 3:
		calls, still := v.calls, v.inst == 0
		hrtimer.Cancel(c, &v.Timer)
		if still && v.calls == calls && (v.running || v.Queued()) {
			w.fail("it waits or runs behind Cancel")
		}
	}
	if v.Queued() && v.Wrong() {
		w.fail("the queue is out of order")
	}
}

func (w *mob) worker(t *sched.Task) {
	for range 25 {
		if w.rnd.IntN(3) == 0 {
			hrtimer.NanoSleep(t, sim.Time(w.rnd.IntN(20))*sim.Microsecond)
		}
		w.act(t)
		w.spend(t.CPU())
	}
}

// account goes through the trace: each start of a timer that did not wait ends
// with a run or is taken back. A run is recorded a little after it has begun, so
// the timer may have been started again.
func (w *mob) account(ring *trace.Ring) {
	waits := map[uint32]int{}
	for pos, r := range ring.From(0) {
		id := r.A & 0xffff
		switch {
		case r.Kind == trace.HRTimerStart && !trace.UnpackHRTimerArm(r).WasArmed:
			waits[id]++
		case r.Kind == trace.HRTimerCancel, r.Kind == trace.HRTimerExpireEntry:
			waits[id]--
		}
		if waits[id] < 0 || waits[id] > 2 {
			w.fail("record %d: timer %d: %v, and it waits %d times", pos, id, r.Kind, waits[id])
		}
	}
	for i := range w.victims {
		if n := waits[w.victims[i].ID()]; n != 0 {
			w.fail("victim %d has %d starts without an end", i, n)
		}
	}
}

// race runs a seed and returns a hash of its trace.
func race(t *testing.T, seed uint64) uint64 {
	rnd := rand.New(rand.NewPCG(seed, 13))
	table := cost.Default()
	for row := range table {
		if rnd.IntN(3) == 0 {
			table[row] = uint32(1 + rnd.IntN(3000))
		}
	}
	cfg := machine.Config{CPUs: 2 + rnd.IntN(3), Seed: seed, Cost: &table}
	if seed%2 == 0 {
		cfg.Append = "preempt=full"
	}
	m, err := machine.Boot(cfg)
	if err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	defer m.Close()
	c := m.CPUs()[0]
	w := &mob{rnd: rnd}
	for i := range w.victims {
		v := &w.victims[i]
		v.mode = []hrtimer.Mode{hrtimer.Hard, hrtimer.Soft}[i%2]
		hrtimer.Init(c, &v.Timer, "victim_fn", v.mode, w.fn(v))
	}
	workers := 0
	for n := range cfg.CPUs {
		sched.KThreadOn(c, n, fmt.Sprint("worker", n), func(t *sched.Task) { w.worker(t); workers++ })
	}
	for workers < cfg.CPUs && err == nil {
		err = m.Run(5 * sim.Millisecond)
	}
	w.over = true
	if err == nil {
		err = m.Run(5 * sim.Millisecond)
	}
	w.account(m.Ring())
	for i := range w.victims {
		if v := &w.victims[i]; v.Active() || v.running {
			w.fail("victim %d was lost: waits %v, runs %v", i, v.Queued(), v.running)
		}
	}
	if err != nil || w.err != nil {
		t.Fatalf("seed %d: %v %v", seed, err, w.err)
	}
	return m.Ring().Sum()
}

// Whatever processors do to the same timers, none is lost, none runs twice for
// once, none is early or runs beside itself, and none runs any more when Cancel
// has returned.
func TestRaces(t *testing.T) {
	seeds := uint64(1000)
	if testing.Short() {
		seeds = 100
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		first := race(t, seed)
		if seed%50 == 0 && race(t, seed) != first {
			t.Errorf("seed %d: two runs differ", seed)
		}
	}
}
