package timer_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/kernel/sched"
	"bothhalves/kernelsim/kernel/timer"
	"bothhalves/kernelsim/machine"
	"bothhalves/kernelsim/sim"
)

// A victim is a timer that everybody arms and takes back. Whoever arms it while
// it waits does not add a run, and whoever takes it back takes one away: in the
// end the accounts are even.
type victim struct {
	timer.Timer
	arms, taken, runs int
	mods, inMod       int // calls of Mod, and those that have not returned
	running           bool
}

// A mob is what one seed makes of them.
type mob struct {
	rnd     *rand.Rand
	victims [3]victim
	over    bool
	err     error
}

func (w *mob) fail(format string, args ...any) {
	if w.err == nil {
		w.err = fmt.Errorf(format, args...)
	}
}

// spend lets a little time pass, in which others get in.
func (w *mob) spend(c *cpu.CPU) {
	for range w.rnd.IntN(8) {
		c.Spend(cost.Instruction)
	}
}

// fn is a victim's function.
func (w *mob) fn(v *victim) timer.Func {
	return func(c *cpu.CPU, _ *timer.Timer) {
		if v.running {
			w.fail("it runs twice at a time")
		}
		if now := timer.Jiffies(c); !v.Pending() && v.inMod == 0 && now <= v.Expires {
			w.fail("early: at %d, asked for %d", now, v.Expires)
		}
		v.running = true
		v.runs++
		w.spend(c)
		if !w.over && w.rnd.IntN(3) == 0 {
			w.arm(c, v)
		}
		w.spend(c)
		v.running = false
	}
}

// arm is Mod, with the books kept. The victim may run before it has returned.
func (w *mob) arm(c *cpu.CPU, v *victim) {
	v.mods++
	v.inMod++
	if !timer.Mod(c, &v.Timer, timer.Jiffies(c)+uint64(w.rnd.IntN(3))) {
		v.arms++
	}
	v.inMod--
}

// act does one thing to one victim.
func (w *mob) act(t *sched.Task) {
	v := &w.victims[w.rnd.IntN(len(w.victims))]
	c := t.CPU()
	took := false
	switch w.rnd.IntN(6) {
	case 0, 1, 2:
		w.arm(c, v)
	case 3:
		took = timer.Del(c, &v.Timer)
	case 4:
		took, _ = timer.TryDelSync(c, &v.Timer)
	case 5:
		mods, quiet := v.mods, v.inMod == 0
		took = timer.DelSync(c, &v.Timer)
		if quiet && v.mods == mods && (v.running || v.Pending()) {
			w.fail("it waits or runs behind DelSync")
		}
	}
	if took {
		v.taken++
	}
}

// worker acts around the ticks, where timers run.
func (w *mob) worker(t *sched.Task) {
	for range 25 {
		if w.rnd.IntN(4) == 0 {
			timer.SleepUninterruptible(t, 0)
		}
		w.act(t)
		w.spend(t.CPU())
	}
}

// race runs a seed and returns a hash of its trace.
func race(t *testing.T, seed uint64) uint64 {
	rnd := rand.New(rand.NewPCG(seed, 11))
	table := cost.Default()
	for row := range table {
		if rnd.IntN(3) == 0 {
			table[row] = uint32(1 + rnd.IntN(3000))
		}
	}
	cfg := machine.Config{CPUs: 2 + rnd.IntN(3), HZ: 1000, Seed: seed, Cost: &table}
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
		timer.Setup(&v.Timer, "victim_fn", w.fn(v))
	}
	workers := 0
	for n := range cfg.CPUs {
		sched.KThreadOn(c, n, fmt.Sprint("worker", n), func(t *sched.Task) { w.worker(t); workers++ })
	}
	for workers < cfg.CPUs && err == nil {
		err = m.Run(20 * sim.Millisecond)
	}
	w.over = true
	if err == nil {
		err = m.Run(40 * sim.Millisecond)
	}
	for i := range w.victims {
		if v := &w.victims[i]; v.Pending() || v.running || v.arms != v.runs+v.taken {
			w.fail("victim %d: armed %d times, ran %d times, taken back %d times; waits %v", i, v.arms, v.runs, v.taken, v.Pending())
		}
	}
	if err != nil || w.err != nil {
		t.Fatalf("seed %d: %v %v", seed, err, w.err)
	}
	return m.Ring().Sum()
}

// Whatever processors do to the same timers, none is lost, none runs twice for
// once, none is early or runs beside itself, and none runs any more when
// DelSync has returned.
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
