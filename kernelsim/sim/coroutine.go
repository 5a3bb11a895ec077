package sim

import "iter"

// A Coroutine is a function that can stop in the middle and go on later: the
// stack of one kernel task. It runs only while the engine's loop waits for
// it, so two never run at once.
type Coroutine struct {
	eng   *Engine
	body  func()
	next  func() (struct{}, bool)
	stop  func()
	yield func(struct{}) bool
	ended bool
	prev  *Coroutine // in the engine's list of living coroutines
	succ  *Coroutine
}

// killed unwinds a coroutine that is still parked when the engine closes.
type killed struct{}

// NewCoroutine makes a coroutine that will run body when it is first picked.
// A panic in body ends the run: Fail receives its value.
func (e *Engine) NewCoroutine(body func()) *Coroutine {
	co := &Coroutine{eng: e, body: body}
	co.next, co.stop = iter.Pull(co.run)
	e.link(co)
	return co
}

// run is the first frame of the coroutine's stack. The recover must be here:
// iter.Pull would rethrow in the run loop, where the culprit's stack is gone.
func (co *Coroutine) run(yield func(struct{}) bool) {
	co.yield = yield
	returned := false
	defer func() {
		co.eng.unlink(co)
		co.ended = true
		if returned {
			return
		}
		// A nil value is runtime.Goexit (t.FailNow): Pull carries it on.
		if v := recover(); v != nil {
			co.eng.Fail(v)
		}
	}()
	co.body()
	returned = true
}

// park gives the host thread back to the run loop; it returns when the engine
// resumes this coroutine, maybe on another CPU.
func (co *Coroutine) park() {
	if !co.yield(struct{}{}) {
		panic(killed{})
	}
}

func (e *Engine) link(co *Coroutine) {
	co.succ = e.living
	if e.living != nil {
		e.living.prev = co
	}
	e.living = co
	e.coroutines++
}

func (e *Engine) unlink(co *Coroutine) {
	if co.prev != nil {
		co.prev.succ = co.succ
	} else if e.living == co {
		e.living = co.succ
	}
	if co.succ != nil {
		co.succ.prev = co.prev
	}
	co.prev, co.succ = nil, nil
	e.coroutines--
}

// Close unwinds every coroutine that is still parked, deferred calls
// included, and leaves no goroutine behind. The engine cannot run afterwards.
func (e *Engine) Close() {
	e.closed, e.horizon = true, 0
	for e.living != nil {
		co := e.living
		co.stop()
		if e.living == co { // it never ran, so run's defer did not either
			e.unlink(co)
		}
	}
}
