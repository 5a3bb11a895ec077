package lapic

import (
	"math/rand/v2"
	"testing"

	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

// A spec says what an arbiter must do, in nothing but the manual's rules: three
// lists of 256 marks, and loops over them.
type spec struct{ irr, isr, tmr [256]bool }

func top(list *[256]bool) int {
	best := 0
	for v := range 256 {
		if list[v] {
			best = v
		}
	}
	return best
}

func (s *spec) ppr(tpr int) int {
	if tpr/16 >= top(&s.isr)/16 {
		return tpr
	}
	return top(&s.isr) / 16 * 16
}

func (s *spec) deliverable(tpr int) (int, bool) {
	v := top(&s.irr)
	return v, v/16 > tpr/16 && v/16 > top(&s.isr)/16
}

func (s *spec) acknowledge(tpr int) (int, bool) {
	v, ok := s.deliverable(tpr)
	if ok {
		s.irr[v], s.isr[v] = false, true
	}
	return v, ok
}

func (s *spec) eoi() (v int, level, ok bool) {
	v = top(&s.isr)
	if !s.isr[v] {
		return 0, false, false
	}
	s.isr[v] = false
	return v, s.tmr[v], true
}

// set compares a list with a register set.
func (s *spec) agrees(irr, isr, tmr lapicreg.Set) bool {
	for v := range 256 {
		if irr.Has(uint8(v)) != s.irr[v] || isr.Has(uint8(v)) != s.isr[v] || tmr.Has(uint8(v)) != s.tmr[v] {
			return false
		}
	}
	return true
}

// TestArbiterAgainstRules does random things to an arbiter and to the rules.
func TestArbiterAgainstRules(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		arb, want := NewArbiter(), &spec{}
		tpr, few := 0, seed%2 == 0 // few: vectors that meet often
		for step := range 400 {
			v := 16 + rnd.IntN(240)
			if few {
				v = 0x10 + 0x10*rnd.IntN(15) + 7*rnd.IntN(3)
			}
			switch rnd.IntN(8) {
			case 0, 1, 2:
				level := rnd.IntN(2) == 0
				arb.Accept(uint8(v), level)
				want.irr[v], want.tmr[v] = true, level
			case 3:
				tpr = rnd.IntN(256)
				if rnd.IntN(2) == 0 {
					tpr = rnd.IntN(32)
				}
			case 4, 5:
				gv, gok := arb.Acknowledge(uint8(tpr))
				wv, wok := want.acknowledge(tpr)
				if gok != wok || wok && int(gv) != wv {
					t.Fatalf("seed %d step %d: acknowledge %#x %v, rules say %#x %v", seed, step, gv, gok, wv, wok)
				}
			case 6:
				gv, gl, gok := arb.EOI()
				wv, wl, wok := want.eoi()
				if gok != wok || gl != wl || wok && int(gv) != wv {
					t.Fatalf("seed %d step %d: EOI %#x %v %v, rules say %#x %v %v", seed, step, gv, gl, gok, wv, wl, wok)
				}
			}
			gv, gok := arb.Deliverable(uint8(tpr))
			if wv, wok := want.deliverable(tpr); gok != wok || wok && int(gv) != wv {
				t.Fatalf("seed %d step %d: offers %#x %v, rules say %#x %v", seed, step, gv, gok, wv, wok)
			}
			if g, w := arb.PPR(uint8(tpr)), want.ppr(tpr); int(g) != w {
				t.Fatalf("seed %d step %d: PPR %#x, rules say %#x", seed, step, g, w)
			}
			if irr, isr, tmr := arb.State(); !want.agrees(irr, isr, tmr) {
				t.Fatalf("seed %d step %d: IRR, ISR or TMR differ from the rules", seed, step)
			}
		}
		arb.Reset()
		if irr, isr, tmr := arb.State(); !(&spec{}).agrees(irr, isr, tmr) {
			t.Fatalf("seed %d: reset leaves something", seed)
		}
	}
}

