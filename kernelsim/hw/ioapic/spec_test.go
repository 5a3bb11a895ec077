package ioapic

import (
	"fmt"
	"math/rand"
	"testing"

	"bothhalves/kernelsim/hw/bus"
)

// A pin is the second specification of one redirection entry, written from
// the rules alone, field by field.
type pin struct {
	vector, mode, dest, ext          uint64
	logical, low, level, masked, irr bool
	wire                             bool
}

// A naive is the second specification of the chip.
type naive struct {
	pins    []pin
	id      uint64
	index   uint64
	version uint64
	sent    []string
}

func newNaive(pins int, version uint64) *naive {
	s := &naive{pins: make([]pin, pins), version: version}
	for i := range s.pins {
		s.pins[i].masked = true
	}
	return s
}

// waits: modes 0 and 1 are the ones that can be levels.
func (p *pin) waits() bool { return p.level && p.mode < 2 }

// active: the wire is where the polarity wants it.
func (p *pin) active() bool {
	if p.low {
		return !p.wire
	}
	return p.wire
}

// send makes the message in words of the bus.
func (s *naive) send(p *pin) {
	if p.mode == 3 || p.mode == 6 {
		return
	}
	addr := uint64(0xfee00000) + p.dest*0x1000 + p.ext*0x10
	if p.mode == 1 {
		addr += 8
	}
	if p.logical {
		addr += 4
	}
	data := p.vector + p.mode*0x100
	if p.waits() {
		data += 0xc000
		p.irr = true
	}
	s.sent = append(s.sent, fmt.Sprintf("%x:%x", addr, data))
}

// look sends for a level that waits for nothing.
func (s *naive) look(p *pin) {
	if p.waits() && p.active() && !p.masked && !p.irr {
		s.send(p)
	}
}

func (s *naive) drive(n int, high bool) {
	if n >= len(s.pins) || s.pins[n].wire == high {
		return
	}
	p := &s.pins[n]
	p.wire = high
	if p.waits() {
		s.look(p)
	} else if p.active() && !p.masked {
		s.send(p)
	}
}

func (s *naive) eoi(v uint64) {
	for i := range s.pins {
		if p := &s.pins[i]; p.level && p.vector == v {
			p.irr = false
			s.look(p)
		}
	}
}

// value is an entry put together from its fields.
func (p *pin) value() uint64 {
	v := p.vector + p.mode<<8 + p.ext<<48 + p.dest<<56
	for bit, on := range map[int]bool{11: p.logical, 13: p.low, 14: p.irr, 15: p.level, 16: p.masked} {
		if on {
			v += 1 << bit
		}
	}
	return v
}

func (s *naive) read(off uint64, size int) uint64 {
	switch {
	case off == 0:
		return s.index
	case off != 0x10 || size != 4:
		return 0
	case s.index == 0, s.index == 2:
		return s.id * (1 << 24)
	case s.index == 1:
		return s.version + uint64(len(s.pins)-1)*(1<<16)
	case s.index < 0x10 || s.index >= 0x10+2*uint64(len(s.pins)):
		return 0
	}
	v := s.pins[(s.index-0x10)/2].value()
	if s.index%2 == 1 {
		return v >> 32
	}
	return v & 0xffff_ffff
}

func (s *naive) write(off uint64, size int, v uint64) {
	switch {
	case off == 0:
		s.index = v % 256
	case off == 0x40 && size == 4 && s.version >= 0x20:
		s.eoi(v % 256)
	case off != 0x10 || size != 4:
	case s.index == 0:
		s.id = v / (1 << 24) % 16
	case s.index < 0x10 || s.index >= 0x10+2*uint64(len(s.pins)):
	case s.index%2 == 1:
		p := &s.pins[(s.index-0x10)/2]
		p.dest, p.ext = v>>24&255, v>>16&255
	default:
		p := &s.pins[(s.index-0x10)/2]
		bit := func(n int) bool { return v>>n&1 == 1 }
		p.vector, p.mode, p.logical, p.low, p.level, p.masked = v&255, v>>8&7, bit(11), bit(13), bit(15), bit(16)
		p.irr = p.irr && p.level
		s.look(p)
	}
}

