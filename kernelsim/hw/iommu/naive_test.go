package iommu

import (
	"math/rand"
	"testing"

	"bothhalves/kernelsim/hw/bus"
	"bothhalves/kernelsim/hw/iommu/iommureg"
	"bothhalves/kernelsim/hw/lapic/lapicreg"
)

type lapicMessage = lapicreg.Message

// A naive is the rules of VT-d chapter 5 written down once more, without
// registers: what becomes of a message, given the table as it was last read.
type naive struct {
	on, cfi, eim bool
	size         uint64
	memory       map[uint64][2]uint64 // the table
	seen         map[uint64][2]uint64 // present entries that were used
}

// message is what comes out: nothing, or a message; or a fault reason.
func (n *naive) message(addr uint64, data uint32, who uint16) (out *lapicMessage, reason int) {
	remappable := addr>>4&1 == 1
	if !n.on || !remappable {
		if n.on && (n.eim || !n.cfi) {
			return nil, 0x25
		}
		m := lapicreg.FromMSI(addr, data)
		return &m, 0
	}
	shv := addr>>3&1 == 1
	if addr&3 != 0 || shv && data > 0xffff {
		return nil, 0x20
	}
	index := addr>>5&0x7fff + addr>>2&1*0x8000
	if shv {
		index += uint64(data & 0xffff)
	}
	e, cached := n.seen[index]
	if !cached {
		if index >= n.size {
			return nil, 0x21
		}
		e = n.memory[index]
		if e[0]&1 == 1 {
			n.seen[index] = e
		}
	}
	if reason = n.judge(e, who); reason != 0 {
		if e[0]&2 != 0 {
			reason = 0
		}
		return nil, reason
	}
	return n.compose(e[0]), 0
}

// judge is what is wrong with an entry.
func (n *naive) judge(e [2]uint64, who uint16) int {
	low, high := e[0], e[1]
	dest := low >> 32
	bad := false
	for _, bit := range []int{12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31} {
		bad = bad || low>>bit&1 == 1
	}
	bad = bad || high>>20 != 0 || high>>18&3 == 3 || !n.eim && (dest&0xff != 0 || dest>>16 != 0)
	switch {
	case low&1 == 0:
		return 0x22
	case bad:
		return 0x24
	case !n.admits(high, who):
		return 0x26
	}
	return 0
}

// admits compares bit by bit.
func (n *naive) admits(high uint64, who uint16) bool {
	switch high >> 18 & 3 {
	case 1:
		skip := [4][]int{{}, {2}, {2, 1}, {2, 1, 0}}[high>>16&3]
		for bit := range 16 {
			ignored := false
			for _, s := range skip {
				ignored = ignored || s == bit
			}
			if !ignored && who>>bit&1 != uint16(high>>bit&1) {
				return false
			}
		}
	case 2:
		return uint64(who>>8) >= high>>8&0xff && uint64(who>>8) <= high&0xff
	}
	return true
}

// compose reads the fields of an entry.
func (n *naive) compose(low uint64) *lapicMessage {
	m := &lapicMessage{Vector: uint8(low >> 16), Logical: low&4 != 0, Level: low&16 != 0, Assert: low&16 != 0, Wide: n.eim,
		Mode: lapicreg.DeliveryMode(low >> 5 & 7)}
	m.Dest = uint32(low >> 32)
	if !n.eim {
		m.Dest >>= 8
	}
	if low&8 != 0 && m.Logical && m.Mode == 0 {
		m.Mode = lapicreg.LowestPriority
	}
	return m
}

// TestAgainstNaiveSpecification: random tables, messages, changes and
// invalidations.
func TestAgainstNaiveSpecification(t *testing.T) {
	for seed := range int64(300) {
		r := rand.New(rand.NewSource(seed))
		eim := r.Intn(2) == 1
		b := newBench(Config{EIM: true}).enable(5, eim)
		n := &naive{on: true, eim: eim, size: 64, memory: map[uint64][2]uint64{}, seen: map[uint64][2]uint64{}}
		for step := range 300 {
			switch r.Intn(8) {
			case 0, 1:
				i, e := uint64(r.Intn(64)), randomEntry(r, eim)
				n.memory[i] = [2]uint64{e.Low, e.High}
				b.entryAt(int(i), e)
			case 2:
				i, mask := uint64(r.Intn(64)), r.Intn(7)
				b.queue(iommureg.InvalidateIndex(uint16(i), uint8(mask)))
				for k := range n.seen {
					if k>>mask == i>>mask {
						delete(n.seen, k)
					}
				}
			case 3:
				n.cfi, n.on = r.Intn(2) == 1, r.Intn(8) > 0
				b.command(gcmd(n))
			default:
				compareOne(t, seed, step, r, b, n)
			}
		}
	}
}

