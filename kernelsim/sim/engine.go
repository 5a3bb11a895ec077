package sim

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// An Engine owns virtual time for one machine. The zero value is not usable;
// call New.
type Engine struct {
	queue   queue
	procs   []*Proc
	running *Proc // whose coroutine runs now; nil while the host acts
	horizon Time  // the running Proc may go on while its clock is below
	limit   Time  // Run ends here
	now     Time  // the host's time: where the last Run ended
	steps   uint64
	firing  bool // an event fires,
	firedAt Time // at this time

	picked   *Proc // chosen by the coroutine that just parked
	stopping bool
	hostStop bool   // the host asked for the stop
	toIdle   bool   // Run ends when only timers lie ahead
	stepEnd  uint64 // Run ends when steps reaches it
	hooks    []hook // by step, soonest first
	observer func(Step)
	until    func() bool // looked at before every pick: true ends the run
	poll     func() bool // the host asks to stop
	picks    uint32

	living     *Coroutine
	coroutines int
	failure    *Failure
	closed     bool
}

// A hook runs at a decision point.
type hook struct {
	step uint64
	fn   func()
}

// A Failure is a panic that ended the run, with the stack of whoever caused
// it.
type Failure struct {
	Value any
	Stack []byte
	Proc  *Proc
}

// A Step is one move of the machine: a charge on a processor, or an event
// that fired (then Proc is nil and Name is the event's).
type Step struct {
	N     uint64
	Time  Time
	Proc  *Proc
	Name  string
	Row   uint8 // of the price list
	Spent Time
}

// ErrClosed is returned by Run after Close, and after a run that failed.
var ErrClosed = errors.New("the machine is switched off: boot again")

// New returns an engine at time zero with n processors, all halted.
func New(n int) *Engine {
	e := &Engine{stepEnd: ^uint64(0)}
	for id := range n {
		e.procs = append(e.procs, &Proc{id: id, eng: e, halted: true})
	}
	return e
}

// Proc is processor number id.
func (e *Engine) Proc(id int) *Proc { return e.procs[id] }

// Running is the processor whose code runs now, nil while the host acts or an
// event fires outside any processor.
func (e *Engine) Running() *Proc { return e.running }

// Now is the running processor's clock while one runs, the time of the event
// while one fires, and the host's time otherwise: the end of the last Run.
func (e *Engine) Now() Time {
	switch {
	case e.running != nil:
		return e.running.now
	case e.firing:
		return e.firedAt
	}
	return e.now
}

// Steps counts the moves so far: charges and events. A move's number names a
// decision point of the run.
func (e *Engine) Steps() uint64 { return e.steps }

// Coroutines is the number of tasks that have not ended.
func (e *Engine) Coroutines() int { return e.coroutines }

// Busy says whether anything but timers lies ahead: a processor that is not
// halted, or an event that is not a timer.
func (e *Engine) Busy() bool {
	for _, p := range e.procs {
		if !p.halted {
			return true
		}
	}
	return e.queue.work > 0
}

// Arm lets ev fire at a time, not before the present. An armed event is moved.
func (e *Engine) Arm(ev *Event, at Time) {
	at = max(at, e.Now())
	e.queue.push(ev, at)
	e.horizon = min(e.horizon, at)
}

// Disarm takes ev back if it has not fired.
func (e *Engine) Disarm(ev *Event) {
	if ev.slot != 0 {
		e.queue.remove(ev)
	}
}

// At calls fn when the machine reaches decision point step: after that move's
// charge, before anything else may happen there.
func (e *Engine) At(step uint64, fn func()) {
	i := len(e.hooks)
	for i > 0 && e.hooks[i-1].step > step {
		i--
	}
	e.hooks = append(e.hooks, hook{})
	copy(e.hooks[i+1:], e.hooks[i:])
	e.hooks[i] = hook{step, fn}
	e.horizon = 0
}

// Observe calls fn after every move from now on; nil ends it.
func (e *Engine) Observe(fn func(Step)) {
	e.observer = fn
	e.horizon = 0
}

// RunUntil is Run that also ends when done says so; done is asked after every
// move and once more where the run ends. It reports whether done was true.
func (e *Engine) RunUntil(limit Time, done func() bool) (found bool, err error) {
	e.until = func() bool { found = found || done(); return found }
	_, err = e.Run(limit)
	found = e.until()
	e.until = nil
	return found, err
}

// PollHost sets the function that is asked now and then whether the host
// wants the run to stop (Ctrl-C).
func (e *Engine) PollHost(stop func() bool) { e.poll = stop }

// Stop ends the present Run at the next decision point.
func (e *Engine) Stop() {
	e.stopping = true
	e.horizon = 0
}

// StopAfter ends Run after n more moves. It holds for the next Run only.
func (e *Engine) StopAfter(n uint64) { e.stepEnd = e.steps + n }

// Fail ends the run with what a coroutine panicked with.
func (e *Engine) Fail(v any) {
	if _, ok := v.(killed); ok || e.closed {
		return
	}
	if e.failure == nil {
		e.failure = &Failure{Value: v, Stack: debug.Stack(), Proc: e.running}
	}
}

// Failed is the panic that ended the run, nil if none did.
func (e *Engine) Failed() *Failure { return e.failure }