// compare runs a sequence, six bytes a step, on both and compares everything.
func compare(t *testing.T, pins int, version uint8, ops []byte) {
	spec := newNaive(pins, uint64(version))
	var got []string
	io := New(func(m bus.Message) { got = append(got, fmt.Sprintf("%x:%x", m.Addr, m.Data)) }, Config{Pins: pins, Version: version})
	for step := 0; len(ops) >= 6; step, ops = step+1, ops[6:] {
		got, spec.sent = nil, nil
		v := uint64(ops[2]) | uint64(ops[3])<<8 | uint64(ops[4])<<16 | uint64(ops[5])<<24
		index := uint64(ops[1]) % uint64(0x12+2*pins)
		what := ""
		switch op := ops[0]; {
		case op < 80:
			n, high := int(ops[1])%(pins+1), op < 40
			what = fmt.Sprintf("pin %d %v", n, high)
			io.SetPin(n, high)
			spec.drive(n, high)
		case op < 110:
			what = fmt.Sprintf("EOI %#x", v&7)
			io.EOI(uint8(v & 7))
			spec.eoi(v & 7)
		case op < 120:
			what = fmt.Sprintf("EOI register %#x", v)
			io.Write(0x40, 4, v)
			spec.write(0x40, 4, v)
		case op < 140:
			off, size := uint64(ops[1])&0x54, 1<<(ops[2]&3)
			what = fmt.Sprintf("access %#x, %d bytes", off, size)
			io.Write(uint32(off), size, v)
			spec.write(off, size, v)
			if a, b := io.Read(uint32(off), size), spec.read(off, size); a != b {
				t.Fatalf("step %d: %s reads %#x, by the rules %#x", step, what, a, b)
			}
		default:
			if op < 250 {
				v &^= 0xf8 // few vectors, so that EOIs find them
			}
			what = fmt.Sprintf("register %#x = %#x", index, v)
			io.Write(0, 4, index)
			spec.write(0, 4, index)
			io.Write(0x10, 4, v)
			spec.write(0x10, 4, v)
		}
		if fmt.Sprint(got) != fmt.Sprint(spec.sent) {
			t.Fatalf("step %d, %s: messages %v, by the rules %v", step, what, got, spec.sent)
		}
		same(t, io, spec, fmt.Sprintf("step %d, %s", step, what))
	}
}

// same compares every entry, and looks for a level that should have been sent.
func same(t *testing.T, io *IOAPIC, spec *naive, what string) {
	for n := range spec.pins {
		p := &spec.pins[n]
		if got, want := uint64(io.Entry(n)), p.value(); got != want {
			t.Fatalf("%s: entry %d = %#x, by the rules %#x", what, n, got, want)
		}
		if p.waits() && p.active() && !p.masked && !p.irr {
			t.Fatalf("%s: level %d is stuck: active, unmasked, and nothing sent", what, n)
		}
	}
	for off := range uint64(2) {
		if got, want := io.Read(uint32(off*16), 4), spec.read(off*16, 4); got != want {
			t.Fatalf("%s: offset %#x reads %#x, by the rules %#x", what, off*16, got, want)
		}
	}
}

func TestFollowsTheRules(t *testing.T) {
	rng := rand.New(rand.NewSource(82093))
	for run := range 80 {
		ops := make([]byte, 6*400)
		rng.Read(ops)
		pins := []int{24, 4, 1, 120}[run%4]
		compare(t, pins, []byte{0x20, 0x11}[run/4%2], ops)
	}
}

func FuzzIOAPIC(f *testing.F) {
	f.Add([]byte{200, 0x10, 3, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, 3, 0, 0, 0})
	f.Add([]byte{200, 0x12, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 60, 1, 0, 0, 0, 0, 130, 0x40, 3, 0, 0, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		compare(t, 24, 0x20, ops)
		compare(t, 2, 0x11, ops)
	})
}

// TestLosesNoEdge counts edges at unmasked entries, while others are
// reprogrammed and interrupts end in between.
func TestLosesNoEdge(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	b := newBench(t, 0)
	var want, got [24]int
	for n := range uint8(24) {
		b.low(n, 0x40+uint32(n)|uint32(n&1)<<13) // odd pins are active low
	}
	wire := [24]bool{}
	for range 10000 {
		n := rng.Intn(24)
		wire[n] = !wire[n]
		b.io.SetPin(n, wire[n])
		if wire[n] == (n&1 == 0) {
			want[n]++
		}
		b.high(uint8(rng.Intn(24)), rng.Uint32())
		b.io.EOI(uint8(rng.Intn(256)))
		m := uint8(rng.Intn(24))
		b.low(m, b.get(0x10+2*m)) // what was read, written back
		for _, m := range b.log {
			got[m.Data&0xff-0x40]++
		}
		b.log = b.log[:0]
	}
	if got != want {
		t.Errorf("messages %v, edges %v", got, want)
	}
}

// TestNoWriteChangesReservedBits makes random writes everywhere.
func TestNoWriteChangesReservedBits(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	io := New(func(bus.Message) {}, Config{ID: 3})
	for range 10000 {
		io.Write(0, 4, rng.Uint64()%0x44)
		io.Write(uint32(rng.Intn(8)*0x10), 1<<rng.Intn(4), rng.Uint64())
		io.Write(0, 4, rng.Uint64()%0x44)
		index, v := io.Read(0, 4), io.Read(0x10, 4)
		free := uint64(0)
		switch {
		case index == 0 || index == 2:
			free = 0x0f00_0000
		case index == 1:
			v, free = v^0x170020, 0
		case index >= 0x10 && index < 0x40 && index%2 == 0:
			free = 0x1_afff
			if v&0x8000 != 0 {
				free |= 0x4000 // an active-low level has been sent
			}
		case index >= 0x10 && index < 0x40:
			free = 0xffff_0000
		}
		if v&^free != 0 {
			t.Fatalf("register %#x: reserved or read-only bits %#x have changed", index, v&^free)
		}
	}
}
