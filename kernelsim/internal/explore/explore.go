// Package explore lets a small machine go through every order in which its
// processors and what comes from outside can act, and looks at it after every
// move. It is stateless model checking: the code under test runs as it is, each
// run from the start, and only the order differs. Every order is one that some
// price list would bring about, since a processor that waits is one whose last
// charge was long.
//
// A decision point is a charge (cpu.CPU.Spend). There the explorer chooses: one
// of the processors goes on to its next charge, or an event of the outside
// happens. A state that has been met before is not explored again.
package explore

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"

	"bothhalves/kernelsim/cost"
	"bothhalves/kernelsim/hw/cpu"
	"bothhalves/kernelsim/sim"
)

// A Model is a machine before its first move, and what the explorer has to
// know of it. Nothing in it may depend on virtual time.
type Model struct {
	Engine *sim.Engine
	CPUs   []*cpu.CPU
	Events []Event
	// State appends all that the processors share and that decides what
	// may happen next. What a processor keeps for itself is told from where
	// its code stands, so it may hold nothing over a charge that does not
	// follow from that and from the shared state.
	State func(to []byte) []byte
	// Check is asked after every move, End where nothing can move any more.
	Check, End func() error
}

// An Event is something that happens from outside, at any time at which it is
// ready.
type Event struct {
	Name  string
	Ready func() bool
	Fire  func()
}

// Options say how to explore.
type Options struct {
	// States is how many there may be.
	States int
	// Exact tells a processor's states apart by all that was to be seen each
	// time it went on since it last slept, not by where its code stands.
	// What is merged then is the same for certain: the yardstick for the
	// cheaper way, on small machines.
	Exact bool
	// Seed makes the Keys of two explorations comparable.
	Seed maphash.Seed
}

// A Result is what an exploration has found.
type Result struct {
	States  int // different ones at which there was something to decide
	Moves   int // between them
	Runs    int // from the start
	Ends    int // different states in which all had come to rest
	Deepest int // moves of the longest run
	Failure *Failure
	Keys    map[uint64]bool // hashes of the states, told apart by where the code stands
}

// String is the line that tests print.
func (r Result) String() string {
	return fmt.Sprintf("%d states, %d moves, %d runs, %d ends, %d moves deep", r.States, r.Moves, r.Runs, r.Ends, r.Deepest)
}

// A Failure is what went wrong and the moves that lead there.
type Failure struct {
	Err  error
	Path []string
}

// Error tells both.
func (f *Failure) Error() string {
	return f.Err.Error() + "\n  " + strings.Join(f.Path, "\n  ")
}

// A branch is a decision of the present path.
type branch struct {
	options []int8
	taken   int
	at      []standing // of the processors
}

// explorer is one exploration.
type explorer struct {
	make   func() *Model
	opt    Options
	path   []branch
	seen   map[uint64]bool
	ends   map[uint64]bool
	result Result
}

// Run explores the machines that build makes, all alike, until the first
// failure or the end. It panics if there is no end below the limit: a check
// that has not looked everywhere must not pass.
func Run(build func() *Model, opt Options) Result {
	if opt.Seed == (maphash.Seed{}) {
		opt.Seed = maphash.MakeSeed()
	}
	x := &explorer{make: build, opt: opt, seen: map[uint64]bool{}, ends: map[uint64]bool{}}
	x.result.Keys = map[uint64]bool{}
	for more := true; more; more = x.backtrack() {
		r := x.run(nil)
		if r.failed != nil {
			x.result.Failure = x.explain(r.failed)
			break
		}
		if len(x.seen) > opt.States {
			panic(fmt.Sprintf("explore: more than %d states", opt.States))
		}
	}
	x.result.States, x.result.Ends = len(x.seen), len(x.ends)
	return x.result
}

// backtrack turns to the next path, depth first.
func (x *explorer) backtrack() bool {
	for len(x.path) > 0 {
		last := &x.path[len(x.path)-1]
		if last.taken++; last.taken < len(last.options) {
			return true
		}
		x.path = x.path[:len(x.path)-1]
	}
	return false
}

// run follows the path, and from its end on the first option of each decision.
func (x *explorer) run(log *[]string) *run {
	r := newRun(x, x.make(), log)
	defer r.m.Engine.Close()
	r.m.Engine.Observe(r.moved)
	r.decide()
	for !r.over {
		_, _ = r.m.Engine.Run(sim.Forever)
		if f := r.m.Engine.Failed(); f != nil {
			r.fail(fmt.Errorf("%v", f.Value))
		}
		if !r.over {
			r.decide() // all sleep: an event, or the end
		}
	}
	x.result.Runs++
	x.result.Deepest = max(x.result.Deepest, r.depth)
	return r
}

// explain runs the failed path once more and writes its moves down.
func (x *explorer) explain(err error) *Failure {
	var log []string
	x.run(&log)
	return &Failure{err, slices.Clip(log)}
}

// spinning says that a charge does nothing but wait for somebody else.
func spinning(row cost.Row) bool { return row == cost.CPURelax }