// TestHighest looks at every vector, alone and above another.
func TestHighest(t *testing.T) {
	if v := highest(&lapicreg.Set{}, 255); v != 0 {
		t.Errorf("the highest of none is %d", v)
	}
	for v := range 256 {
		var s lapicreg.Set
		s.Add(uint8(v))
		if got := highest(&s, 255); int(got) != v {
			t.Errorf("the highest of {%d} is %d", v, got)
		}
		s.Add(uint8(v / 2))
		if got := highest(&s, 255); int(got) != v {
			t.Errorf("the highest of {%d, %d} is %d", v/2, v, got)
		}
	}
}

// TestAPICAgainstRules does the same through the registers: messages, TPR,
// EOI, acknowledge, and SVR's switch.
func TestAPICAgainstRules(t *testing.T) {
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 2))
		r := newRig(1).enable()
		a, want := r.apics[0], &spec{}
		tpr, on, signaled := 0, true, 0
		for step := range 300 {
			before, offered := r.cores[0].intr, func() bool { _, ok := want.deliverable(tpr); return ok }
			switch v := rnd.IntN(256); rnd.IntN(7) {
			case 0, 1:
				level := uint32(rnd.IntN(2))
				r.msi(0xfee0_0000, 0x4000|level<<15|uint32(v))
				if on && v >= 16 {
					want.irr[v], want.tmr[v] = true, level == 1
					signaled++
				}
			case 2:
				tpr = v >> rnd.IntN(4)
				a.MMIOWrite(lapicreg.RegTPR, 4, uint64(tpr))
			case 3:
				gv := int(a.Acknowledge())
				wv, ok := want.acknowledge(tpr)
				if !ok {
					wv = 0xff
				}
				if gv != wv {
					t.Fatalf("seed %d step %d: acknowledge gives %#x, rules say %#x", seed, step, gv, wv)
				}
				before = r.cores[0].intr
			case 4, 5:
				a.MMIOWrite(lapicreg.RegEOI, 4, 0)
				v, level, ok := want.eoi()
				wantLog := ok && level
				if (len(r.log) > 0 && r.log[len(r.log)-1][:3] == "eoi") != wantLog {
					t.Fatalf("seed %d step %d: EOI of %#x: broadcast is %v", seed, step, v, !wantLog)
				}
			case 6:
				on = rnd.IntN(3) > 0
				svr := uint64(0xff)
				if on {
					svr |= 0x100
				}
				a.MMIOWrite(lapicreg.RegSVR, 4, svr)
			}
			r.log = r.log[:0]
			if r.cores[0].intr > before && !offered() {
				t.Fatalf("seed %d step %d: INTR rose for nothing", seed, step)
			}
			if gv, ok := a.Pending(); ok != offered() || ok && int(gv) != top(&want.irr) {
				t.Fatalf("seed %d step %d: offers %#x %v", seed, step, gv, ok)
			}
			if irr, isr, tmr := a.State(); !want.agrees(irr, isr, tmr) {
				t.Fatalf("seed %d step %d: IRR, ISR or TMR differ from the rules", seed, step)
			}
		}
		if signaled == 0 {
			t.Fatal("no message was accepted: the test tests nothing")
		}
	}
}

// TestInterruptWhenDeliverable wants INTR to rise whenever something becomes
// deliverable: at acceptance, when TPR falls, and at an EOI.
func TestInterruptWhenDeliverable(t *testing.T) {
	r := newRig(1).enable()
	a, c := r.apics[0], r.cores[0]
	rises := func(what string, want int, do func()) {
		t.Helper()
		before := c.intr
		do()
		if got := c.intr - before; got != want {
			t.Errorf("%s: INTR rises %d times, want %d", what, got, want)
		}
	}
	rises("accept", 1, func() { r.msi(0xfee0_0000, 0x4051) })
	a.Acknowledge()
	rises("accept in the class in service", 0, func() { r.msi(0xfee0_0000, 0x4052) })
	rises("EOI", 1, func() { a.MMIOWrite(lapicreg.RegEOI, 4, 0) })
	rises("TPR up", 0, func() { a.MMIOWrite(lapicreg.RegTPR, 4, 0x50) })
	rises("TPR down", 1, func() { a.MMIOWrite(lapicreg.RegTPR, 4, 0x40) })
	rises("CR8 up", 0, func() { a.SetCR8(5) })
	rises("CR8 down", 1, func() { a.SetCR8(4) })
	rises("EOI of nothing", 0, func() { a.MMIOWrite(lapicreg.RegEOI, 4, 0) })
}
