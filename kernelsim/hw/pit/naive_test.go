package pit

import (
	"math/rand"
	"testing"
)

// A naive counter is the data sheet's, clocked pulse by pulse: a count
// register that is written, and a counting element that takes it over.
type naive struct {
	mode     uint8
	gate     bool
	cr, ce   int64
	transfer bool // the next pulse moves the register to the element
	running  bool // a count has been written
	strobed  bool
	half     int64 // pulses left of this half of a square wave
	out      bool
}

func (n *naive) write(v int64) {
	n.cr = v
	if n.periodic() && n.running {
		return // the element finishes first
	}
	n.transfer, n.running, n.strobed = true, true, false
	n.out = n.mode != oneEvent
}

func (n *naive) periodic() bool { return n.mode == rate || n.mode == square }

func (n *naive) setGate(high bool) {
	if n.periodic() && n.running && high != n.gate {
		n.transfer = n.transfer || high
		n.out = true
	}
	n.gate = high
}

// pulse is one clock pulse.
func (n *naive) pulse() {
	switch {
	case !n.running:
	case n.transfer:
		n.load(true)
	case n.gate:
		n.count()
	}
}

// load moves the register to the element, for the high or the low half of a
// square wave.
func (n *naive) load(high bool) {
	n.transfer, n.ce = false, n.cr
	if n.mode == square {
		n.ce, n.half, n.out = n.cr&^1, (n.cr+1)/2, high
		if !high {
			n.half = n.cr / 2
		}
	}
}

// count is a pulse that the gate lets through.
func (n *naive) count() {
	if n.mode == square {
		n.ce -= 2
		if n.half--; n.half == 0 {
			n.load(!n.out)
		}
		return
	}
	n.ce--
	switch n.mode {
	case oneEvent:
		n.out = n.out || n.ce == 0
	case rate:
		n.out = n.ce != 1
		if n.ce == 0 {
			n.load(true)
		}
	case strobe:
		n.out = n.strobed || n.ce != 0
		n.strobed = n.strobed || n.ce == 0
	}
}

// TestAgainstTheNaiveCounter writes counts and moves the gate at any pulse:
// output, value and the next change agree with the counter that is clocked.
func TestAgainstTheNaiveCounter(t *testing.T) {
	for seed := range int64(400) {
		r := rand.New(rand.NewSource(seed))
		mode := []uint8{oneEvent, rate, square, strobe}[seed%4]
		c, n := &channel{gate: true}, &naive{mode: mode, gate: true, out: mode != oneEvent}
		c.program(lowByte<<4 | mode<<1)
		before, change, expected := n.out, int64(0), false // what nextChange said
		for now := int64(0); now < 300; now++ {
			n.pulse()
			seen := *c // a look must not be needed to go on
			if got := seen.output(now); got != n.out {
				t.Fatalf("seed %d, mode %d, pulse %d: the output is %v, want %v", seed, mode, now, got, n.out)
			}
			if got := seen.value(now); n.running && got != uint16(n.ce) {
				t.Fatalf("seed %d, mode %d, pulse %d: the counter holds %d, want %d", seed, mode, now, int16(got), n.ce)
			}
			if changed := n.out != before; changed != (expected && now == change) {
				t.Fatalf("seed %d, mode %d, pulse %d: changed %v, but the next change was told for %d (%v)", seed, mode, now, changed, change, expected)
			}
			disturbed := r.Intn(16) == 0
			if disturbed && r.Intn(3) > 0 {
				v := int64(2 + r.Intn(20))
				c.write(uint8(v), now)
				n.write(v)
			} else if disturbed {
				high := r.Intn(2) == 0
				c.setGate(high, now)
				n.setGate(high)
			}
			seen = *c
			seen.advance(now)
			change, expected = seen.nextChange(now)
			before = n.out
		}
	}
}
