package sim_test

import (
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"bothhalves/kernelsim/sim"
)

// busy is a body that never halts.
func busy(p *sim.Proc) func() {
	return func() {
		for {
			if p.Advance(10) {
				p.Yield(0, 10)
			}
		}
	}
}

func engine(t *testing.T, procs int, body func(p *sim.Proc) func()) *sim.Engine {
	t.Helper()
	e := sim.New(procs)
	t.Cleanup(e.Close)
	for id := range procs {
		e.Proc(id).Start(e.NewCoroutine(body(e.Proc(id))))
	}
	return e
}

// goroutines waits until no more than n are left.
func goroutines(n int) int {
	for range 100 {
		if runtime.NumGoroutine() <= n {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return runtime.NumGoroutine()
}

// Ten thousand coroutines, most of them parked in the midst, some never begun,
// some ended, leave nothing behind. Their deferred calls have run.
func TestCloseLeavesNoGoroutine(t *testing.T) {
	const n = 10000
	before := runtime.NumGoroutine()
	e := sim.New(1)
	p := e.Proc(0)
	cos := make([]*sim.Coroutine, n)
	unwound := 0
	for i := range cos {
		cos[i] = e.NewCoroutine(func() {
			defer func() { unwound++ }()
			if i+1 < n/2 { // the second half is never begun
				p.SetCurrent(cos[i+1])
			} else {
				p.SetCurrent(e.NewCoroutine(busy(p)))
			}
			if i%10 == 0 {
				return
			}
			p.Park(cos[i])
		})
	}
	p.Start(cos[0])
	if _, err := e.Run(1000); err != nil {
		t.Fatal(err)
	}
	if got := e.Coroutines(); got != n/2+n/2*9/10+1 {
		t.Errorf("%d coroutines live", got)
	}
	e.Close()
	e.Close()
	if e.Coroutines() != 0 || unwound != n/2 {
		t.Errorf("after Close %d coroutines live and %d of %d were unwound", e.Coroutines(), unwound, n/2)
	}
	if got := goroutines(before); got > before {
		t.Errorf("%d goroutines before, %d after", before, got)
	}
	if _, err := e.Run(2000); err != sim.ErrClosed {
		t.Errorf("Run after Close: %v", err)
	}
}

// theCulprit is looked for in a stack.
func theCulprit(p *sim.Proc) {
	if p.Advance(10) {
		p.Yield(0, 10)
	}
	panic("mine")
}

func TestPanicKeepsTheCulpritsStack(t *testing.T) {
	e := engine(t, 2, func(p *sim.Proc) func() {
		if p.ID() == 0 {
			return busy(p)
		}
		return func() { theCulprit(p) }
	})
	if reached, err := e.Run(1000); reached || err != nil {
		t.Fatalf("reached=%v err=%v", reached, err)
	}
	f := e.Failed()
	if f == nil || f.Value != "mine" || f.Proc != e.Proc(1) || !strings.Contains(string(f.Stack), "theCulprit") {
		t.Fatalf("failure %+v", f)
	}
	if _, err := e.Run(2000); err != sim.ErrClosed {
		t.Errorf("Run after a failure: %v", err)
	}
}

// A panic of an event is kept too, whether it fires in a coroutine's Yield or
// from the loop.
func TestPanicInAnEvent(t *testing.T) {
	for _, procs := range []int{0, 1} {
		e := engine(t, procs, busy)
		ev := sim.Event{Fire: func(sim.Time) { panic("event") }}
		e.Arm(&ev, 100)
		_, _ = e.Run(1000)
		if f := e.Failed(); f == nil || f.Value != "event" || !strings.Contains(string(f.Stack), "TestPanicInAnEvent") {
			t.Errorf("%d processors: failure %+v", procs, f)
		}
	}
}

// t.Fatal in a coroutine is runtime.Goexit: it must end the goroutine that
// runs the engine, which is the test's.
func TestGoexitReachesTheRunner(t *testing.T) {
	done, returned := make(chan struct{}), false
	go func() {
		defer close(done)
		e := sim.New(1)
		defer e.Close()
		e.Proc(0).Start(e.NewCoroutine(runtime.Goexit))
		_, _ = e.Run(100)
		returned = true
	}()
	<-done
	if returned {
		t.Error("Run returned to a caller whose coroutine had called Goexit")
	}
}

func TestStopAfterAndHooks(t *testing.T) {
	e := engine(t, 2, busy)
	var at []uint64
	for _, n := range []uint64{7, 3, 3, 5} {
		e.At(n, func() { at = append(at, e.Steps()) })
	}
	e.StopAfter(4)
	if reached, _ := e.Run(sim.Forever); reached || e.Steps() != 4 || !e.Stopped() {
		t.Errorf("StopAfter(4): %d steps", e.Steps())
	}
	e.StopAfter(6)
	if _, _ = e.Run(sim.Forever); e.Steps() != 10 {
		t.Errorf("StopAfter(6) after 4: %d steps", e.Steps())
	}
	if len(at) != 4 || at[0] != 3 || at[1] != 3 || at[2] != 5 || at[3] != 7 {
		t.Errorf("hooks ran at %v", at)
	}
	if reached, _ := e.Run(1000); !reached || e.Now() != 1000 {
		t.Errorf("Run to 1000 ended at %v", e.Now())
	}
}

// Looking at every move changes none.
func TestObserverSeesEveryMove(t *testing.T) {
	run := func(look bool) (steps []sim.Step, e *sim.Engine) {
		e = engine(t, 3, busy)
		ev := sim.Event{Name: "beat"}
		ev.Fire = func(now sim.Time) { e.Arm(&ev, now+35) }
		e.Arm(&ev, 35)
		if look {
			e.Observe(func(s sim.Step) { steps = append(steps, s) })
		}
		if _, err := e.Run(500); err != nil {
			t.Fatal(err)
		}
		return steps, e
	}
	steps, e := run(true)
	_, blind := run(false)
	if e.Steps() != blind.Steps() || uint64(len(steps)) != e.Steps() {
		t.Fatalf("%d moves seen of %d; %d when nobody looked", len(steps), e.Steps(), blind.Steps())
	}
	for i := range steps {
		if i > 0 && steps[i].Time < steps[i-1].Time-10 {
			t.Errorf("move %d at %v comes after one at %v", i, steps[i].Time, steps[i-1].Time)
		}
	}
}

func TestRunIdle(t *testing.T) {
	e := engine(t, 1, func(p *sim.Proc) func() {
		return func() {
			for {
				p.Halt()
				if p.Advance(5) {
					p.Yield(0, 5)
				}
			}
		}
	})
	tick := sim.Event{Timer: true, Fire: func(sim.Time) { t.Error("a timer fired in an idle machine") }}
	work := sim.Event{Fire: func(sim.Time) { e.Proc(0).Wake() }}
	e.Arm(&tick, 10_000)
	e.Arm(&work, 100)
	if idle, err := e.RunIdle(sim.Second); !idle || err != nil || e.Busy() {
		t.Fatalf("idle=%v err=%v", idle, err)
	}
	if e.Now() != 105 {
		t.Errorf("idle at %v, want 105ns", e.Now())
	}
	e.Disarm(&tick)
	e.Disarm(&tick)
	if reached, _ := e.Run(20_000); !reached || e.Now() != 20_000 {
		t.Errorf("an idle machine's Run ends at its limit, not %v", e.Now())
	}
}

func TestHostStop(t *testing.T) {
	e := engine(t, 2, busy)
	asked := 0
	e.PollHost(func() bool { asked++; return asked == 3 })
	if reached, _ := e.Run(sim.Second); reached || !e.HostStopped() {
		t.Error("the host's wish was not heard")
	}
	if reached, _ := e.Run(e.Now() + 100); !reached || e.HostStopped() {
		t.Error("a machine that the host stopped does not go on")
	}
}

func TestHotPathsAllocateNothing(t *testing.T) {
	e := engine(t, 2, busy)
	ev := sim.Event{}
	ev.Fire = func(now sim.Time) { e.Arm(&ev, now+7) }
	e.Arm(&ev, 7)
	limit := sim.Time(1000)
	if n := testing.AllocsPerRun(100, func() {
		limit += 1000
		_, _ = e.Run(limit) // some hundred switches and events
	}); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
}

// A run that is stopped after every move, or at random ones, goes as one that
// is not: a halted processor wakes when its event says, not when the host
// looked.
func TestStoppingChangesNothing(t *testing.T) {
	run := func(stops []uint64) (log []sim.Time) {
		e := engine(t, 3, func(p *sim.Proc) func() {
			return func() {
				for i := 0; ; i++ {
					d := sim.Time(7 + 13*p.ID() + i%5)
					if p.Advance(d) {
						p.Yield(0, d)
					}
					log = append(log, sim.Time(p.ID())*1_000_000+p.Now())
					if p.ID() > 0 && i%3 == 0 {
						p.Halt()
					}
				}
			}
		})
		ev := sim.Event{}
		ev.Fire = func(now sim.Time) {
			e.Arm(&ev, now+11)
			e.Proc(1).Wake()
			e.Proc(2).Wake()
		}
		e.Arm(&ev, 11)
		for _, n := range stops {
			e.StopAfter(n)
			_, _ = e.Run(5000)
		}
		_, _ = e.Run(5000)
		return log
	}
	want := run(nil)
	for _, stops := range [][]uint64{repeat(1, 900), repeat(7, 50), {3, 1, 4, 1, 5, 9, 2, 6}} {
		if got := run(stops); !slices.Equal(got, want) {
			t.Errorf("a run with %d stops differs", len(stops))
		}
	}
}

func repeat(n uint64, times int) (list []uint64) {
	for range times {
		list = append(list, n)
	}
	return list
}

// A coroutine that ends without giving its processor to another one is found;
// the run does not pick it for ever.
func TestCoroutineThatLeavesNobody(t *testing.T) {
	e := sim.New(1)
	e.Proc(0).Start(e.NewCoroutine(func() {}))
	if _, err := e.Run(sim.Second); err != nil || e.Failed() == nil {
		t.Errorf("error %v, failure %v, want a failure", err, e.Failed())
	}
}

// Where the host's time stands after n moves does not depend on the stops on
// the way there.
func TestNowDoesNotTellOfStops(t *testing.T) {
	after := func(n int, stops ...int) sim.Time {
		e := sim.New(3)
		for id := range 3 {
			p := e.Proc(id)
			p.Start(e.NewCoroutine(func() {
				for i := range sim.Time(40) {
					if p.Advance(1 + (i*7+sim.Time(id)*5)%13) {
						p.Yield(0, 0)
					}
				}
				p.Halt()
			}))
		}
		defer e.Close()
		for _, stop := range append(stops, n) {
			e.StopAfter(uint64(stop) - e.Steps())
			_, _ = e.Run(sim.Forever)
		}
		return e.Now()
	}
	for n := 2; n < 100; n++ {
		for stop := 1; stop < n; stop++ {
			if got, want := after(n, stop), after(n); got != want {
				t.Fatalf("%d moves with a stop at %d end at %v, without it at %v", n, stop, got, want)
			}
		}
	}
}
