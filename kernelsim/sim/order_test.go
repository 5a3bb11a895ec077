package sim_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"bothhalves/kernelsim/sim"
)

// An op is one step of a processor's program: time passes, then something is
// done at the new time.
type op struct {
	spend sim.Time
	arm   int      // event to arm, -1: none
	after sim.Time // its delay
	halt  bool
}

// A scenario is a program for each processor, and which processor each event
// wakes.
type scenario struct {
	programs [][]op
	wakes    []int
}

func newScenario(rnd *rand.Rand, procs int) scenario {
	var s scenario
	for range 2 * procs {
		s.wakes = append(s.wakes, rnd.IntN(procs))
	}
	for range procs {
		var program []op
		for range 60 {
			o := op{spend: sim.Time(1 + rnd.IntN(4)), arm: -1, after: sim.Time(rnd.IntN(12)), halt: rnd.IntN(8) == 0}
			if rnd.IntN(3) == 0 {
				o.arm = rnd.IntN(len(s.wakes))
			}
			program = append(program, o)
		}
		s.programs = append(s.programs, program)
	}
	return s
}

// run plays the scenario on the engine.
func (s scenario) run(t *testing.T) []string {
	t.Helper()
	e := sim.New(len(s.programs))
	defer e.Close()
	var log []string
	events := make([]sim.Event, len(s.wakes))
	for i, who := range s.wakes {
		events[i] = sim.Event{Fire: func(now sim.Time) {
			log = append(log, fmt.Sprintf("event %d at %d", i, now))
			e.Proc(who).Wake()
		}}
	}
	for id, program := range s.programs {
		p := e.Proc(id)
		p.Start(e.NewCoroutine(func() {
			for _, o := range program {
				if p.Advance(o.spend) {
					p.Yield(0, o.spend)
				}
				log = append(log, fmt.Sprintf("proc %d at %d", id, p.Now()))
				if o.arm >= 0 {
					e.Arm(&events[o.arm], p.Now()+o.after)
				}
				if o.halt {
					p.Halt()
				}
			}
			for {
				p.Halt()
			}
		}))
	}
	if _, err := e.Run(sim.Forever); err != nil || e.Failed() != nil {
		t.Fatalf("%v %v", err, e.Failed())
	}
	return log
}

// A naive scheduler does one thing at a time and looks at everybody before
// each: no horizon, no queue.
type naive struct {
	s      scenario
	now    []sim.Time
	halted []bool
	pc     []int
	spent  []bool // the op's time has passed; what it does is still to come
	armed  map[int]armed
	seq    int
	host   sim.Time
	log    []string
}

type armed struct {
	at  sim.Time
	seq int
}

func (s scenario) naive() []string {
	n := len(s.programs)
	w := &naive{s: s, now: make([]sim.Time, n), halted: make([]bool, n), pc: make([]int, n), spent: make([]bool, n), armed: map[int]armed{}}
	for w.step() {
	}
	return w.log
}

func (w *naive) step() bool {
	p := w.behind()
	ev := w.due()
	switch {
	case p < 0 && ev < 0:
		return false
	case ev >= 0 && (p < 0 || w.armed[ev].at <= w.now[p]):
		w.fire(ev)
	default:
		w.move(p)
	}
	return true
}

func (w *naive) behind() int {
	best := -1
	for p := range w.now {
		if !w.halted[p] && (best < 0 || w.now[p] < w.now[best]) {
			best = p
		}
	}
	return best
}

func (w *naive) due() int {
	best := -1
	for ev := range w.s.wakes {
		a, ok := w.armed[ev]
		if !ok {
			continue
		}
		if b := w.armed[best]; best < 0 || a.at < b.at || a.at == b.at && a.seq < b.seq {
			best = ev
		}
	}
	return best
}

func (w *naive) fire(ev int) {
	at := w.armed[ev].at
	delete(w.armed, ev)
	w.host = max(w.host, at)
	w.log = append(w.log, fmt.Sprintf("event %d at %d", ev, at))
	if who := w.s.wakes[ev]; w.halted[who] {
		w.halted[who] = false
		w.now[who] = max(w.now[who], w.host)
	}
}

// move finishes p's op and begins the next one.
func (w *naive) move(p int) {
	program := w.s.programs[p]
	if w.spent[p] {
		o := program[w.pc[p]]
		w.log = append(w.log, fmt.Sprintf("proc %d at %d", p, w.now[p]))
		w.pc[p]++
		w.spent[p] = false
		if o.arm >= 0 {
			w.seq++
			w.armed[o.arm] = armed{w.now[p] + o.after, w.seq}
		}
		if o.halt {
			w.halted[p] = true
			return
		}
	}
	if w.pc[p] == len(program) {
		w.halted[p] = true
		return
	}
	w.now[p] += program[w.pc[p]].spend
	w.spent[p] = true
}

// The engine, which lets a processor run on to its horizon, does everything in
// the order of the scheduler that never looks ahead.
func TestOrderAgainstNaiveScheduler(t *testing.T) {
	for procs := 1; procs <= 8; procs++ {
		for seed := range uint64(40) {
			s := newScenario(rand.New(rand.NewPCG(seed, uint64(procs))), procs)
			got, want := s.run(t), s.naive()
			if !slices.Equal(got, want) {
				t.Fatalf("%d processors, seed %d: %s", procs, seed, difference(got, want))
			}
		}
	}
}

func difference(got, want []string) string {
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			return fmt.Sprintf("step %d is %q, want %q", i, got[i], want[i])
		}
	}
	return fmt.Sprintf("%d steps, want %d", len(got), len(want))
}
