package i8259

import (
	"fmt"
	"testing"
)

// A naive is the second specification of one chip, written from the rules
// alone: an input is a record, the order of priority is a list.
type naive struct {
	in     [8]input
	order  []int // most urgent first
	icw    []string
	elcr   uint8 // changeable bits
	base   int
	code   uint8 // ICW3
	single bool
	aeoi, sfnm, smm, turn,
	showISR, polled bool
}

type input struct{ high, edge, level, masked, serving bool }

// inOrder is the order of priority with n first.
func inOrder(n int) []int {
	var o []int
	for i := range 8 {
		o = append(o, (n+i)%8)
	}
	return o
}

// asks: a level that is high, or an edge that waits; the slave's edge waits
// even when its INT has fallen.
func (s *naive) asks(n int, cascade bool) bool {
	i := s.in[n]
	if i.level {
		return i.high
	}
	return i.edge && (i.high || cascade && n == 2)
}

// best is the input that may be acknowledged now, -1 for none.
func (s *naive) best(master bool) int {
	for _, n := range s.order {
		i := s.in[n]
		ready := s.asks(n, master) && !i.masked
		blocks := i.serving && !(s.smm && i.masked)
		slaveHere := !s.single && s.code&(1<<n) != 0
		if blocks {
			if ready && s.sfnm && slaveHere {
				return n
			}
			return -1
		}
		if ready {
			return n
		}
	}
	return -1
}

// two is the pair.
type two struct {
	m, s naive
}

func newTwo() *two {
	t := &two{}
	t.m.order, t.s.order = inOrder(0), inOrder(0)
	t.m.elcr, t.s.elcr = 0xf8, 0xde
	return t
}

// wire drives an input of a chip.
func (s *naive) wire(n int, high, keep bool) {
	i := &s.in[n]
	if high && !i.high {
		i.edge = true
	}
	if !high && !keep {
		i.edge = false
	}
	i.high = high
}

// cascade follows the slave's INT.
func (t *two) cascade() { t.m.wire(2, t.s.best(false) >= 0, true) }

func (t *two) int() bool { return t.m.best(true) >= 0 }

// inta is both pulses.
func (t *two) inta() int {
	defer t.cascade()
	n := t.m.best(true)
	if n < 0 {
		return t.m.base + 7
	}
	k, answers := -1, true
	if !t.m.single && t.m.code&(1<<n) != 0 {
		if answers = int(t.s.code%8) == n; answers {
			k = t.s.best(false)
		}
	}
	was := t.m.in[n].serving
	t.m.in[n].serving, t.m.in[n].edge = true, false
	vec := t.m.base + n
	switch {
	case !answers:
		vec = 0xff
	case k >= 0:
		t.s.in[k].serving, t.s.in[k].edge = true, false
		vec = t.s.base + k
	case !t.m.single && t.m.code&(1<<n) != 0:
		vec = t.s.base + 7
	}
	t.cascade() // between the pulses the slave's INT is low
	t.m.endCycle(n, was)
	if k >= 0 {
		t.s.endCycle(k, false)
	}
	return vec
}

// endCycle is automatic EOI.
func (s *naive) endCycle(n int, was bool) {
	if !s.aeoi || was {
		return
	}
	s.in[n].serving = false
	if s.turn {
		s.order = inOrder((n + 1) % 8)
	}
}

// command writes the even port.
func (s *naive) command(v uint8) {
	switch {
	case v&16 != 0:
		for i := range s.in {
			s.in[i].edge, s.in[i].masked, s.in[i].serving = false, false, false
		}
		s.order = inOrder(0)
		s.aeoi, s.sfnm, s.smm, s.turn, s.showISR, s.polled = false, false, false, false, false, false
		s.single = v&2 != 0
		s.icw = []string{"base"}
		if v&2 == 0 {
			s.icw = append(s.icw, "code")
		}
		if v&1 != 0 {
			s.icw = append(s.icw, "modes")
		}
	case v&8 != 0:
		switch v & 0x60 {
		case 0x40:
			s.smm = false
		case 0x60:
			s.smm = true
		}
		s.polled = v&4 != 0
		switch v & 3 {
		case 2:
			s.showISR = false
		case 3:
			s.showISR = true
		}
	default:
		s.ocw2(v)
	}
}

func (s *naive) ocw2(v uint8) {
	n, rotates, isEOI, specific := int(v&7), v&0x80 != 0, v&0x20 != 0, v&0x40 != 0
	switch {
	case !isEOI && !specific:
		s.turn = rotates
	case !isEOI && rotates:
		s.order = inOrder((n + 1) % 8)
	case !isEOI: // no operation
	case specific:
		s.in[n].serving = false
		if rotates {
			s.order = inOrder((n + 1) % 8)
		}
	default:
		for _, n := range s.order {
			if s.in[n].serving && !(s.smm && s.in[n].masked) {
				s.in[n].serving = false
				if rotates {
					s.order = inOrder((n + 1) % 8)
				}
				return
			}
		}
	}
}

