package cpu

import "bothhalves/kernelsim/sim"

// A ClockEvent is a one-shot timer that interrupts its processor. It stands
// where the local APIC's timer will.
type ClockEvent struct {
	eng *sim.Engine
	ev  sim.Event
}

// NewClockEvent returns a stopped timer that raises v on latch.
func NewClockEvent(eng *sim.Engine, latch *Latch, v Vector) *ClockEvent {
	return &ClockEvent{eng: eng, ev: sim.Event{Name: "clock event", Timer: true,
		Fire: func(sim.Time) { latch.Raise(v) }}}
}

// Program arms the timer for a time, moving it if it was armed.
func (k *ClockEvent) Program(at sim.Time) { k.eng.Arm(&k.ev, at) }

// Shutdown stops the timer.
func (k *ClockEvent) Shutdown() { k.eng.Disarm(&k.ev) }

// An IPI is the path of an interprocessor interrupt to one processor. What is
// under way is not sent twice.
type IPI struct {
	eng     *sim.Engine
	latency sim.Time
	ev      sim.Event
}

// NewIPI returns a path that raises v on latch after a latency.
func NewIPI(eng *sim.Engine, latch *Latch, v Vector, latency sim.Time) *IPI {
	return &IPI{eng: eng, latency: latency, ev: sim.Event{Name: "ipi",
		Fire: func(sim.Time) { latch.Raise(v) }}}
}

// Send sends the interrupt.
func (p *IPI) Send() {
	if !p.ev.Armed() {
		p.eng.Arm(&p.ev, p.eng.Now()+p.latency)
	}
}
