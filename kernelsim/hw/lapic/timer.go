package lapic

import (
	"math/bits"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
	"bothhalves/kernelsim/sim"
)

// timer is the APIC timer (SDM volume 3, "APIC Timer"). It does not count: it
// remembers when which count began, and computes the rest when asked.
type timer struct {
	apic *APIC
	eng  *sim.Engine
	ev   sim.Event

	divide  uint32 // the register
	initial uint32 // the register
	count   uint32 // at the clock origin; 0: stopped
	origin  uint64 // in periods of the undivided clock since power-on

	deadline uint64 // IA32_TSC_DEADLINE; 0: not armed
}

// init names the timer's owner.
func (t *timer) init(eng *sim.Engine, a *APIC) {
	t.apic, t.eng = a, eng
	t.ev = sim.Event{Name: "lapic timer", Timer: true, Fire: t.expire}
}

// reset stops the timer and clears its registers.
func (t *timer) reset() {
	t.divide = 0
	t.stop()
}

// stop disarms: nothing will fire until one of the registers is written.
func (t *timer) stop() {
	t.initial, t.count, t.deadline = 0, 0, 0
	t.eng.Disarm(&t.ev)
}

// timerMode is the mode that an LVT entry asks for.
func timerMode(lvt uint32) lapicreg.TimerMode {
	return lapicreg.TimerMode(lvt >> lapicreg.LVTTimerShift & 3)
}

// mode is the present mode.
func (t *timer) mode() lapicreg.TimerMode { return timerMode(t.apic.lvt[Timer]) }

// counts reports whether a mode is one of those with a counter.
func counts(m lapicreg.TimerMode) bool { return m <= lapicreg.Periodic }

// changeMode is a write to the timer's LVT entry. Between one-shot and
// periodic the count goes on; every other change stops the timer.
func (t *timer) changeMode(from, to lapicreg.TimerMode) {
	if from != to && !(counts(from) && counts(to)) {
		t.stop()
	}
}

// start is a write to the initial-count register: it loads the counter, or
// with 0 stops it. In TSC-deadline mode it is ignored.
func (t *timer) start(v uint32) {
	if !counts(t.mode()) {
		return
	}
	t.initial = v
	t.from(v)
}

// from lets the counter count down from a value, beginning now.
func (t *timer) from(count uint32) {
	t.count, t.origin = count, t.clock()
	t.arm()
}

// arm schedules the moment at which the counter reaches zero.
func (t *timer) arm() {
	if t.count == 0 {
		t.eng.Disarm(&t.ev)
		return
	}
	t.eng.Arm(&t.ev, when(t.origin+t.span(t.count), t.apic.cfg.BusHz))
}

// setDivide is a write to the divide configuration register: what is left of
// the count goes on at the new rate.
func (t *timer) setDivide(v uint32) {
	left := t.current()
	t.divide = v
	if left != 0 {
		t.from(left)
	}
}

// setDeadline is a write to IA32_TSC_DEADLINE: 0 disarms, a time that has
// passed fires at once, and in other modes nothing happens (SDM volume 3,
// "TSC-Deadline Mode").
func (t *timer) setDeadline(tsc uint64) {
	if t.mode() != lapicreg.TSCDeadline {
		return
	}
	t.deadline = tsc
	t.eng.Disarm(&t.ev)
	switch at := when(tsc, t.apic.cfg.TSCHz); {
	case tsc == 0:
	case at <= t.eng.Now():
		t.expire(t.eng.Now())
	default:
		t.eng.Arm(&t.ev, at)
	}
}

// expire is the moment at which the timer fires.
func (t *timer) expire(sim.Time) {
	switch t.mode() {
	case lapicreg.Periodic:
		t.reload()
	default:
		t.count, t.deadline = 0, 0
	}
	t.apic.Fire(Timer)
}

// reload begins the next period where the last one ended. Periods shorter than
// the simulator's time unit fall together.
func (t *timer) reload() {
	t.origin += t.span(t.count)
	t.count = t.initial
	period := t.span(t.initial)
	t.origin += t.since(t.origin) / period * period
	t.arm()
}

// current is the current-count register.
func (t *timer) current() uint32 {
	passed := t.since(t.origin) / uint64(lapicreg.Divisor(t.divide))
	if passed >= uint64(t.count) {
		return 0
	}
	return t.count - uint32(passed)
}

// span is how many periods of the undivided clock a count takes.
func (t *timer) span(count uint32) uint64 { return uint64(count) * uint64(lapicreg.Divisor(t.divide)) }

// clock counts the periods of the undivided clock since power-on.
func (t *timer) clock() uint64 {
	now, hz := uint64(t.eng.Now()), t.apic.cfg.BusHz
	return now/second*hz + now%second*hz/second
}

// since is how far the clock is past a point; 0 before it.
func (t *timer) since(origin uint64) uint64 {
	if now := t.clock(); now > origin {
		return now - origin
	}
	return 0
}

const second = uint64(sim.Second)

// when is the first moment at which a clock of hz has counted n periods.
func when(n, hz uint64) sim.Time {
	hi, lo := bits.Mul64(n, second)
	if hi >= hz {
		return sim.Forever
	}
	at, rest := bits.Div64(hi, lo, hz)
	if rest > 0 {
		at++
	}
	return sim.Time(min(at, uint64(sim.Forever)))
}
