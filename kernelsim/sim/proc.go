package sim

// A Proc is what the engine knows of a processor: its clock, whether it is
// halted, and the coroutine that it runs.
type Proc struct {
	id      int
	eng     *Engine
	now     Time
	halted  bool
	current *Coroutine
}

// ID is the processor's number.
func (p *Proc) ID() int { return p.id }

// Now is the processor's clock.
func (p *Proc) Now() Time { return p.now }

// Engine is the engine that drives the processor.
func (p *Proc) Engine() *Engine { return p.eng }

// Running says whether the code that asks runs on this processor.
func (p *Proc) Running() bool { return p.eng.running == p }

// Halted says whether the processor waits for Wake.
func (p *Proc) Halted() bool { return p.halted }

// SetCurrent names the coroutine that the processor runs from the next time
// it is picked.
func (p *Proc) SetCurrent(co *Coroutine) { p.current = co }

// Advance adds d to the clock and counts a move. It reports whether somebody
// else may have to run before this processor goes on: then call Yield.
func (p *Proc) Advance(d Time) bool {
	p.now += d
	p.eng.steps++
	return p.now >= p.eng.horizon
}

// Yield lets everything happen that is due before the processor's clock.
// Events fire in place, on the caller's stack; the coroutine parks only when
// another processor has to run. row and d describe the charge to an observer.
func (p *Proc) Yield(row uint8, d Time) {
	e := p.eng
	if e.observer != nil {
		e.observer(Step{N: e.steps, Time: p.now, Proc: p, Row: row, Spent: d})
	}
	e.runHooks()
	p.giveWay()
}

func (p *Proc) giveWay() {
	e := p.eng
	if e.closed {
		panic(killed{})
	}
	next := e.pick()
	if next == p {
		e.running = p
		return
	}
	e.picked = next
	p.current.park()
}

// Park stops the calling coroutine co, which is no longer the processor's
// current one, until some processor has it as its current one again.
func (p *Proc) Park(co *Coroutine) { co.park() }

// Halt stops the processor until Wake: the HLT instruction. The caller has
// looked, with interrupts off, that nothing is pending.
func (p *Proc) Halt() {
	p.halted = true
	p.giveWay()
}

// Abandon halts the processor and leaves the calling coroutine where it
// stands: only Start, with another coroutine, lets the processor go on. A Wake
// in between brings the caller back, to call Abandon again.
func (p *Proc) Abandon() {
	p.halted = true
	p.current.park()
}

// Quit halts the processor whose coroutine is about to end: only Start, with
// another one, lets it go on.
func (p *Proc) Quit() { p.halted = true }

// Wake ends a halt. The clock jumps over the time that was slept.
func (p *Proc) Wake() {
	if !p.halted || p.current == nil || p.current.ended {
		return
	}
	p.halted = false
	p.now = max(p.now, p.eng.Now())
	p.eng.horizon = 0
}

// Start gives a processor its first coroutine and lets it run from now on.
func (p *Proc) Start(co *Coroutine) {
	p.current = co
	p.Wake()
}