// compareOne sends one message both ways.
func compareOne(t *testing.T, seed int64, step int, r *rand.Rand, b *bench, n *naive) {
	t.Helper()
	addr := uint64(0xfee0_0000) | uint64(r.Intn(70))<<5 | uint64(r.Intn(32))
	data := uint32(r.Intn(4))
	if r.Intn(8) == 0 {
		data, addr = r.Uint32(), 0xfee0_0000|uint64(r.Intn(1<<20))
	}
	who := uint16(r.Intn(4)<<8 | r.Intn(16))
	want, reason := n.message(addr, data, who)
	b.sent = b.sent[:0]
	b.write(addr, data, who)
	got := (*lapicMessage)(nil)
	if len(b.sent) > 0 {
		got = &b.sent[0]
	}
	high := b.get(iommureg.FRCD+8, 8)
	recorded := 0
	if high&iommureg.FaultF != 0 {
		recorded = int(high >> 32 & 0xff)
	}
	b.fault()
	if (got == nil) != (want == nil) || got != nil && *got != *want || recorded != reason {
		t.Fatalf("seed %d step %d: %#x/%#x from %#x: got %+v fault %#x, want %+v fault %#x", seed, step, addr, data, who, got, recorded, want, reason)
	}
}

// command writes GCMD with the queue left on.
func (b *bench) command(v uint32) { b.reg(iommureg.GCMD, 4, uint64(v|iommureg.QIE)) }

func gcmd(n *naive) (v uint32) {
	if n.on {
		v |= iommureg.IRE
	}
	if n.cfi {
		v |= iommureg.CFI
	}
	return v
}

// randomEntry is mostly a good one.
func randomEntry(r *rand.Rand, eim bool) iommureg.IRTE {
	dest := r.Uint32() & 0xff00
	if eim {
		dest = r.Uint32()
	}
	e := iommureg.NewIRTE(uint8(r.Intn(256)), 0, r.Intn(2) == 1, true)
	e.Low |= uint64(dest)<<32 | uint64(r.Intn(64))<<3&0xf8
	e = e.ForSource(uint8(r.Intn(3)), uint8(r.Intn(4)), uint16(r.Intn(4)<<8|r.Intn(16)))
	if r.Intn(4) == 0 {
		e.Low ^= 1 << r.Intn(64)
		e.High ^= 1 << r.Intn(64)
	}
	return e
}

// FuzzUnit throws register writes, memory and messages at a unit. It must not
// panic, and what no fault stops must be a message that an entry or the
// compatibility format describes.
func FuzzUnit(f *testing.F) {
	f.Add([]byte{0, 0x18, 4, 0, 0, 0, 0, 2, 1, 5, 0})
	f.Fuzz(func(t *testing.T, ops []byte) {
		b := newBench(Config{EIM: true}).enable(7, false)
		next := func() (v uint64) {
			if len(ops) > 0 {
				v, ops = uint64(ops[0]), ops[1:]
			}
			return v
		}
		word := func() uint64 { return next() | next()<<8 | next()<<16 | next()<<24 }
		for len(ops) > 0 {
			switch next() % 4 {
			case 0:
				off := int(word() % iommureg.Size)
				b.reg(off, []int{1, 2, 4, 8}[next()%4], word()|word()<<32)
			case 1:
				b.ram.Write(tableAt+bus.Addr(word()%0x1000), 8, word()|word()<<32)
			case 2:
				b.ram.Write(queueAt+bus.Addr(word()%0x1000), 8, word()|word()<<32)
			case 3:
				b.write(0xfee0_0000|word()&0xf_ffff, uint32(word()), uint16(word()))
			}
		}
		if head := b.get(iommureg.IQH, 8); head%16 != 0 {
			t.Errorf("head %#x is between descriptors", head)
		}
	})
}