// Run lets the machine go on until its time is limit, until Stop, or until
// nobody can ever move again. It reports whether it got there without being
// stopped; on a failure see Failed.
func (e *Engine) Run(limit Time) (reached bool, err error) {
	if e.closed || e.failure != nil {
		return false, ErrClosed
	}
	e.limit, e.stopping, e.hostStop = limit, false, false
	e.loop()
	reached = !e.stopping && e.failure == nil
	e.settle(reached)
	return reached, nil
}

// RunIdle is Run that also ends, as reached, when every processor is halted
// and nothing but timers lies ahead.
func (e *Engine) RunIdle(limit Time) (idle bool, err error) {
	e.toIdle = true
	_, err = e.Run(limit)
	e.toIdle = false
	return err == nil && !e.Busy(), err
}

// loop resumes whoever pick chooses. A panic that arrives here came from an
// event that fired while no coroutine ran.
func (e *Engine) loop() {
	defer func() {
		if v := recover(); v != nil {
			e.Fail(v)
		}
	}()
	for e.failure == nil {
		p := e.picked
		if e.picked = nil; p == nil {
			p = e.pick()
		}
		if p == nil {
			return
		}
		e.running = p
		if _, parked := p.current.next(); !parked {
			e.checkEnd(p)
		}
	}
}

// checkEnd is for a coroutine that has ended: it must have given its processor
// to another one, or the processor would be picked for ever.
func (e *Engine) checkEnd(p *Proc) {
	if p.current.ended && !p.halted && e.failure == nil {
		e.Fail(fmt.Sprintf("processor %d goes on with a coroutine that has ended", p.id))
	}
}

// settle ends a run: the host's time becomes the limit, or, where the run ended
// early, the time of whichever processor is furthest ahead: that does not
// depend on how often the run was stopped on the way.
func (e *Engine) settle(reached bool) {
	for _, p := range e.procs {
		e.now = max(e.now, p.now)
	}
	if reached && !e.toIdle && e.limit != Forever {
		e.now = max(e.now, e.limit)
	}
	e.running, e.stepEnd = nil, ^uint64(0)
	e.showTime()
}

// showTime lets the clocks of halted processors show the time that they have
// slept until: up to now, and not beyond what may still wake them, or a run
// that was stopped in between would end otherwise than one that was not.
func (e *Engine) showTime() {
	until := min(e.now, e.queue.first())
	if p, _ := e.furthestBehind(); p != nil {
		until = min(until, p.now)
	}
	for _, p := range e.procs {
		if p.halted {
			p.now = max(p.now, until)
		}
	}
}

// pick fires what is due and chooses who goes on: whoever is furthest behind.
// It sets the horizon up to which that one may run alone. Nil means that the
// run ends here.
func (e *Engine) pick() *Proc {
	for !e.halt() {
		p, rival := e.furthestBehind()
		due := e.queue.first()
		if p == nil && (due == Forever || e.toIdle && e.queue.work == 0) {
			return nil
		}
		if due != Forever && (p == nil || due <= p.now) {
			if due > e.limit {
				return nil
			}
			e.fire()
			continue
		}
		if p.now >= e.limit {
			return nil
		}
		e.horizon = min(rival, due, e.limit)
		e.watch()
		return p
	}
	return nil
}

// halt says whether the run must end before anything else moves.
func (e *Engine) halt() bool {
	e.picks++
	if e.poll != nil && e.picks&1023 == 0 && e.poll() {
		e.stopping, e.hostStop = true, true
	}
	if e.steps >= e.stepEnd || e.until != nil && e.until() {
		e.stopping = true
	}
	return e.stopping || e.failure != nil
}

// watch closes the horizon while every move has to be looked at.
func (e *Engine) watch() {
	if len(e.hooks) > 0 || e.observer != nil || e.until != nil || e.stepEnd != ^uint64(0) {
		e.horizon = 0
	}
}

// furthestBehind finds the processor with the smallest clock, the lower
// number first, and the time at which another one would be chosen instead.
func (e *Engine) furthestBehind() (p *Proc, rival Time) {
	rival = Forever
	for _, q := range e.procs {
		switch {
		case q.halted:
		case p == nil:
			p = q
		case q.now < p.now:
			rival = min(rival, p.now) // p has the lower number: it wins a tie
			p = q
		default:
			rival = min(rival, q.now+1)
		}
	}
	return p, rival
}

// fire takes the first event out and lets it happen.
func (e *Engine) fire() {
	ev := e.queue.pop()
	was, at := e.running, ev.at // Fire may arm it again, for another time
	e.running = nil
	e.now = max(e.now, at)
	e.steps++
	e.firing, e.firedAt = true, at
	ev.Fire(at)
	e.firing, e.running = false, was
	if e.observer != nil {
		e.observer(Step{N: e.steps, Time: at, Name: ev.Name})
	}
	e.runHooks()
}

// runHooks calls the hooks of the present decision point.
func (e *Engine) runHooks() {
	for len(e.hooks) > 0 && e.hooks[0].step <= e.steps {
		fn := e.hooks[0].fn
		e.hooks = e.hooks[1:]
		fn()
	}
}

// Stopped says whether the last Run was ended by Stop, StopAfter or the host.
func (e *Engine) Stopped() bool { return e.stopping }

// HostStopped says whether it was the host.
func (e *Engine) HostStopped() bool { return e.hostStop }