// data writes the odd port.
func (s *naive) data(v uint8) {
	if len(s.icw) == 0 {
		for n := range s.in {
			s.in[n].masked = v&(1<<n) != 0
		}
		return
	}
	switch s.icw[0] {
	case "base":
		s.base = int(v) / 8 * 8
	case "code":
		s.code = v
	case "modes":
		s.aeoi, s.sfnm = v&2 != 0, v&16 != 0
	}
	s.icw = s.icw[1:]
}

// read reads a port; the caller follows the cascade.
func (s *naive) read(odd, master bool) uint8 {
	if s.polled {
		s.polled = false
		n := s.best(master)
		if n < 0 {
			return 0
		}
		was := s.in[n].serving
		s.in[n].serving, s.in[n].edge = true, false
		s.endCycle(n, was)
		return 0x80 + uint8(n)
	}
	return s.set(func(n int) bool {
		switch {
		case odd:
			return s.in[n].masked
		case s.showISR:
			return s.in[n].serving
		}
		return s.asks(n, master)
	})
}

// set collects the inputs of which something is true.
func (s *naive) set(is func(n int) bool) (v uint8) {
	for n := range s.in {
		if is(n) {
			v |= 1 << n
		}
	}
	return v
}

// String is the pair in the form of a dump.
func (t *two) String() string {
	out := ""
	for i, s := range []*naive{&t.m, &t.s} {
		out += fmt.Sprintf("pic%d: irr=%02x imr=%02x isr=%02x hprio=%d irq_base=%02x rr_sel=%d elcr=%02x fnm=%d\n", i,
			s.set(func(n int) bool { return s.asks(n, i == 0) }),
			s.set(func(n int) bool { return s.in[n].masked }),
			s.set(func(n int) bool { return s.in[n].serving }),
			s.order[0], s.base, digit(s.showISR),
			s.set(func(n int) bool { return s.in[n].level }), digit(s.sfnm))
	}
	return out
}

// ports are those of the pair.
var ports = [6]uint64{0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1}

// chip is the chip at a port.
func (t *two) chip(port uint64) *naive {
	if port == 0xa0 || port == 0xa1 || port == 0x4d1 {
		return &t.s
	}
	return &t.m
}

// write writes a port.
func (t *two) write(port uint64, v uint8) {
	s := t.chip(port)
	switch {
	case port >= 0x4d0:
		for n := range s.in {
			if s.elcr&(1<<n) != 0 {
				s.in[n].level = v&(1<<n) != 0
			}
		}
	case port&1 != 0:
		s.data(v)
	default:
		s.command(v)
	}
	t.cascade()
}

// get reads a port.
func (t *two) get(port uint64) uint8 {
	s := t.chip(port)
	if port >= 0x4d0 {
		return s.set(func(n int) bool { return s.in[n].level })
	}
	defer t.cascade()
	return s.read(port&1 != 0, s == &t.m)
}

// compare runs a sequence, two bytes a step, on both and compares everything
// after each step.
func compare(t *testing.T, ops []byte) {
	b, spec := newBench(t), newTwo()
	for step := 0; len(ops) >= 2; step, ops = step+1, ops[2:] {
		op, v := ops[0], ops[1]
		what := ""
		switch {
		case op < 90:
			n, high := int(v&15), op < 60
			what = fmt.Sprintf("line %d %v", n, high)
			b.p.SetLine(n, high)
			if n >= 8 {
				spec.s.wire(n-8, high, false)
			} else if n != 2 {
				spec.m.wire(n, high, false)
			}
			spec.cascade()
		case op < 130:
			got, want := b.p.INTA(), spec.inta()
			what = "inta"
			if int(got) != want {
				t.Fatalf("step %d: INTA gives %#x, by the rules %#x", step, got, want)
			}
		case op < 160:
			port := ports[v%6]
			what = fmt.Sprintf("in %#x", port)
			if got, want := b.ports.Read(busAddr(port), 1), spec.get(port); got != uint64(want) {
				t.Fatalf("step %d: port %#x reads %#x, by the rules %#x", step, port, got, want)
			}
		default:
			port := ports[op%6]
			if v&0x10 != 0 && port&1 == 0 && op&0x40 != 0 {
				v &^= 0x10 // fewer initializations
			}
			what = fmt.Sprintf("out %#x %#x", port, v)
			b.out(port, uint64(v))
			spec.write(port, v)
		}
		if got, want := b.p.Dump(), spec.String(); got != want || b.p.INT() != spec.int() {
			t.Fatalf("step %d, %s:\n%sINT %v, by the rules\n%sINT %v", step, what, got, b.p.INT(), want, spec.int())
		}
	}
}
